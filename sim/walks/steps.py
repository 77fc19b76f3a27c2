"""The noise of independent weights, and the steps that they take in it.

Plain SGD is compiled; every other optimizer takes its steps by the written-out rule of `sim.rule_of`, memory and bias
corrections included. No formula for the outcome is used.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sim.optimizers.rule import Averaging
from sim.walks import kernel
from sim.walks.settings import WalkSettings
from theory.settings import InvalidArgument

__all__ = ["Noise", "Steps", "optimizer_steps", "plain_steps", "steps_of"]

FILL = {"gaussian": kernel.fill_gaussian, "sign": kernel.fill_sign}

Steps = Callable[[np.ndarray, np.ndarray, np.ndarray], None]
"""(w, noise, total): a step for every row of unit noise, adding up w^2; changes w and total in place."""


class Noise:
    """Noise of unit variance from one stream of random bits; it has been running for ever when the walk starts.

    Attributes
    ----------
    padded : int
        The number of weights, rounded up to whole lanes: the length of each row.
    """

    def __init__(self, settings: WalkSettings, weights: int, seed: np.random.SeedSequence) -> None:
        self.fill, self.correlation = FILL[settings.distribution], float(settings.correlation)
        self.state = seed.generate_state(4 * kernel.LANES, np.uint64).reshape(4, kernel.LANES)
        self.padded = -(-weights // kernel.LANES) * kernel.LANES
        self.words, self.last = np.empty(self.padded, np.uint64), np.ones(self.padded)
        self.rows = np.empty((kernel.STEPS, self.padded))
        self.fill(self.state, self.words, 0.0, self.last, self.rows[:1])
        self.last[:] = self.rows[0]

    def next(self, steps: int) -> np.ndarray:
        """Return the noise of the next steps, at most 64, shape (steps, padded); the next call writes over it."""
        rows = self.rows[:steps]
        self.fill(self.state, self.words, self.correlation, self.last, rows)
        return rows


def steps_of(settings: WalkSettings, shape: tuple[int, ...], average: np.ndarray | None = None) -> Steps:
    """Return what takes the optimizer's steps on weights of this shape, its memory empty (see `optimizer_steps`)."""
    return plain_steps(settings) if settings.compiled else optimizer_steps(settings, shape, average)


def plain_steps(settings: WalkSettings) -> Steps:
    """Return the compiled steps of SGD without momentum."""
    shrink, size = 1 - settings.rate, settings.eta * settings.size
    return lambda w, noise, total: kernel.sgd_steps(w, noise, shrink, size, total)


def optimizer_steps(settings: WalkSettings, shape: tuple[int, ...], average: np.ndarray | None = None) -> Steps:
    """Return the steps of the optimizer's written-out rule, under the settings' schedule.

    Parameters
    ----------
    settings : WalkSettings
    shape : tuple of int
        Of the weights: (weights,) or (matrices, rows, columns).
    average : ndarray, optional
        With `settings.average` its squares and not those of the weights are added up; its values are written here.

    Raises
    ------
    InvalidArgument
        If an average is asked for that the rule does not keep; from the steps, if the weights run away.
    """
    rule, size, curvature = settings.rule(shape), settings.size, settings.curvature
    rates = iter(() if settings.rates is None else settings.rates)
    averaging = rule if settings.average and isinstance(rule, Averaging) else None
    if settings.average and averaging is None:
        name = type(settings.optimizer).__name__
        raise InvalidArgument(f"average must be False for {name}, got True: it keeps no average of the weights.")

    def take(w: np.ndarray, noise: np.ndarray, total: np.ndarray) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            for row in noise:
                gradient = size * row[: w.size].reshape(w.shape)
                if settings.rates is not None:
                    rule.eta, rule.decay = next(rates)
                if curvature:
                    gradient += curvature * w
                rule.step(w, gradient)
                seen = averaging.average_weights if averaging else w
                total += seen * seen
        if average is not None:
            average[...] = seen
        settings.check_finite(total)

    return take
