r"""Where a flow of overlaps comes to rest: its trajectory from a given start, and the fixed point that it runs into.

.. math:: \dot X = f(X), \quad X(0) = X_0; \qquad f(X^*) = 0, \quad \mathrm{Re}\,\mathrm{spec}\, f'(X^*) < 0

The flow has many fixed points (symmetric plateaus, collapsed units), and most are unstable. So the root is never
searched for on its own: the trajectory is followed until the next Newton step is small, the root is found from there,
and it counts as an answer only if it lies that near and every eigenvalue of its Jacobian has a negative real part. A
trajectory that waits on a plateau is followed further.

Assumptions
-----------
1. The flow is smooth along the trajectory.
2. The start is generic. From an exactly symmetric one rounding decides when a plateau is left, and towards which of the
   equivalent fixed points.

Range: any `Flow`. Error: along the trajectory that of the integrator (relative 1e-10 a step), at the fixed point that
of rounding.

References
----------
L. Petzold, SIAM J. Sci. Stat. Comput. 4, 136 (1983): LSODA, which switches between stiff and non-stiff methods.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.integrate import OdeSolution, solve_ivp
from scipy.optimize import root

from theory.committee.order_parameters import Flow
from theory.errors import NoFixedPoint

__all__ = ["Relaxation", "patient", "relax"]

PATIENCE = 10_000

NEAR = 1e-3  # a Newton step below this fraction of the state: the fixed point is in sight
MARGINAL = 1e-6  # a growth rate above minus this fraction of gamma is not called stable
STRETCHES = (10.0, 40.0, 160.0, 640.0, 2560.0, 10240.0)  # ends of the stretches of trajectory, in units of 1/gamma


class Ending(NamedTuple):
    """How a trajectory ended; the fields are those of `Relaxation`."""

    rest: np.ndarray | None
    eigenvalues: np.ndarray
    converged: bool
    stable: bool
    reason: str


@dataclass(frozen=True, eq=False)
class Relaxation:
    """A trajectory and what it ran into.

    Attributes
    ----------
    alpha : ndarray, shape (t,)
        Times of the integrator's steps.
    states : ndarray, shape (t, n)
        The states there.
    stretches : tuple of OdeSolution
        The trajectory between them.
    rest : ndarray, shape (n,), or None
        The stable fixed point; None if none was reached.
    eigenvalues : ndarray, shape (n,)
        Of the Jacobian at the fixed point, stable or not; at the trajectory's end if no fixed point is near.
    converged : bool
        Whether the trajectory ended at a fixed point.
    stable : bool
        Whether that fixed point is stable.
    reason : str
        A sentence on how it ended.
    """

    alpha: np.ndarray
    states: np.ndarray
    stretches: tuple[OdeSolution, ...]
    rest: np.ndarray | None
    eigenvalues: np.ndarray
    converged: bool
    stable: bool
    reason: str

    def at(self, alpha: np.ndarray) -> np.ndarray:
        """Return the states at the times `alpha` within the trajectory, shape (len(alpha), n)."""
        ends = [stretch.t_max for stretch in self.stretches[:-1]]
        which = np.searchsorted(ends, alpha)
        states = np.empty((len(alpha), self.states.shape[1]))
        for number, stretch in enumerate(self.stretches):
            if (which == number).any():
                states[which == number] = stretch(alpha[which == number]).T
        return states


def relax(flow: Flow, start: np.ndarray, *, alpha_min: float = 0.0, alpha_max: float | None = None) -> Relaxation:
    """Follow the flow until it rests at a stable fixed point.

    Parameters
    ----------
    flow : Flow
        The flow.
    start : ndarray, shape (n,)
        The state at alpha = 0.
    alpha_min : float
        Follow the trajectory at least this far.
    alpha_max : float, optional
        Give up here. Default: 10240 / gamma.

    Returns
    -------
    Relaxation
        With `.rest` None, and the reason, if no stable fixed point was reached.

    Examples
    --------
    >>> from theory.settings import OnlineRule, Overlaps
    >>> flow = Flow.of(OnlineRule(eta=0.5, gamma=0.01, sigma=1.0), Overlaps(Q=1.0))
    >>> print(relax(flow, np.array([400.0])).reason)
    at rest at a stable fixed point; the slowest deviation decays at the rate 0.27 per unit of alpha
    """
    ends = np.array(STRETCHES) / flow.rule.gamma
    if alpha_max is not None:
        ends = np.append(ends[ends < alpha_max], alpha_max)
    ends = ends[ends > alpha_min] if alpha_min < ends[-1] else np.array([alpha_min])
    absolute = 1e-12 * np.linalg.norm(flow.gram(start))  # teachers count: students may start at nearly nothing
    alpha, states, stretches = np.zeros(1), start[None], []
    for end in ends:
        leg = solve_ivp(
            patient(flow), (alpha[-1], end), states[-1], method="LSODA", dense_output=True,
            jac=lambda _, state: flow.jacobian(state), rtol=1e-10, atol=absolute,
        )  # fmt: skip
        alpha, states = np.append(alpha, leg.t[1:]), np.concatenate([states, leg.y.T[1:]])
        stretches.append(leg.sol)
        ending = _ending(flow, states[-1], end, "" if leg.success else leg.message)
        if ending.rest is not None or not leg.success:
            break
    return Relaxation(alpha, states, tuple(stretches), *ending)


def patient(
    flow: Callable[[np.ndarray], np.ndarray], patience: int = PATIENCE
) -> Callable[[float, np.ndarray], np.ndarray]:
    """Return a flow for the integrator that gives up where it creeps: rates too far apart for doubles.

    A relaxation takes some hundred to some thousand evaluations.
    """
    evaluations = 0

    def counted(alpha: float, state: np.ndarray) -> np.ndarray:
        nonlocal evaluations
        evaluations += 1
        if evaluations > patience:
            raise NoFixedPoint(
                f"the integration creeps: {patience} evaluations of the flow and only at alpha = {alpha:g}. "
                "Take rates nearer to 1, or a smaller alpha_max."
            )
        return flow(state)

    return counted


def _ending(flow: Flow, state: np.ndarray, alpha: float, breakdown: str) -> Ending:
    """Return how a trajectory that has arrived at `state` ends: at a stable fixed point, or why not."""
    jacobian = flow.jacobian(state)
    eigenvalues = np.linalg.eigvals(jacobian)
    size = np.linalg.norm(state)
    ahead = np.linalg.norm(np.linalg.lstsq(jacobian, flow(state))[0]) / size
    if breakdown:
        return Ending(None, eigenvalues, False, False, f"the integration broke off at alpha = {alpha:g}: {breakdown}")
    if ahead > NEAR:
        reason = (
            f"not at rest at alpha = {alpha:g}: the next Newton step is {ahead:.2g} of the overlaps. Raise alpha_max."
        )
        return Ending(None, eigenvalues, False, False, reason)
    found = root(flow, state, jac=flow.jacobian, tol=1e-13).x
    distance, residual = np.linalg.norm(found - state) / size, np.linalg.norm(flow(found)) / (flow.rule.gamma * size)
    if distance > 2 * NEAR or residual > 1e-9:
        reason = (
            f"no fixed point near the state at alpha = {alpha:g}: the root finder stopped {distance:.2g} away with the "
            f"relative residual {residual:.2g}. Raise alpha_max."
        )
        return Ending(None, eigenvalues, False, False, reason)
    eigenvalues = np.linalg.eigvals(flow.jacobian(found))
    growth = float(eigenvalues.real.max())
    if growth > -MARGINAL * flow.rule.gamma:
        reason = (
            f"at rest at alpha = {alpha:g} at a fixed point that is not stable: its Jacobian has the eigenvalue "
            f"{growth:.3g}. If the start is symmetric, break the symmetry (Overlaps.random); otherwise raise alpha_max."
        )
        return Ending(None, eigenvalues, True, False, reason)
    reason = (
        f"at rest at a stable fixed point; the slowest deviation decays at the rate {-growth:.3g} per unit of alpha"
    )
    return Ending(found, eigenvalues, True, True, reason)
