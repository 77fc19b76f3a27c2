r"""A nonlinear network predicted without a fitted number: a soft committee machine under online learning and decay.

From eta, gamma, sigma, the batch size and the overlaps of the start follow the whole decay, the fixed point, its
stability, and for a given fan-in N the mean and the scatter of every overlap. The weight scale of unit i is

.. math:: w_i^{\mathrm{rms}} = \sqrt{E Q_{ii} / N}, \qquad E Q_{ii} = Q^*_{ii} + m_{ii} / N

so at fixed eta, gamma, sigma, K and teachers of squared norm of order one the weights decay to a size of order
:math:`1/\sqrt N`, with N the fan-in of the unit: the precise form of the textbook's claim.
`theory.committee.fan_in_scaling` says where it fails.

Assumptions
-----------
1. Those of `theory.committee.order_parameters` (online, isotropic inputs, fixed output weights) and
   `theory.committee.linear_noise`.
2. The network is near the fixed point into which the flow runs from its own start. At finite N it may leave a plateau
   at a random time: compare stationary values there, not trajectories point by point.

Range: eta, gamma > 0 of order one, N well above K + M. Leading error: N^-2 in the mean.

References
----------
D. Saad and S. A. Solla, Phys. Rev. E 52, 4225 (1995), and NIPS 9 (1996).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.committee.linear_noise import LinearNoise
from theory.committee.order_parameters import Flow
from theory.committee.relaxation import Relaxation, relax
from theory.errors import InvalidArgument, NoFixedPoint
from theory.settings import (
    OnlineRule,
    Overlaps,
    check_range,
    finite,
    non_negative,
    numbers,
    one_number,
    positive,
    representable,
)
from theory.settings.axes import axes_or_current
from theory.settings.notebook import InNotebook
from theory.settings.online import check_rule, check_start

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FiniteSize", "TeacherStudent", "teacher_student"]


@representable
def teacher_student(
    rule: OnlineRule, start: Overlaps, *, alpha_min: float = 0.0, alpha_max: float | None = None
) -> TeacherStudent:
    """Predict the decay, the fixed point and its scatter for a soft committee machine.

    Parameters
    ----------
    rule : OnlineRule
        eta, gamma, sigma and the batch size, in scaled units.
    start : Overlaps
        Of the initial weights of the K students and the M teachers; see `Overlaps.random` and `.orthogonal`.
    alpha_min : float
        Follow the trajectory at least to this alpha (steps / N).
    alpha_max : float, optional
        Give up waiting for a fixed point here. Default: 10240 / gamma.

    Returns
    -------
    TeacherStudent
        If no stable fixed point was reached, `.stationary` is None and `.reason` says why.

    Raises
    ------
    InvalidArgument
        If an argument is out of range; its message names it. Rates and overlaps are checked when they are made.

    References
    ----------
    See the module's docstring.

    Examples
    --------
    >>> network = teacher_student(OnlineRule(eta=0.5, gamma=0.02, sigma=0.3), Overlaps(Q=400.0, R=0.0, T=1.0))
    >>> print(f"Q* = {network.stationary.Q[0, 0]:.4f}, stable: {network.stable}")
    Q* = 0.7038, stable: True
    >>> print(f"w_rms = {network.at_fan_in(784).scale[0]:.5f} +/- {network.at_fan_in(784).scale_sd[0]:.5f}")
    w_rms = 0.02996 +/- 0.00017
    """
    check_rule(rule)
    check_start(start)
    alpha_min = one_number("alpha_min", alpha_min)
    alpha_max = None if alpha_max is None else one_number("alpha_max", alpha_max)
    non_negative("alpha_min", alpha_min)
    if alpha_max is not None:
        positive("alpha_max", alpha_max, "Give a time in steps / N, or leave it out.")
        check_range("alpha_min", alpha_min, 0, alpha_max, ends=(True, True), hint="Raise alpha_max.")
    if not start.Q.any():
        raise InvalidArgument("Q must not be zero throughout, got zero. Start from some weights, however small.")
    flow = Flow.of(rule, start)
    return TeacherStudent(rule, start, flow, relax(flow, flow.state(start), alpha_min=alpha_min, alpha_max=alpha_max))


@dataclass(frozen=True, eq=False)
class FiniteSize:
    """The stationary state at a given fan-in: means to order 1/N, and the standard deviations over networks.

    Attributes
    ----------
    fan_in : float
        N.
    Q, R : ndarray, shapes (K, K) and (K, M)
        Means, bias included.
    Q_sd, R_sd : ndarray
        Standard deviation of one network at one time.
    scale, scale_sd : ndarray, shape (K,)
        rms of the weights of each unit, sqrt(E Q_ii / N), and its standard deviation.
    """

    fan_in: float
    Q: np.ndarray
    R: np.ndarray
    Q_sd: np.ndarray
    R_sd: np.ndarray

    @property
    def scale(self) -> np.ndarray:
        """Root mean square of the weights of each unit."""
        return np.sqrt(np.diag(self.Q) / self.fan_in)

    @property
    def scale_sd(self) -> np.ndarray:
        """Its standard deviation, to leading order: half the relative one of Q_ii."""
        return self.scale * np.diag(self.Q_sd) / (2 * np.diag(self.Q))


@dataclass(frozen=True, eq=False)
class TeacherStudent(InNotebook, answer=("reason",)):
    """A predicted network, made by `teacher_student`; corrections of order 1/N are computed when asked.

    Attributes
    ----------
    rule : OnlineRule
        What it was made for.
    start : Overlaps
        Where it starts.
    flow : Flow
        The flow of the overlaps.
    relaxation : Relaxation
        The trajectory as vectors, and how it ended.
    """

    rule: OnlineRule
    start: Overlaps
    flow: Flow
    relaxation: Relaxation

    @property
    def converged(self) -> bool:
        """Whether the trajectory ended at a fixed point, stable or not."""
        return self.relaxation.converged

    @property
    def stable(self) -> bool:
        """Whether it ended at a fixed point whose Jacobian has only eigenvalues with negative real part."""
        return self.relaxation.stable

    @property
    def reason(self) -> str:
        """A sentence on how the trajectory ended."""
        return self.relaxation.reason

    @property
    def eigenvalues(self) -> np.ndarray:
        """Spectrum of the Jacobian at the fixed point, stable or not (at the trajectory's end if there is none)."""
        return self.relaxation.eigenvalues

    @property
    def alpha(self) -> np.ndarray:
        """Times of the integrator's steps, shape (t,)."""
        return self.relaxation.alpha

    @property
    def Q(self) -> np.ndarray:
        """Student overlaps at `alpha`, shape (t, K, K)."""
        return self.flow.gram(self.relaxation.states)[:, : self.flow.K, : self.flow.K]

    @property
    def R(self) -> np.ndarray:
        """Student-teacher overlaps at `alpha`, shape (t, K, M)."""
        return self.flow.gram(self.relaxation.states)[:, : self.flow.K, self.flow.K :]

    def at(self, alpha: float | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return Q, shape (..., K, K), and R, shape (..., K, M), at the given times on the trajectory.

        Raises
        ------
        InvalidArgument
            If a time lies beyond the trajectory's end.
        """
        times = numbers("alpha", alpha).astype(float)
        finite("alpha", times)
        check_range("alpha", times, 0, self.alpha[-1], ends=(True, True), hint="Follow it further with alpha_min.")
        gram = self.flow.gram(self.relaxation.at(times.ravel()))
        gram = gram.reshape(*times.shape, *gram.shape[1:])
        return gram[..., : self.flow.K, : self.flow.K], gram[..., : self.flow.K, self.flow.K :]

    @property
    def stationary(self) -> Overlaps | None:
        """The stable fixed point; None if none was reached (see `reason`)."""
        rest = self.relaxation.rest
        return None if rest is None else self.flow.overlaps(rest)

    @cached_property
    def linear_noise(self) -> LinearNoise:
        """Fluctuation and bias of order 1/N at the stable fixed point.

        Raises
        ------
        NoFixedPoint
            If none was reached; the message gives the reason.
        """
        if self.relaxation.rest is None:
            raise NoFixedPoint(f"no stable fixed point for {self.rule}: {self.reason}")
        return LinearNoise(self.flow, self.relaxation.rest)

    @representable
    def at_fan_in(self, fan_in: float) -> FiniteSize:
        """Return the stationary means and standard deviations for N = `fan_in` inputs.

        Raises
        ------
        InvalidArgument
            If N is not above K + M, or so small that the correction of order 1/N is as large as a squared norm.
        NoFixedPoint
            If no stable fixed point was reached; the message gives the reason.
        """
        noise, fan_in = self.linear_noise, one_number("fan_in", fan_in)
        check_range("fan_in", fan_in, self.flow.K + self.flow.M, np.inf, must="finite and above K + M")
        K = self.flow.K
        mean = self.flow.gram(noise.state + noise.bias / fan_in)
        sd = self.flow.gram(np.sqrt(np.diag(noise.covariance) / fan_in))
        if not (np.diag(mean)[:K] > 0).all():
            raise InvalidArgument(
                f"fan_in must be large enough for an expansion in 1/N, got {fan_in!r}: the correction to Q exceeds Q. "
                "Take a larger fan_in."
            )
        return FiniteSize(fan_in, mean[:K, :K], mean[:K, K:], sd[:K, :K], sd[:K, K:])

    def __str__(self) -> str:
        rest = self.stationary
        lines = [f"K = {self.flow.K}, M = {self.flow.M}, {self.rule}", self.reason]
        if rest is not None:
            lines += [f"Q* = {np.array2string(rest.Q, precision=5)}", f"R* = {np.array2string(rest.R, precision=5)}"]
        return "\n".join(lines)

    def plot(self, fan_in: float, alpha: float | None = None, *, axes: Axes | None = None, **line: Any) -> Axes:
        """Draw the rms of each unit's weights, sqrt(Q_ii / N), along the decay.

        Parameters
        ----------
        fan_in : float
            N.
        alpha : float, optional
            The last time, in steps / N. Default: the trajectory's end.
        axes : Axes, optional
            Of Matplotlib. Default: the current ones.
        **line
            Passed on to `Axes.plot`.

        Returns
        -------
        Axes
        """
        last = float(self.alpha[-1]) if alpha is None else one_number("alpha", alpha)
        times = np.linspace(0, last, 400)
        squares = np.diagonal(self.at(times)[0], axis1=1, axis2=2)
        axes = axes_or_current(axes)
        for unit, square in enumerate(squares.T):
            label = "law" if squares.shape[1] == 1 else f"law, unit {unit + 1}"
            axes.plot(times, np.sqrt(square / fan_in), **({"label": label} | line))
        axes.set(xlabel="steps / N", ylabel="rms of a unit's weights")
        return axes
