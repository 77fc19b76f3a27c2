r"""A single logistic output trained online with cross-entropy and weight decay, by quadrature.

Output :math:`p = s(x)`, :math:`s(x) = 1/(1 + e^{-x})`, :math:`x = w \cdot \xi`; the label is 1 with probability
:math:`s(y)`, :math:`y = B \cdot \xi` (a fair coin if T = 0), and the step has :math:`\delta` = label - p. With
:math:`S(v) = \langle s'(\sqrt v\,u) \rangle`, :math:`G = \langle s(x) s(y) \rangle`:

.. math:: \dot R = -\gamma R + \eta [T S(T) - R S(Q)]
.. math:: \dot Q = -2\gamma Q + 2\eta [R S(T) - Q S(Q)] + \frac{\eta^2}{m} [1 - S(Q) - 2G]

How a saturated unit decays is told in closed form by `theory.committee.logistic_decay`.

Assumptions
-----------
1. Those of `theory.committee.order_parameters`, with one logistic output in place of the hidden units.

Range: eta, gamma > 0. Leading error of the flow 1/N, of the quadrature below 1e-12.

References
----------
Derived here. The method is that of D. Saad and S. A. Solla, Phys. Rev. E 52, 4225 (1995); Gaussian averages by the
trapezoidal rule: L. N. Trefethen and J. A. C. Weideman, SIAM Review 56, 385 (2014).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.integrate import OdeSolution, solve_ivp
from scipy.optimize import root
from scipy.special import expit

from theory.committee.relaxation import patient
from theory.errors import NoFixedPoint, OutOfRange
from theory.settings import Overlaps, check_range, numbers, one_number, positive, representable, whole_number
from theory.settings.notebook import InNotebook
from theory.settings.online import check_start

__all__ = ["LogisticUnit", "logistic_unit"]

NEAR = 1e-3  # a Newton step below this fraction of the state: the fixed point is in sight
REACH = 8.5  # standard deviations: beyond it lies 1e-17 of a Gaussian
FINENESS = 0.5  # of the trapezoidal rule, in units of the narrower of Gaussian and sigmoid
MOST_NODES, MOST_PAIRS = 2**20, 2**22  # 8 MB and 32 MB of doubles
PATIENCE = 4000  # a trajectory takes some hundred evaluations


@dataclass(frozen=True, eq=False)
class LogisticUnit(InNotebook, answer=("Q_rest",)):
    """A predicted logistic unit, made by `logistic_unit`.

    Attributes
    ----------
    alpha : ndarray, shape (t,)
        Times of the integrator's steps.
    Q, R : ndarray, shape (t,)
        Squared norm and teacher overlap there.
    path : OdeSolution
        The trajectory between them.
    Q_rest, R_rest : float
        The stable fixed point.
    eigenvalues : ndarray, shape (2,)
        Of the Jacobian there.
    """

    alpha: np.ndarray
    Q: np.ndarray
    R: np.ndarray
    path: OdeSolution
    Q_rest: float
    R_rest: float
    eigenvalues: np.ndarray

    def at(self, alpha: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return Q and R at the given times on the trajectory."""
        times = numbers("alpha", alpha).astype(float)
        check_range("alpha", times, 0, self.alpha[-1], ends=(True, True))
        if not times.size:
            return times, times
        R, Q = self.path(times.ravel()).reshape(2, *times.shape)
        return Q, R


