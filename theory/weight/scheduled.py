r"""The way of a weight along a whole run: from its start, under learning rates and decays that change.

.. math:: E w_T^2 = w_0^2 \prod_{s \le T} a_s^2 + \sum_{t \le T} \eta_t^2 q_t \prod_{t < s \le T} a_s^2

for a step that multiplies the weight by :math:`a_t` and adds :math:`\eta_t` times something of mean square :math:`q_t`
without memory. An optimizer's memory makes neighbouring steps add up; its `Law` iterates the moments exactly as it
states. With the clock :math:`\tau(t) = -\sum_{s > t} \ln a_s`, what happened at t is remembered as
:math:`e^{-\tau(t)}` by the weight and as :math:`e^{-2\tau(t)}` by its mean square.

Assumptions: those of the optimizer's law. The gradient noise does not change along the run.

References
----------
Wang and Aitchison, "How to set AdamW's weight decay as you scale model and dataset size", 2024 (arXiv:2405.13698): the
weights as an average of the updates, with the memory 1/(eta lam/n).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.errors import InvalidArgument, NoEquilibrium, OutOfRange
from theory.settings import finite, one_number
from theory.settings.checks import run_length
from theory.settings.notebook import InNotebook
from theory.settings.schedules import named
from theory.settings.types import Given
from theory.weight.drawing import draw_trajectory
from theory.weight.law import Law, law_of, refuse_unknown_noise
from theory.weight.problem import PLAIN, Problem, posed
from theory.weight.rates import Rates, scheduled
from theory.weight.stages import error_along
from theory.weight.stationary import Equilibrium

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Trajectory", "trajectory"]

FOLLOWING = 0.05  # within so much of the equilibrium of the moment the weights are said to follow the schedule


@dataclass(frozen=True)
class Trajectory(InNotebook):
    """E w^2 along a run (made by `trajectory`); index t is after t steps.

    Attributes
    ----------
    problem : Problem
        With the peak's learning rate and decay.
    rates : Rates
        Of every step, shape (T,).
    start : float
        The start weight, or its rms.
    variance : ndarray, shape (T + 1,)
        E w^2 before the first and after every step.
    """

    problem: Problem
    rates: Rates
    start: float
    variance: np.ndarray = field(repr=False)
    law: Law = field(compare=False, repr=False)

    @property
    def steps(self) -> int:
        """T, the number of steps."""
        return self.rates.steps

    @cached_property
    def rms(self) -> np.ndarray:
        """sqrt(E w^2) before the first and after every step, shape (T + 1,)."""
        return np.sqrt(self.variance)

    @cached_property
    def clock(self) -> np.ndarray:
        """By which power of e the mean weight of step t has been forgotten at the end, shape (T + 1,); falls to 0."""
        forgotten = self.law.forgetting(self.rates)
        return np.concatenate([np.cumsum(forgotten[::-1])[::-1], [0.0]])

    @cached_property
    def accuracy(self) -> np.ndarray:
        """Relative error of E w^2 before the first and after every step, shape (T + 1,): 0 where exact up to rounding.

        The measured one where approximate, stage by stage: the first steps of an adaptive optimizer are known less well
        than what it settles to. NaN where nothing was measured.
        """
        return error_along(
            self.variance, self.law.forgetting(self.rates), self.law.path_errors(self.rates, self.variance)
        )

    @property
    def K(self) -> float:
        """The clock of the whole run: memories of decay that it lasts, peak rate times length if the rate is held."""
        return float(self.clock[0])

    @property
    def start_left(self) -> float:
        """The fraction of the start weight that is left at the end, e^-K."""
        return float(np.exp(-self.clock[0]))

    @cached_property
    def peak(self) -> Equilibrium:
        """The equilibrium at the largest learning rate; NoEquilibrium where the optimizer has none."""
        self.law.refuse()
        return Equilibrium(self.problem, self.law)

    @cached_property
    def largest_fraction(self) -> float:
        """The largest eta (lam/n + curvature) of the run: above 1 a step turns the weight's sign, from 2 it grows."""
        return float(_fractions(self.problem, self.rates).max())

    @property
    def end_over_peak(self) -> float:
        """The rms at the end over the equilibrium rms at the peak."""
        return float(self.rms[-1] / self.peak.scale)

    def remembered(self, share: float = 0.95) -> float:
        """Return the fraction of the run, counted from its end, that makes `share` of the final E w^2.

        One if the start weight holds more than the rest of it.
        """
        if not 0 < share < 1:
            raise InvalidArgument(f"share must be between 0 and 1, got {share!r}.")
        older = self.variance * np.exp(-2 * self.clock)  # of the final E w^2, what stood before step t
        known = np.flatnonzero(older <= (1 - share) * self.variance[-1])
        return float((self.steps - known[-1]) / self.steps) if known.size else 1.0

    @cached_property
    def momentary(self) -> np.ndarray:
        """The equilibrium rms at every step's learning rate and decay, shape (T,); NaN where there is none."""
        out = np.full(self.steps, np.nan)
        usable = (self.rates.lr > 0) & (self.rates.decay > 0)
        pairs, where = np.unique(self.rates.lr[usable] + 1j * self.rates.decay[usable], return_inverse=True)
        if pairs.size:  # as complex numbers the pairs are sorted 16 times as fast as as rows
            at = self.problem.at(eta=pairs.real, lam=pairs.imag * self.problem.n)
            law = law_of(at.optimizer)(at)
            law.refuse()
            out[usable] = np.broadcast_to(np.sqrt(law.variance), pairs.size)[where]
        return out

    @cached_property
    def following(self) -> np.ndarray:
        """Whether the rms after each step is within 5% of the equilibrium of the moment; not before the start fades."""
        begun = (
            self.clock[0] - self.clock[1:] >= 1
        )  # the start is forgotten: what is near it is no accident of the start
        with np.errstate(invalid="ignore"):
            return np.asarray(begun & (np.abs(self.rms[1:] / self.momentary - 1) < FOLLOWING))

    @property
    def follows_until(self) -> int:
        """The last step within 5% of the equilibrium of the moment; from then on the weights are frozen. 0 if never."""
        follows = np.flatnonzero(self.following)
        return int(follows[-1]) + 1 if follows.size else 0

    def plot(self, *, axes: Axes | None = None, **line: Any) -> Axes:
        """Draw the rms along the run as a line, and dashed the equilibrium of the moment where there is one.

        Parameters
        ----------
        axes : Axes, optional
            Of Matplotlib. Default: the current ones.
        **line
            Of the rms, passed on to `Axes.plot`.

        Returns
        -------
        Axes
        """
        return draw_trajectory(self, axes, line)

    def __str__(self) -> str:
        rows = [
            f"rms at the end   {self.rms[-1]:.6g}",
            f"clock K          {self.K:.4g}: the start weight is left at {100 * self.start_left:.3g}%",
        ]
        try:
            rows.append(
                f"end over peak    {self.end_over_peak:.4g} of the equilibrium at the peak, {self.peak.scale:.6g}"
            )
            rows.append(f"follows until    step {self.follows_until} of {self.steps}")
        except (NoEquilibrium, NotImplementedError):
            rows.append("end over peak    there is no equilibrium at the peak")
        if self.largest_fraction > 1:
            why = "the weight grows" if self.largest_fraction >= 2 else "it turns the weight's sign"
            rows.append(f"overshoots       eta (lam/n + curvature) reaches {self.largest_fraction:.4g}: {why}")
        rows.append(
            f"remembered       95% of the final mean square is from the last {100 * self.remembered():.3g}% of the run"
        )
        if self.accuracy[-1] > 0:
            rows.append(f"accuracy         the final mean square is known to {100 * self.accuracy[-1]:.2g}%")
        return "\n".join(rows)


