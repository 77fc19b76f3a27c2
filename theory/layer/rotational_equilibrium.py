"""What the rotational equilibrium of a scale-invariant weight vector says, whatever the optimizer."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from theory.settings import Optimizer, whole_number
from theory.settings.axes import axes_or_current
from theory.settings.notebook import InNotebook

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Rotation"]


@dataclass(frozen=True)
class Rotation(InNotebook, ABC, answer=("angle", "norm_sq")):
    """The rotational equilibrium of a scale-invariant weight vector (made by `rotation`).

    Attributes
    ----------
    n, lam, eta : float
        Number of training examples in the decay term, regularisation parameter, learning rate.
    dimension : int
        Number of weights of the vector, C.
    optimizer : Optimizer
        Its settings.
    """

    n: float
    lam: float
    eta: float
    dimension: int
    optimizer: Optimizer

    @property
    def rate(self) -> float:
        """eta lam/n."""
        return self.eta * self.lam / self.n

    @property
    def shrink(self) -> float:
        """a = 1 - eta lam/n."""
        return 1 - self.rate

    @property
    def lost_fraction(self) -> float:
        """1 - a^2, the fraction of ||w||^2 that decay takes in one step, without cancellation."""
        return self.rate * (2 - self.rate)

    @property
    @abstractmethod
    def norm_sq(self) -> float:
        """E ||w||^2, with its correction of order 1/C."""

    @abstractmethod
    def turned(self, lag: int) -> float:
        """Return 1 - mean cosine of the angle turned in `lag` steps, without cancellation."""

    def cosine(self, lag: int) -> float:
        """Return the mean cosine of the angle turned in `lag` steps, with its correction of order 1/C."""
        return 1 - self.turned(lag)

    @property
    def turn(self) -> float:
        """1 - mean cosine of the angle of one step: `turned(1)`."""
        return self.turned(1)

    @property
    @abstractmethod
    def angle(self) -> float:
        """Mean angle of one step in radians, with its own correction of order 1/C: not the arc cosine of the mean."""

    @property
    def diffusive_angle(self) -> float:
        """sqrt(2 eta lam/n): angle per square root of a step at long lags; under plain SGD also that of one step."""
        return math.sqrt(2 * self.rate)

    @property
    @abstractmethod
    def relaxation_time(self) -> float:
        """Steps in which a small deviation of the squared norm falls by e."""

    def plot(self, lags: int, *, axes: Axes | None = None, **line: Any) -> Axes:
        """Draw the mean cosine of the angle turned in 0, 1, ..., `lags` steps.

        Parameters
        ----------
        lags : int
            The last lag.
        axes : Axes, optional
            Of Matplotlib. Default: the current ones.
        **line
            Passed on to `Axes.plot`.

        Returns
        -------
        Axes
        """
        shown = np.unique(np.linspace(0, whole_number("lags", lags), 400).round()).astype(int)
        axes = axes_or_current(axes)
        axes.plot(shown, [self.cosine(int(lag)) if lag else 1.0 for lag in shown], **({"label": "law"} | line))
        axes.set(xlabel="lag in steps", ylabel="mean cosine of the angle turned")
        return axes
