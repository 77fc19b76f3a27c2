r"""Minibatch least squares with Gaussian inputs: second moments of weights and buffer, exact at every learning rate.

The squared norm of the weights and the other moments are derived in `theory.network.least_squares_moments`. The
gradient's noise grows with the weights' distance from the teacher (it is multiplicative), and the equilibrium is lost
at a finite learning rate, where the denominator of E w^2 vanishes: with heavy-ball momentum and coupled decay
k = lam/n at

.. math:: \eta_c = \frac{2 (1 + k) (1 - \mu^2)}{(1 - \mu)(1 + k)^2 + (1 + \mu) \frac{D + 1}{m}}

with minibatches of m examples and inputs of unit covariance in D dimensions. S is the squared norm of the teacher's
weights w*, and tau the standard deviation of the residual.

Assumptions
-----------
1. Inputs are independent Gaussians of unit variance, fresh for every minibatch; so is the residual.
2. Cost: half the mean squared error; g is the mean over a minibatch of m examples.
3. Heavy ball as in PyTorch, decay coupled or decoupled.

Range: 0 < eta < eta_c. Exact: no error order. The fourth moments of the weights diverge well below eta_c, so a sample's
spread says little about the error of its mean square from about 0.4 eta_c on.

References
----------
Feuer and Weinstein, "Convergence analysis of LMS filters with uncorrelated Gaussian data", IEEE Trans. ASSP 33 (1985);
Roy and Shynk, "Analysis of the momentum LMS algorithm", IEEE Trans. ASSP 38 (1990); Défossez and Bach, "Averaged
Least-Mean-Squares", AISTATS 2015 (arXiv:1411.0123).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from theory.errors import NoEquilibrium, OutOfRange
from theory.settings import SGD, DecayRule, non_negative, one_number, positive, representable, whole_number
from theory.settings.notebook import InNotebook

__all__ = ["LinearRegression", "linear_regression"]

PLAIN = SGD()


@dataclass(frozen=True)
class LinearRegression(InNotebook, answer=("weight_sq",)):
    """The stationary state of minibatch least squares (made by `linear_regression`).

    Attributes
    ----------
    weight_sq : float
        E ||w||^2.
    error_sq : float
        E ||w - w_teacher||^2.
    alignment : float
        E <w, g>, g the minibatch gradient without decay.
    grad_sq : float
        E ||g||^2.
    buffer_sq : float
        E ||v||^2 of the momentum buffer (PyTorch's, without eta).
    mean_factor : float
        What is left of the teacher in the mean weight: E w = mean_factor * w_teacher.
    critical_rate : float
        The learning rate at which the second moments diverge.
    relaxation_time : float
        Steps in which the second moments forget their start by e.
    mean_relaxation_time : float
        The same for the mean.
    """

    weight_sq: float
    error_sq: float
    alignment: float
    grad_sq: float
    buffer_sq: float
    mean_factor: float
    critical_rate: float
    relaxation_time: float
    mean_relaxation_time: float


@representable
def linear_regression(
    n: float,
    lam: float,
    eta: float,
    *,
    dimension: int,
    batch_size: int,
    teacher_sq: float = 0.0,
    residual: float = 1.0,
    optimizer: SGD = PLAIN,
) -> LinearRegression:
    """Predict the stationary state of minibatch least squares under weight decay.

    Parameters
    ----------
    n, lam, eta : float
        As in `theory.equilibrium`.
    dimension : int
        Number of inputs, d.
    batch_size : int
        Examples per step, m.
    teacher_sq : float
        Squared norm of the teacher's weights.
    residual : float
        Standard deviation of what the teacher leaves unexplained.
    optimizer : SGD
        Heavy-ball momentum, coupled or decoupled. Default: plain.

    Returns
    -------
    LinearRegression
        Exact second moments, the critical learning rate and the relaxation times.

    Raises
    ------
    InvalidArgument
        A number out of range.
    NoEquilibrium
        If eta is at or above the critical rate, which the message gives.
    NotImplementedError
        For Nesterov momentum, Adam and Lion.

    Examples
    --------
    >>> result = linear_regression(1000, 100.0, 0.1, dimension=20, batch_size=5)
    >>> print(f"{result.weight_sq:.4f} {result.critical_rate:.4f}")
    0.2411 0.4067
    """
    n, lam, eta = one_number("n", n), one_number("lam", lam), one_number("eta", eta)
    teacher_sq, residual = one_number("teacher_sq", teacher_sq), one_number("residual", residual)
    DecayRule(n, lam, eta)
    dimension, batch_size = whole_number("dimension", dimension), whole_number("batch_size", batch_size)
    non_negative("teacher_sq", teacher_sq)
    positive("residual", residual)
    if not isinstance(optimizer, SGD) or optimizer.nesterov:
        raise NotImplementedError(
            f"least squares under {optimizer} is not derived. Available: SGD, plain or with heavy-ball momentum, "
            "coupled or decoupled decay."
        )
    decoupled = optimizer.decoupled and optimizer.momentum > 0
    k, mu = lam / n, optimizer.momentum
    values = (eta, k, mu, dimension, batch_size, teacher_sq, residual)
    critical = _critical_rate(decoupled, values)
    if eta >= critical:
        raise NoEquilibrium(
            f"eta must be below the critical learning rate {critical:g}, got {eta:g}. Take a smaller eta."
        )
    laws = _laws(decoupled)
    weight_sq, buffer_sq, mean_factor, error_sq, alignment, grad_sq = (float(v) for v in laws["stationary"](*values))
    return LinearRegression(
        weight_sq=weight_sq,
        error_sq=error_sq,
        alignment=alignment,
        grad_sq=grad_sq,
        buffer_sq=buffer_sq,
        mean_factor=mean_factor,
        critical_rate=critical,
        relaxation_time=_time(laws["second"](*values)),
        mean_relaxation_time=_time(laws["first"](*values)),
    )


def _time(matrix: Any) -> float:
    radius = float(np.abs(np.linalg.eigvals(np.asarray(matrix, dtype=float))).max())
    return -1 / math.log(radius) if radius else 0.0


def _critical_rate(decoupled: bool, values: tuple[float, ...]) -> float:
    """Return the smallest learning rate at which the moments' linear system is singular."""
    coefficients = [float(c) for c in _laws(decoupled)["singular"](*values[1:])]
    roots = np.roots(coefficients)
    real = roots.real[(np.abs(roots.imag) < 1e-9 * np.abs(roots)) & (roots.real > 1e-12)]
    if not real.size:
        raise OutOfRange("no critical learning rate is found in doubles. Take numbers nearer to 1, in other units.")
    return float(real.min())


@lru_cache
def _laws(decoupled: bool) -> dict[str, Callable[..., Any]]:
    """Compile the stationary state, the maps of first and second moments, and where their system is singular."""
    import sympy as sp

    from theory.network.least_squares_moments import SYMBOLS, gradient_moments, moment_map, stationary_moments

    step = moment_map(decoupled)
    weight_sq, step_sq = stationary_moments(decoupled)
    eta = SYMBOLS[0]
    stationary = (weight_sq, step_sq / eta**2, step.mean_factor, *gradient_moments(weight_sq, step.mean_factor))
    singular = sp.Poly(sp.factor((sp.eye(3) - step.second).det()), eta).all_coeffs()
    return {
        "stationary": sp.lambdify(SYMBOLS, stationary, "numpy", cse=True),
        "second": sp.lambdify(SYMBOLS, step.second, "numpy"),
        "first": sp.lambdify(SYMBOLS, step.first, "numpy"),
        "singular": sp.lambdify(SYMBOLS[1:], singular, "numpy"),
    }
