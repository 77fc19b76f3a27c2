r"""Scale-invariant weights (followed by a normalisation layer): the norm at which they settle, and how fast they turn.

The gradient is orthogonal to w and of size 1/norm. Under plain SGD, a = 1 - eta lam/n, E ||g||^2 = G / ||w||^2,

.. math:: r^2 = \left(\frac{\eta^2 G}{1 - a^2}\right)^{1/2}, \qquad \cos \theta = a

so that the angle per step is sqrt(2 eta lam/n). Under AdamW r^2 is the dimension times the variance of one weight, and

.. math:: \cos \theta = \frac{a + b_1}{1 + a b_1}

with the second moment held fixed: **the angle per step is sqrt(2 eta k (1 - b_1)/(1 + b_1)) with k = lam/n, and not
sqrt(2 eta k)**. Successive steps share most of their momentum, so they turn together: sqrt(2 eta k) per square root of
a step is the rate of diffusion, seen at lags long against 1/(1 - b_1) and short against 1/(eta k).

Assumptions
-----------
1. Gradient: white Gaussian noise in the tangent space, in proportion to 1/norm. No drift.
2. AdamW: epsilon far below the gradient; bias corrections have worn off.
3. Dimension C large; corrections of first order in 1/C are included where `Rotation` says so.

Range: SGD a^2 > 1/2 (the norm settles without overshooting); AdamW 0 < eta lam/n < 2. Leading error: SGD of order
1/C^2 in norm and step angle, 1/C at longer lags; AdamW's correction of order 1/C is itself to first order in 1 - b_2,
and a third of it was found missing at b_2 = 0.93 (0.2% of the norm squared at C = 60). The relaxation under AdamW
(`theory.layer.norm_dynamics`) is good to 1%.

References
----------
Van Laarhoven, "L2 Regularization versus Batch and Weight Normalization", 2017 (arXiv:1706.05350); Li, Lyu and Arora,
NeurIPS 2020 (arXiv:2010.02916); Wan et al., "Spherical Motion Dynamics", NeurIPS 2021 (arXiv:2006.08419); Kosson,
Messmer and Jaggi, "Rotational Equilibrium", ICML 2024 (arXiv:2305.17212).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from theory.errors import InvalidArgument, NoEquilibrium
from theory.layer.norm_dynamics import slowest_factor
from theory.settings import SGD, AdamW, DecayRule, positive, whole_number
from theory.weight.equilibrium import equilibrium

__all__ = ["AdamWRotation", "Rotation", "SGDRotation", "rotation"]

PLAIN = SGD()


@dataclass(frozen=True)
class Rotation:
    """The rotational equilibrium of a scale-invariant weight vector (made by `rotation`).

    Attributes
    ----------
    n, lam, eta : float
        Number of training examples in the decay term, regularisation parameter, learning rate.
    dimension : int
        Number of weights of the vector, C.
    optimizer : SGD or AdamW
        Plain SGD or AdamW.
    grad_sq : float or None
        G = E ||g||^2 ||w||^2 (SGD).
    """

    n: float
    lam: float
    eta: float
    dimension: int
    optimizer: SGD | AdamW
    grad_sq: float | None

    @property
    def rate(self) -> float:
        """eta lam/n."""
        return self.eta * self.lam / self.n

    @property
    def shrink(self) -> float:
        """a = 1 - eta lam/n."""
        return 1 - self.rate

    @property
    def loss(self) -> float:
        """1 - a^2, without cancellation."""
        return self.rate * (2 - self.rate)

    @property
    def norm_sq(self) -> float:
        """E ||w||^2, with its correction of order 1/C."""
        raise NotImplementedError(f"{type(self).__name__} must give the norm.")

    @property
    def turn(self) -> float:
        """1 - mean cosine of the angle of one step, with its correction of order 1/C."""
        raise NotImplementedError(f"{type(self).__name__} must give the turn.")

    @property
    def angle(self) -> float:
        """Angle of one step in radians: arc cosine of 1 - `turn`."""
        return 2 * math.asin(math.sqrt(self.turn / 2))

    @property
    def diffusive_angle(self) -> float:
        """sqrt(2 eta lam/n): angle per square root of a step at long lags; under SGD also the angle of one step."""
        return math.sqrt(2 * self.rate)

    def cosine(self, lag: int) -> float:
        """Return the mean cosine of the angle turned in `lag` steps, for large dimension."""
        raise NotImplementedError(f"{type(self).__name__} must give the cosine.")

    @property
    def relaxation_time(self) -> float:
        """Steps in which a small deviation of the squared norm falls by e."""
        raise NotImplementedError(f"{type(self).__name__} must give the relaxation time.")


@dataclass(frozen=True)
class SGDRotation(Rotation):
    """Rotational equilibrium under plain SGD."""

    grad_sq: float

    @property
    def norm_spread(self) -> float:
        """Relative variance of ||w||^2: (1 - a^2) / (2 a^2 (C - 1))."""
        return self.loss / (2 * self.shrink**2 * (self.dimension - 1))

    @property
    def norm_sq(self) -> float:
        """E ||w||^2 = eta sqrt(G / (1 - a^2)) and half the norm's spread more."""
        return self.eta * math.sqrt(self.grad_sq / self.loss) * (1 + self.norm_spread / 2)

    @property
    def norm(self) -> float:
        """E ||w||."""
        return math.sqrt(self.eta) * (self.grad_sq / self.loss) ** 0.25 * (1 + self.norm_spread / 8)

    @property
    def turn(self) -> float:
        """1 - mean cosine of one step: eta lam/n, less by the norm's spread."""
        return self.rate * (1 - self.norm_spread)

    def cosine(self, lag: int) -> float:
        """Return a^lag: every step forgets the same fraction of the direction."""
        return float(self.shrink ** whole_number("lag", lag, least=0))

    @property
    def relaxation_time(self) -> float:
        """-1/ln(2 a^2 - 1): near its fixed point, r^2' = a^2 r^2 + eta^2 G / r^2 multiplies deviations by 2 a^2 - 1."""
        return -1 / math.log1p(-2 * self.loss)


