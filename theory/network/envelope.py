r"""The envelope law: what the norms of the weights at a minimum are, from the costs there.

C*(lambda) is the smallest C_0 + lambda W / 2n, with W the sum of all squared weights (no biases), and alpha the share
of the penalty in it. At a minimum only the decay written in the cost counts,

.. math:: W = 2 n \frac{d C^*}{d \lambda} = \frac{2 n \alpha C^*}{\lambda}

so that the norm is had from costs alone. C* is concave, so W can only fall as lambda grows; a single layer may grow.
The exponent of lambda in the rms is

.. math:: p = -\frac{1 - \alpha}{2} + \frac{1}{2} \beta

with beta = d ln alpha / d ln lambda, or, from the response of two layers to the scale of the inputs,

.. math:: p = -\frac{1}{2} - p_2 - R p_3

p_2 and p_3 the exponents of c^2, c a factor on all inputs, and R = W_3 / W_2. A neuron without weights costs nothing,
so C* falls with the width and, bounded below, tends to a limit; concave functions that converge have converging
slopes, and W tends to a limit too. N weights then have the rms

.. math:: r = \sqrt{\frac{2 n \alpha C^*}{\lambda}} N^{-1/2}

Assumptions
-----------
1. The network sits at a minimum of its regularised cost, nondegenerate but for symmetries: the noise of the steps is
   small. At small steps only T = eta/m enters: in time eta per step the drift knows neither eta nor m, and the
   variance of the noise, eta^2/m a step, is T. How W_2 and W_3 shift with T is not understood: fluctuations about a
   minimum are much less than what is seen, the rest is a shift of the minimum, and no law for it is given here.
2. lambda changes within one branch of minima; for concavity, or for the best of all minima.

Range: any network, cost and data. Exact for minima; noise enters at first order in T.

The exponent -1/3 is alpha = 1/3 and no more: alpha belongs to data and width. The -1/3 of a saturated layer that noise
alone holds is another limit: see `theory.network.saturated_layer`.

References
----------
P. Milgrom and I. Segal, "Envelope theorems for arbitrary choice sets", Econometrica 70 (2002).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from theory.errors import InvalidArgument
from theory.settings import finite, non_negative, numbers, one_number, positive, representable
from theory.settings.notebook import InNotebook

__all__ = [
    "NormFromCosts",
    "exponent_from_inputs",
    "exponent_of_lam",
    "norm_from_costs",
    "penalty_share",
    "width_law",
]


@dataclass(frozen=True, eq=False)
class NormFromCosts(InNotebook, answer=("norm_sq",)):
    """The sum of all squared weights from costs, made by `norm_from_costs`; arrays over lam.

    Attributes
    ----------
    lam : ndarray
        Rising.
    share : ndarray
        alpha = d ln C* / d ln lam.
    norm_sq, norm_sq_se : ndarray
        W and its standard error from the costs' (zero where none are given).
    not_concave : ndarray of bool
        Where, for inner points, C* lies below the chord of its neighbours by more than 3 standard errors.
    """

    lam: np.ndarray
    share: np.ndarray
    norm_sq: np.ndarray
    norm_sq_se: np.ndarray
    not_concave: np.ndarray


@representable
def norm_from_costs(
    lam: ArrayLike, cost_star: ArrayLike, n: float, *, cost_se: ArrayLike | None = None
) -> NormFromCosts:
    """Predict the sum of all squared weights at several decays from the regularised costs alone.

    Parameters
    ----------
    lam : array_like, shape (points,)
        At least four decays, in any order.
    cost_star : array_like, shape (points,)
        The regularised cost of each, over all training examples.
    n : float
        Training examples.
    cost_se : array_like, shape (points,), optional
        Standard errors of the costs, independent.

    Returns
    -------
    NormFromCosts
        The slope is that of a cubic spline of ln C* over ln lam; at the two ends it is least certain.

    Raises
    ------
    InvalidArgument
        Fewer than four points, equal decays, shapes that differ, a number out of range.

    Examples
    --------
    >>> lam = np.array([10.0, 20.0, 40.0, 80.0])
    >>> norm_from_costs(lam, 0.1 * lam**0.4, 1000.0).norm_sq.round(3)
    array([20.095, 13.258,  8.747,  5.771])
    """
    decays, costs = numbers("lam", lam).astype(float), numbers("cost_star", cost_star).astype(float)
    errors = np.zeros_like(costs) if cost_se is None else numbers("cost_se", cost_se).astype(float)
    n = one_number("n", n)
    if decays.ndim != 1 or len(decays) < 4 or costs.shape != decays.shape or errors.shape != decays.shape:
        raise InvalidArgument(
            "lam, cost_star and cost_se must be rows of one length, at least 4 points; got shapes "
            f"{decays.shape}, {costs.shape}, {errors.shape}. Measure more decays."
        )
    for name, value in (("lam", decays), ("cost_star", costs), ("n", np.array(n))):
        positive(name, value)
    non_negative("cost_se", errors)
    order = np.argsort(decays)
    decays, costs, errors = decays[order], costs[order], errors[order]
    if not (np.diff(decays) > 0).all():
        raise InvalidArgument(f"lam must hold different decays, got {decays}. Average the costs of equal ones.")
    slope = _log_slope(decays)
    share = slope @ np.log(costs)
    jacobian = (slope / costs + np.diag(share / costs)) * (2 * n * costs / decays)[:, None]  # dW / dC*
    norm_sq = np.asarray(_law("norm")(n, decays, share, costs))
    return NormFromCosts(decays, share, norm_sq, np.sqrt(jacobian**2 @ errors**2), _below_chord(decays, costs, errors))


def _log_slope(lam: np.ndarray) -> np.ndarray:
    """Return the matrix that maps values over ln lam to the slopes of their spline at the same points."""
    from scipy.interpolate import CubicSpline

    at = np.log(lam)
    return np.asarray(CubicSpline(at, np.eye(len(at)))(at, 1))


def _below_chord(lam: np.ndarray, cost: np.ndarray, se: np.ndarray) -> np.ndarray:
    """Return which inner points lie below their neighbours' chord, beyond 3 standard errors and rounding."""
    left = (lam[2:] - lam[1:-1]) / (lam[2:] - lam[:-2])
    below = left * cost[:-2] + (1 - left) * cost[2:] - cost[1:-1]
    error = np.sqrt((left * se[:-2]) ** 2 + ((1 - left) * se[2:]) ** 2 + se[1:-1] ** 2)
    return np.asarray(np.concatenate([[False], below > 3 * error + 1e-12 * cost[1:-1], [False]]))