def trajectory(
    n: Given | None = None,
    lam: Given | None = None,
    eta: Given | None = None,
    *,
    lr: Given | None = None,
    weight_decay: Given | None = None,
    steps: int,
    start: float = 0.0,
    schedule: Any = None,
    decay_schedule: Any = None,
    independent: bool = False,
    noise: float | None = None,
    correlation: float = 0.0,
    curvature: float = 0.0,
    optimizer: Any = PLAIN,
    shape: tuple[int, ...] | None = None,
) -> Trajectory:
    """Predict E w^2 along a run from its first step, under any schedule.

    Parameters
    ----------
    n, lam, eta : float
        As in `theory.equilibrium`; eta is the peak's learning rate. Or `lr` and `weight_decay`.
    steps : int
        Length of the run, T.
    start : float
        The start weight, or its rms about zero. The optimizer's memory is empty. Where the decay is divided with the
        gradient (Adam, RMSprop, Adagrad, ...) and (lam/n + curvature) start exceeds a fifth of the noise it is the
        start of every weight: each falls at its own speed, so for starts that differ average `.variance` over them.
    schedule : Schedule, str or array, optional
        Factors of the peak's learning rate: one of `theory.schedules`, its name, or one number a step. Default: held.
    decay_schedule : Schedule, str or array, optional
        Factors of weight_decay (lam/n). Default constant. Decay per step is learning rate times weight decay.
    independent : bool
        True: the learning rate's schedule does not multiply the decay, whose strength per step stays that of the peak.
    noise, correlation, curvature, optimizer, shape
        As in `theory.equilibrium`.

    Returns
    -------
    Trajectory
        `.rms` after 0, 1, ..., T steps, `.end_over_peak`, `.remembered()`, `.K` and more.

    Raises
    ------
    InvalidArgument
        A number out of range, an array, or a schedule of another length than the run.
    NotImplementedError
        Where the way of a weight under the optimizer is not derived.

    Examples
    --------
    A cosine to zero over lr weight_decay steps = 3 memories ends at 0.75 of the equilibrium at the peak:

    >>> run = trajectory(lr=3e-4, weight_decay=0.1, optimizer="adamw", steps=100_000, start=0.0387, schedule="cosine")
    >>> print(f"{run.end_over_peak:.3f}, {run.start_left:.2f} of the start is left, K = {run.K:.2f}")
    0.755, 0.22 of the start is left, K = 1.50
    """
    given = {"n": n, "lam": lam, "eta": eta, "lr": lr, "weight_decay": weight_decay}
    model = {"noise": noise, "correlation": correlation, "curvature": curvature}
    problem = posed(given | model, optimizer, shape)
    for name, value in (given | model).items():
        if value is not None:
            one_number(name, value)
    steps = run_length(steps)
    start = one_number("start", start)
    finite("start", start)
    factors = named(schedule).factors(steps), named(decay_schedule).factors(steps)
    rates = scheduled(problem.eta, problem.lam / problem.n, *factors, independent=independent)
    law = law_of(problem.optimizer)(problem)
    refuse_unknown_noise(law, noise)
    with np.errstate(over="ignore", invalid="ignore"):
        variance = law.path(rates, float(start))
    if not np.isfinite(variance[-1]):
        raise OutOfRange(_runs_away(problem, rates, variance))
    return Trajectory(problem, rates, float(start), variance, law)


def _runs_away(problem: Problem, rates: Rates, variance: np.ndarray) -> str:
    """Return what to say of a run whose weights grow beyond the largest double."""
    product, eta = ("eta (lam/n + curvature)", "eta") if problem.examples else ("lr (weight_decay + curvature)", "lr")
    taken = _fractions(problem, rates)
    most = int(np.argmax(np.abs(taken)))
    raised = float(rates.lr[most] / problem.eta)
    if taken[most] < 0:
        advice = "Curvature below zero drives the weight away: take more decay, or fewer steps."
    elif raised > 1:
        advice = f"The schedule's factor is {raised:.3g} there: take one that does not rise above 1."
    else:
        advice = f"Take {eta} below {2 * problem.eta / taken[most]:.3g}."
    return (
        f"{product} must be small enough for the weights to stay finite, got {taken[most]:g} in step {most + 1}: they "
        f"are too large for a double from step {int(np.argmin(np.isfinite(variance)))} on. {advice}"
    )


def _fractions(problem: Problem, rates: Rates) -> np.ndarray:
    """Return by which fraction decay and curvature shrink the weight in every step of gradient descent, shape (T,)."""
    return np.asarray(rates.lr * (rates.decay + problem.curvature))