@representable
def logistic_unit(
    eta: float, gamma: float, start: Overlaps, *, batch_size: int = 1, alpha_max: float | None = None
) -> LogisticUnit:
    """Predict decay and fixed point of a logistic unit under cross-entropy.

    Parameters
    ----------
    eta, gamma : float
        Learning rate and weight decay per step, times N.
    start : Overlaps
        One student; no teacher (fair-coin labels) or one.
    batch_size : int
        Examples per step.
    alpha_max : float, optional
        Follow the trajectory to here. Default: 40 / gamma.

    Returns
    -------
    LogisticUnit

    Raises
    ------
    InvalidArgument
        If an argument is out of range, or there is more than one student or teacher.
    NoFixedPoint
        If the trajectory does not come to rest at a stable fixed point.

    Examples
    --------
    >>> unit = logistic_unit(4.0, 0.01, Overlaps(Q=100.0))
    >>> print(f"{unit.Q_rest:.3f}")
    4.985
    """
    eta, gamma = one_number("eta", eta), one_number("gamma", gamma)
    alpha_max = None if alpha_max is None else one_number("alpha_max", alpha_max)
    batch_size = whole_number("batch_size", batch_size)
    check_start(start)
    positive("eta", eta, "Give the learning rate per step times N.")
    positive("gamma", gamma, "Give the weight decay per step times N.")
    check_range("K of start", start.K, 1, 1, ends=(True, True), must="1", hint="A logistic unit is a single student.")
    check_range("M of start", start.M, 0, 1, ends=(True, True), must="0 or 1", hint="The labels come from one teacher.")
    positive("Q of start", float(start.Q[0, 0]), "Start from some weights, however small.")
    end = 40 / gamma if alpha_max is None else alpha_max
    positive("alpha_max", end)
    R, T = (float(start.R[0, 0]), float(start.T[0, 0])) if start.M else (0.0, 0.0)

    def flow(state: np.ndarray) -> np.ndarray:
        return _flow(state, T, eta, gamma, batch_size)

    trajectory = solve_ivp(
        patient(flow, PATIENCE), (0, end), [R, float(start.Q[0, 0])], method="LSODA", dense_output=True,
        rtol=1e-9, atol=1e-12,
    )  # fmt: skip
    last = trajectory.y[:, -1]
    ahead = np.linalg.norm(np.linalg.solve(_jacobian(flow, last), flow(last))) / np.linalg.norm(last)
    if ahead > NEAR:
        raise NoFixedPoint(
            f"no fixed point reached for eta = {eta:g}, gamma = {gamma:g}: at alpha = {end:g} the next Newton step is "
            f"{ahead:.2g} of the overlaps. Raise alpha_max."
        )
    found = root(flow, last, tol=1e-12)
    eigenvalues = np.linalg.eigvals(_jacobian(flow, found.x))
    moved = float(np.linalg.norm(found.x - last) / np.linalg.norm(last))
    if not (found.success and moved < 2 * NEAR and eigenvalues.real.max() < 0):
        raise NoFixedPoint(
            f"no stable fixed point reached for eta = {eta:g}, gamma = {gamma:g}: at alpha = {end:g} the nearest root "
            f"is {moved:.2g} away and its fastest growth rate is {eigenvalues.real.max():.2g}. Raise alpha_max."
        )
    return LogisticUnit(
        trajectory.t,
        trajectory.y[1],
        trajectory.y[0],
        trajectory.sol,
        float(found.x[1]),
        float(found.x[0]),
        eigenvalues,
    )


def _flow(state: np.ndarray, T: float, eta: float, gamma: float, batch_size: int) -> np.ndarray:
    R, Q = state
    narrow, teacher = _mean_slope(Q), _mean_slope(T)
    kicks = 1 - narrow - 2 * _mean_product(Q, R, T)
    return np.array(
        [
            -gamma * R + eta * (T * teacher - R * narrow),
            -2 * gamma * Q + 2 * eta * (R * teacher - Q * narrow) + eta**2 / batch_size * kicks,
        ]
    )


def _jacobian(flow: Callable[[np.ndarray], np.ndarray], state: np.ndarray) -> np.ndarray:
    """Return central differences: enough for a sign and a rate."""
    steps = 1e-5 * np.linalg.norm(state) * np.eye(2)
    return np.array([(flow(state + s) - flow(state - s)) / (2 * np.linalg.norm(s)) for s in steps]).T


def _gaussian_nodes(variance: float) -> tuple[np.ndarray, np.ndarray]:
    """Return points and weights of the trapezoidal rule for N(0, variance) times something that varies over 1."""
    if variance == 0:
        return np.zeros(1), np.ones(1)
    if variance < 0:
        raise NoFixedPoint(f"the integration left the range: a variance of {variance:.3g}. Take rates nearer to 1.")
    width = math.sqrt(variance)
    spacing = FINENESS * min(1.0, 1 / width)
    count = math.ceil(REACH / spacing)
    if count > MOST_NODES:
        raise OutOfRange(f"a squared norm of {variance:.3g} is too large for the quadrature. Take smaller weights.")
    u = spacing * np.arange(-count, count + 1)
    weights = np.exp(-(u**2) / 2)
    return width * u, weights / weights.sum()


def _mean_slope(variance: float) -> float:
    """Return S(v): the average of s'(x) over x of variance v."""
    if variance == 0:
        return 0.25
    x, weights = _gaussian_nodes(variance)
    return float(weights @ (expit(x) * expit(-x)))


def _mean_product(Q: float, R: float, T: float) -> float:
    """Return G: the average of s(x) s(y)."""
    if T == 0:
        return 0.25
    x, weights = _gaussian_nodes(Q)
    independent, other = _gaussian_nodes(T - R**2 / Q)
    if len(x) * len(independent) > MOST_PAIRS:
        raise OutOfRange(f"Q = {Q:.3g} and T = {T:.3g} are too large for the quadrature. Take smaller weights.")
    label = expit(R / Q * x[:, None] + independent) @ other
    return float(weights @ (expit(x) * label))