@dataclass(frozen=True)
class AdamWRotation(Rotation):
    """Rotational equilibrium under AdamW."""

    optimizer: AdamW

    @cached_property
    def _weight(self) -> Any:
        return equilibrium(self.n, self.lam, self.eta, optimizer=self.optimizer)

    @property
    def stale(self) -> float:
        """Excess of E ||w||^2 of order 1/C: gradients still in m are no longer orthogonal to w."""
        b1, b2 = self.optimizer.beta1, self.optimizer.beta2
        return 2 * (1 - b2) / self.dimension * b1 / (1 - b1**2)

    @property
    def norm_sq(self) -> float:
        """E ||w||^2: C times the variance of one weight, and the stale part."""
        return float(self.dimension * self._weight.variance * (1 + self.stale))

    @property
    def turn(self) -> float:
        """1 - mean cosine of one step, less by the stale part."""
        return 1 - self.cosine(1)

    @property
    def fixed_cosine(self) -> float:
        """(a + b1)/(1 + a b1): the cosine of one step with the second moment held fixed."""
        a, b1 = self.shrink, self.optimizer.beta1
        return (a + b1) / (1 + a * b1)

    def cosine(self, lag: int) -> float:
        """Return the mean cosine of the angle turned in `lag` steps, with its correction of order 1/C.

        For large C it is W_lag / W_0 with W_T = a W_(T-1) + eta^2 sum over j of a^j C_(j+T), C_s the autocovariance of
        the step; the stale part divides what is missing to one.
        """
        whole_number("lag", lag, least=0)
        a, C = self.shrink, self._weight.law.steps.lags
        C = np.pad(C, (0, max(0, lag + 1 - len(C))))
        covariance = start = self._weight.variance
        for T in range(1, lag + 1):
            covariance = a * covariance + self.eta**2 * float(np.polynomial.polynomial.polyval(a, C[T:]))
        return float(1 - (1 - covariance / start) / (1 + self.stale))

    @property
    def relaxation_time(self) -> float:
        """From the slowest mode of norm and moments together: they lag behind the gradient's scale 1/norm."""
        return -1 / math.log(slowest_factor(self.shrink, self.optimizer.beta1, self.optimizer.beta2))


def rotation(
    n: float,
    lam: float,
    eta: float,
    *,
    dimension: int,
    grad_sq: float | None = None,
    optimizer: SGD | AdamW = PLAIN,
) -> SGDRotation | AdamWRotation:
    """Predict where the norm of a scale-invariant weight vector settles, and how fast its direction turns.

    Parameters
    ----------
    n, lam, eta : float
        As in `theory.equilibrium`.
    dimension : int
        Number of weights of the vector, at least 2.
    grad_sq : float, optional
        G = E ||g||^2 ||w||^2, the mean square of the gradient at unit norm. Needed for SGD; AdamW does not see it.
    optimizer : SGD or AdamW
        Plain SGD (default) or AdamW.

    Returns
    -------
    Rotation
        With `.norm_sq`, `.angle`, `.turn`, `.cosine(lag)`, `.diffusive_angle` and `.relaxation_time`.

    Raises
    ------
    InvalidArgument
        A number out of range, or grad_sq missing for SGD.
    NoEquilibrium
        If eta lam/n is too large for the norm to settle; the message gives the largest eta.
    NotImplementedError
        For momentum SGD, Adam with coupled decay, and Lion.

    Examples
    --------
    >>> import theory
    >>> sgd = rotation(50_000, 5.0, 0.1, dimension=100, grad_sq=1.0)
    >>> print(f"{sgd.angle:.6f} {sgd.diffusive_angle:.6f}")
    0.004472 0.004472
    >>> adamw = rotation(50_000, 5.0, 0.1, dimension=100, optimizer=theory.AdamW())
    >>> print(f"{adamw.angle:.6f} {adamw.diffusive_angle:.6f}")
    0.001026 0.004472
    """
    DecayRule(n, lam, eta)
    positive("lam", lam, "Without decay the norm grows without bound.")
    whole_number("dimension", dimension, least=2)
    if isinstance(optimizer, SGD) and optimizer.momentum == 0:
        if grad_sq is None:
            raise InvalidArgument("grad_sq must be given for SGD, got None. Give E ||g||^2 ||w||^2.")
        positive("grad_sq", grad_sq)
        limit = 1 - math.sqrt(0.5)
        if eta * lam / n >= limit:
            raise NoEquilibrium(
                f"the norm does not settle: (1 - eta lam/n)^2 must be above 1/2, got eta lam/n = {eta * lam / n:g}. "
                f"Take eta below {limit * n / lam:g}."
            )
        return SGDRotation(n, lam, eta, dimension, optimizer, grad_sq)
    if isinstance(optimizer, AdamW):
        result = AdamWRotation(n, lam, eta, dimension, optimizer, grad_sq)
        result._weight  # noqa: B018  (refuses what has no equilibrium, now and not later)
        return result
    raise NotImplementedError(f"rotation under {optimizer} is not derived. Available: plain SGD, and AdamW.")
