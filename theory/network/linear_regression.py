r"""Minibatch least squares with Gaussian inputs: second moments of weights and buffer, exact at every learning rate.

With coupled decay k = lam/n and no momentum, the inputs' covariance the identity in D dimensions,

.. math:: E w^2 = \frac{\eta \tau^2 D / m + (\frac{2 (1 - \eta k - \eta c)}{1 + k} + \eta c) S}
   {2 (1 + k) - ((1 + k)^2 + \frac{D + 1}{m}) \eta}

with :math:`c = 1 + \frac{D + 1}{m}`, w^2 the squared norm of the whole weight vector, S that of the teacher's and tau
the standard deviation of the residual. The gradient's noise grows with the weights' distance from the teacher (it is
multiplicative), and the equilibrium is lost at a finite learning rate, where the denominator vanishes: with heavy-ball
momentum at

.. math:: \eta_c = \frac{2 (1 + k) (1 - \mu^2)}{(1 - \mu)(1 + k)^2 + (1 + \mu) \frac{D + 1}{m}}

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
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.errors import NoEquilibrium
from theory.settings import SGD, DecayRule, non_negative, positive, whole_number

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["LinearRegression", "linear_regression", "moment_map", "stationary_moments"]

PLAIN = SGD()
NAMES = "eta k mu d m S tau"  # the symbols of this module, in the order in which the compiled laws take them


@dataclass(frozen=True)
class LinearRegression:
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
    weight_sq, buffer_sq = (float(v) for v in laws["moments"](*values))
    mean = float(laws["mean"](*values))
    error_sq = weight_sq - 2 * mean * teacher_sq + teacher_sq
    noise = residual**2 * dimension / batch_size
    return LinearRegression(
        weight_sq=weight_sq,
        error_sq=error_sq,
        alignment=weight_sq - mean * teacher_sq,
        grad_sq=(1 + (dimension + 1) / batch_size) * error_sq + noise,
        buffer_sq=buffer_sq / eta**2,
        mean_factor=mean,
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
    return float(real.min())


@lru_cache
def moment_map(decoupled: bool) -> tuple[sp.Matrix, sp.Matrix, sp.Matrix, sp.Expr]:
    """Derive one step of the moments (E w^2, E w u, E u^2), u the buffer times eta, from the update rule (SymPy).

    Returns
    -------
    second : Matrix, shape (3, 3)
        What a step makes of the second moments,
    source : Matrix, shape (3, 1)
        and what it adds in the stationary state of the mean.
    first : Matrix, shape (2, 2)
        What a step makes of the mean of (w, u).
    mean : Expr
        Share of the teacher in the stationary mean weight.
    """
    import sympy as sp

    eta, k, mu, d, m, S, tau = sp.symbols(NAMES, positive=True)
    ww, wu, uu = sp.symbols("ww wu uu")  # E w^2, E w u, E u^2
    a, coupled = (1 - eta * k, 0) if decoupled else (1, k)
    first = sp.Matrix([[a - eta * (1 + coupled), -mu], [eta * (1 + coupled), mu]])
    mean_w, mean_u = ((sp.eye(2) - first).LUsolve(sp.Matrix([eta, -eta]))).applyfunc(sp.factor)  # times the teacher
    spread = 1 + (d + 1) / m  # E A^2 of A = mean of x x^T: Gaussian inputs
    error_sq = ww - 2 * mean_w * S + S
    # G = A (w - teacher) - noise + coupled w, A and noise fresh: E A = 1.
    w_G = ww - mean_w * S + coupled * ww
    u_G = wu - mean_u * S + coupled * wu
    G_sq = spread * error_sq + tau**2 * d / m + 2 * coupled * (ww - mean_w * S) + coupled**2 * ww
    next_uu = mu**2 * uu + 2 * mu * eta * u_G + eta**2 * G_sq
    w_next_u = mu * wu + eta * w_G
    new = sp.Matrix([a**2 * ww - 2 * a * w_next_u + next_uu, a * w_next_u - next_uu, next_uu]).applyfunc(sp.expand)
    second = new.jacobian([ww, wu, uu])
    return second, new.subs({ww: 0, wu: 0, uu: 0}), first, mean_w


@lru_cache
def stationary_moments(decoupled: bool) -> tuple[sp.Expr, sp.Expr]:
    """Return E ||w||^2 and E ||u||^2 in the stationary state (SymPy), u the buffer times eta."""
    import sympy as sp

    second, source, _, _ = moment_map(decoupled)
    ((weight_sq, _, buffer_sq),) = sp.linsolve((sp.eye(3) - second, source))  # rational functions: nothing swells
    return sp.factor(weight_sq), sp.factor(buffer_sq)


@lru_cache
def _laws(decoupled: bool) -> dict[str, Callable[..., Any]]:
    """Compile the derived moments, the maps of first and second moments, and where their system is singular."""
    import sympy as sp

    symbols = sp.symbols(NAMES, positive=True)
    second, _, first, mean = moment_map(decoupled)
    singular = sp.Poly(sp.factor((sp.eye(3) - second).det()), symbols[0]).all_coeffs()
    return {
        "moments": sp.lambdify(symbols, stationary_moments(decoupled), "numpy"),
        "second": sp.lambdify(symbols, second, "numpy"),
        "first": sp.lambdify(symbols, first, "numpy"),
        "mean": sp.lambdify(symbols, mean, "numpy"),
        "singular": sp.lambdify(symbols[1:], singular, "numpy"),
    }
