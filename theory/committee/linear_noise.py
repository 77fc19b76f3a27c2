r"""Corrections of order 1/N at a stable fixed point of the overlaps: their fluctuation and the shift of their mean.

The overlaps X of a network with N inputs scatter around the fixed point :math:`X^*` of the flow f. With its Jacobian
J, its second derivatives H, and the covariance D of N times an increment (`theory.committee.step_noise`):

.. math:: J \Sigma + \Sigma J^T + D = 0, \qquad \mathrm{Cov}\, X = \Sigma / N
.. math:: E X = X^* + m_1 / N, \qquad m_1 = -J^{-1} (a_1 + \tfrac12 H : \Sigma)

where :math:`f + a_1 / N` is N times the mean increment of a step. For R, a_1 vanishes; for Q, with m the batch size,

.. math:: a_1^{ik} = \gamma^2 Q_{ik} - \gamma\eta \langle \delta_i x_k + \delta_k x_i \rangle
          + \frac{\eta^2}{m} \langle \delta_i \delta_k (z^T C^{-1} z - K - M) \rangle
          + \eta^2 \frac{m - 1}{m} d_i^T C d_k

with the fields z = (x, y) and :math:`d_i = \langle \partial\delta_i / \partial z \rangle`. The third average is twice
the derivative of :math:`\langle \delta_i \delta_k \rangle` when C is scaled by a factor (integrate by parts), so no
inverse of C is taken and collapsed units are allowed. The fourth term is the inner product of the mean gradients of two
examples.

Assumptions
-----------
1. Those of `theory.committee.order_parameters` and `theory.committee.step_noise`; Gaussian inputs (for +-1 inputs a_1
   differs).
2. X stays near one stable fixed point: its scatter is small against the distance to the next one.

Range: stable fixed points, N well above max(Sigma) / X^2. Leading error: N^-2 in the mean, relative N^-1 in Cov X.

References
----------
N. G. van Kampen, *Stochastic Processes in Physics and Chemistry*, chapter X: the expansion. D. Saad and S. A. Solla,
Phys. Rev. E 52, 4225 (1995): the flow it is applied to.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import solve_continuous_lyapunov

from theory.committee.gaussian_integrals import i3, j2
from theory.committee.order_parameters import Flow, complex_step
from theory.committee.step_noise import increment_covariance

__all__ = ["LinearNoise", "drift_beyond_flow"]

CURVATURE_STEP = 1e-4  # in units of the state's scatter; the error is of its square, the rounding 1e-16 over it


@dataclass(frozen=True, eq=False)
class LinearNoise:
    """The corrections at a stable fixed point, computed when asked.

    Parameters
    ----------
    flow : Flow
        The rule and the units.
    state : ndarray, shape (n,)
        A stable fixed point.

    Examples
    --------
    >>> from theory.settings import OnlineRule, Overlaps
    >>> flow = Flow.of(OnlineRule(eta=1e-6, gamma=1e-3, sigma=1.0), Overlaps(Q=1.0))
    >>> small = LinearNoise(flow, np.array([1e-9 / np.pi]))  # weights are Gaussian: Q has the variance 2 Q^2 / N
    >>> print(f"{small.covariance[0, 0] / (2 * small.state[0]**2):.2f}")
    1.00
    """

    flow: Flow
    state: np.ndarray

    @cached_property
    def jacobian(self) -> np.ndarray:
        """J, shape (n, n)."""
        return self.flow.jacobian(self.state)

    @cached_property
    def covariance(self) -> np.ndarray:
        """Sigma: N times the covariance of the overlaps, shape (n, n)."""
        return solve_continuous_lyapunov(self.jacobian, -increment_covariance(self.flow, self.state))

    @cached_property
    def bias(self) -> np.ndarray:
        """m_1: N times the shift of the mean from the fixed point, shape (n,)."""
        return -np.linalg.solve(self.jacobian, drift_beyond_flow(self.flow, self.state) + self._curvature_drift / 2)

    @property
    def _curvature_drift(self) -> np.ndarray:
        """H : Sigma: over the principal axes, the second derivative of the flow along each times its variance."""
        variances, axes = np.linalg.eigh(self.covariance)
        steps = CURVATURE_STEP * np.sqrt(abs(variances))[:, None] * axes.T
        slope = [complex_step(self.flow, self.state + sign * steps, steps) for sign in (1, -1)]
        return np.sign(variances) @ (slope[0] - slope[1]) / (2 * CURVATURE_STEP**2)


def drift_beyond_flow(flow: Flow, state: np.ndarray) -> np.ndarray:
    """Return a_1: the mean increment of a step is (f + a_1 / N) / N (see the module).

    Parameters
    ----------
    flow : Flow
        The rule and the units.
    state : ndarray, shape (n,)
        Where.

    Returns
    -------
    ndarray, shape (n,)
    """
    rule, overlap = flow.rule, flow.K * flow.M
    C = flow.gram(state)
    fluctuating_length = 2 * complex_step(flow.kick, C, C[None])[0]
    slope = _mean_slope(flow, C)
    between_examples = (slope @ C @ slope.T)[flow.upper]
    drift = np.zeros(len(state))
    drift[overlap:] = (
        rule.gamma**2 * state[overlap:]
        - rule.gamma * rule.eta * flow.gradient(C)[overlap:]
        + rule.eta**2 / rule.batch_size * (fluctuating_length + (rule.batch_size - 1) * between_examples)
    )
    return drift


def _mean_slope(flow: Flow, C: np.ndarray) -> np.ndarray:
    """Return d_ib = <d delta_i / d z_b>, shape (K, D): s_b <g'_i g'_b>, and <g''_i e> on top where b = i."""
    i, b = np.ogrid[: flow.K, : flow.K + flow.M]
    slope = flow.signs * j2(C, i, b)
    slope[:, : flow.K] -= np.diag(i3(C, i, i, b) @ flow.signs)  # g''(x) = -x g'(x)
    return slope
