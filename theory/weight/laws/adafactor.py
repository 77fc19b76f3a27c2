r"""Adafactor: the step is relative to the rms of the whole tensor, and slows down as one over the root of time.

.. math:: r'^2 = (1 - \eta \lambda/n)^2 r^2 + \max(\epsilon_2^2, r^2) \rho_t^2 C_t, \qquad
   \rho_t = \min(\eta, t^{-1/2})

for the rms r of a tensor of N weights, with the clipped mean square :math:`C_t = E \min(X, d^2)` of the normalised
gradient. X is Gaussian with, to first order in the weights :math:`p_i` of the second moment's memory,

.. math:: E X = 1 - 2 F (p_t - P_t), \qquad \mathrm{Var} X = \frac{2}{N} (1 - 2 p_t + P_t)

:math:`P_t = \sum_i p_i^2`; F is 1 for a vector and 1/A + 1/B - 1/(A B) for a matrix, of which the second moment knows
the means of rows and columns only. At d = 1 the clip acts half the time. The noise drops out. Above eps_2 the rms
changes by factors, and without decay noise alone makes it grow as a power of time; below, it falls for ever.

Assumptions
-----------
1. The gradient is white Gaussian noise, the same for all weights of the tensor, without curvature; `eps[0]` is far
   below its variance.
2. The tensor is large: its rms is as good as sharp.

Range: any schedule, N of 100 and more. Error of r^2: 1% for a matrix, 2% for a vector of 1000.

References
----------
Shazeer and Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", ICML 2018 (arXiv:1804.04235). The
law is this package's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from theory.algebra.scan import affine_scan
from theory.errors import InvalidArgument
from theory.settings import Adafactor
from theory.weight.law import Law, law_of
from theory.weight.laws.unsettled import UnsettledLaw
from theory.weight.problem import Problem
from theory.weight.rates import Rates, fall

__all__ = ["AdafactorLaw"]

OF_MATRICES, OF_VECTORS = 0.01, 0.02  # relative error of r^2, measured


@law_of.register
def _(optimizer: Adafactor) -> Callable[[Problem], Law]:
    del optimizer  # the problem has it
    return AdafactorLaw


class AdafactorLaw(UnsettledLaw):
    """The law of Adafactor, along a path."""

    needs_noise = False

    @property
    def accuracy(self) -> float:
        """Relative error of E w^2 along the path, measured."""
        return OF_VECTORS if len(self.shape) == 1 else OF_MATRICES

    @property
    def reason(self) -> str:
        """Its steps fall for ever."""
        return "its relative step falls as t^(-1/2) and is measured by the tensor's own rms"

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the tensor."""
        shape = self.problem.shape
        if not shape:
            raise InvalidArgument(
                "shape must be given for Adafactor, got None: its step depends on the tensor's. Write shape=(rows, "
                "columns), or shape=(length,) for a vector."
            )
        return shape

    def clipped_square(self, steps: int) -> np.ndarray:
        """Return C_t for every step, shape (T,)."""
        from scipy.special import ndtr

        optimizer, shape = self.problem.optimizer, self.shape
        newest = np.arange(1.0, steps + 1) ** optimizer.beta2_decay
        squares = affine_scan(((1 - newest) ** 2)[:, None], (newest**2)[:, None], np.zeros(1))[1:, 0]
        own = 1.0 if len(shape) == 1 else 1 / shape[-2] + 1 / shape[-1] - 1 / (shape[-2] * shape[-1])
        mean = 1 - 2 * own * (newest - squares)
        spread = np.sqrt(2 / math.prod(shape) * (1 - 2 * newest + squares))
        room = optimizer.d**2 - mean
        z = room / np.maximum(spread, np.finfo(float).tiny)
        density = np.exp(-np.minimum(z**2, 1400) / 2) / math.sqrt(2 * math.pi)
        return np.asarray(optimizer.d**2 - room * ndtr(z) - spread * density)  # E min of a Gaussian and a number

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 along the run: the mean square of the tensor."""
        at = self.problem
        for name in ("curvature", "correlation"):
            if getattr(at, name) != 0:
                raise NotImplementedError(
                    f"Adafactor has no derived form with a {name}, got {getattr(at, name)!r}. Available: white noise "
                    "without curvature."
                )
        relative = np.minimum(rates.lr, np.arange(1.0, rates.steps + 1) ** -0.5)
        added = (relative**2 * self.clipped_square(rates.steps)).tolist()
        kept = ((1 - rates.lr * rates.decay) ** 2).tolist()
        floor, square = at.optimizer.eps[1] ** 2, start**2
        out = [square]
        for keeps, adds in zip(kept, added, strict=True):
            square = keeps * square + max(floor, square) * adds
            out.append(square)
        return np.array(out)

    def forgetting(self, rates: Rates) -> np.ndarray:
        """Return by which power of e the mean weight falls in every step: the decay's."""
        return fall(rates.lr * rates.decay)