@representable
def penalty_share(cost: float, penalty: float) -> float:
    """Return alpha, the share of the penalty in the regularised cost, from C_0 and lam W / 2n.

    Examples
    --------
    >>> penalty_share(3.0, 1.0)
    0.25
    """
    cost, penalty = one_number("cost", cost), one_number("penalty", penalty)
    positive("cost", cost)
    non_negative("penalty", penalty)
    return penalty / (cost + penalty)


@representable
def exponent_of_lam(alpha: float, alpha_slope: float = 0.0) -> float:
    """Return d ln rms / d ln lam over all weights, from alpha and d ln alpha / d ln lam.

    Examples
    --------
    >>> exponent_of_lam(0.4)
    -0.3
    """
    alpha, alpha_slope = one_number("alpha", alpha), one_number("alpha_slope", alpha_slope)
    if not 0 < alpha < 1:
        raise InvalidArgument(f"alpha must be between 0 and 1, a share of the cost; got {alpha}.")
    finite("alpha_slope", alpha_slope)
    return float(_law("exponent from the share")(alpha, alpha_slope))


@representable
def exponent_from_inputs(p2: float, p3: float, ratio: float) -> float:
    """Return d ln rms_2 / d ln lam, from the exponents of c^2 in both layers and ratio = W_3 / W_2.

    Examples
    --------
    >>> round(exponent_from_inputs(-0.2, -0.1, 1.5), 3)
    -0.15
    """
    p2, p3, ratio = one_number("p2", p2), one_number("p3", p3), one_number("ratio", ratio)
    finite("p2", p2)
    finite("p3", p3)
    positive("ratio", ratio)
    return float(_law("exponent from inputs")(p2, p3, 1.0, ratio))


@representable
def width_law(n: float, lam: float, alpha: float, cost_star: float, n_weights: float) -> float:
    """Return the rms over all weights of a wide network: the textbook's -1/2, with its prefactor.

    Examples
    --------
    >>> round(width_law(50_000, 70.0, 0.389, 0.8, 1e6), 4)
    0.0211
    """
    values = {"n": n, "lam": lam, "alpha": alpha, "cost_star": cost_star, "n_weights": n_weights}
    n, lam, alpha, cost_star, n_weights = (one_number(name, value) for name, value in values.items())
    for name, value in zip(values, (n, lam, alpha, cost_star, n_weights), strict=True):
        positive(name, value)
    if alpha >= 1:
        raise InvalidArgument(f"alpha must be below 1, a share of the cost; got {alpha}.")
    return float(np.sqrt(_law("norm")(n, lam, alpha, cost_star) / n_weights))


@lru_cache
def _law(step: str) -> Callable[..., Any]:
    """Compile the right-hand side of a step of the derivation."""
    import sympy as sp

    from theory.network import envelope_derivation as e

    arguments = {
        "norm": (e.n, e.lam, e.alpha, e.cost),
        "exponent from the share": (e.alpha, e.alpha_slope),
        "exponent from inputs": (e.p2, e.p3, e.W2, e.W3),
    }
    return sp.lambdify(arguments[step], e.derive_envelope()[step].rhs, "numpy")
