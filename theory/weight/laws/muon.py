r"""Muon: the scale at which decay holds a matrix whose steps are orthogonalised.

.. math:: E w^2 = \frac{\eta_A^2}{(1 - a^2) M} \left(C_0 + 2 \sum_{j=0}^{\infty} c_j^2
   \frac{q^{2j+1} a \mu^{2j+1}}{1 - a \mu^{2j+1}}\right)

with :math:`a = 1 - \eta\lambda/n`, the adjusted learning rate :math:`\eta_A`, the larger side M, and q for which the
update, whose orthogonalisation is the step, has the autocorrelation q mu^s at lag s >= 1. It is Lion's direction with
b_1 = mu^2 and b_2 = mu (Nesterov), or both mu. C_0 and c_j are those of `theory.weight.laws.orthogonalised`. The noise
per weight drops out. The way there, from an empty buffer: `theory.weight.laws.directed`.

Assumptions
-----------
1. The gradient is white Gaussian noise, independent from entry to entry: no curvature, no memory.
2. The matrix is large. Rounding to bfloat16 is neglected (0.3%).

Range: 0 < eta lam/n < 2, and a smaller side of at least 4. Measured error of the variance: 36% over the smaller side,
high, and at least 1%.

References
----------
Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024: the rule. Liu et al., "Muon is scalable
for LLM training", 2025 (arXiv:2502.16982): the decay, and the matching of AdamW's rms.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from theory.errors import InvalidArgument
from theory.settings import Muon
from theory.weight.law import Law, law_of
from theory.weight.laws.directed import DirectedLaw, filtered_square
from theory.weight.laws.odd_series import OddSeries
from theory.weight.laws.orthogonalised import orthogonalised
from theory.weight.problem import Problem

__all__ = ["MuonLaw"]

LEAST_SIDE, LARGE_SIDE, MEASURED = 4, 36, 0.01


@law_of.register
def _(optimizer: Muon) -> Callable[[Problem], Law]:
    del optimizer  # the problem has it
    return MuonLaw


class MuonLaw(DirectedLaw):
    """The law of Muon, for a weight of a matrix."""

    method = "approximate"

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        shape = problem.shape
        if shape is None or len(shape) != 2:
            raise InvalidArgument(
                f"shape must be the rows and columns of the matrix for Muon, got {shape}. Write shape=(768, 3072); "
                "vectors and other tensors are trained by another optimizer beside it."
            )
        self.shape = shape

    @property
    def accuracy(self) -> float:
        """Relative error of the variance, measured."""
        return MEASURED * max(1.0, LARGE_SIDE / min(self.shape))

    @property
    def betas(self) -> tuple[float, float]:
        """Of Lion's direction that is Muon's: Nesterov's looks ahead by (1 - mu) g + mu (mu m + (1 - mu) g)."""
        mu = self.problem.optimizer.momentum
        return (mu**2 if self.problem.optimizer.nesterov else mu), mu

    @property
    def adjusted(self) -> float:
        """By what the learning rate is multiplied on the step."""
        rows, columns = self.shape
        if self.problem.optimizer.adjust_lr_fn == "match_rms_adamw":
            return 0.2 * math.sqrt(max(rows, columns))
        return math.sqrt(max(1.0, rows / columns))

    def series_up_to(self, largest: float) -> OddSeries:
        """Return the autocovariance of an entry of the adjusted step, over the learning rate."""
        matrices = orthogonalised(self.problem.optimizer, self.shape, largest)
        share = self.adjusted**2 / max(self.shape)  # of tr O O^T / r to one entry
        return OddSeries(share * matrices.alone, share * matrices.coefficients, matrices.largest)

    def refuse_unknown(self) -> None:
        """Raise NotImplementedError for what is not derived: small matrices, curvature, a noise with memory."""
        super().refuse_unknown()
        if min(self.shape) < LEAST_SIDE:
            raise NotImplementedError(
                f"Muon is known for large matrices, got shape = {self.shape}. Both sides must be at least {LEAST_SIDE}."
            )
        at = self.problem
        if at.noise_known and not at.symbolic:
            norm = np.min(at.noise) * math.sqrt(self.shape[0] * self.shape[1] * filtered_square(*self.betas))
            if norm < 2 * at.optimizer.eps:
                raise NotImplementedError(
                    f"Muon is known where eps does not show, got eps = {at.optimizer.eps:g} and an averaged gradient "
                    f"of norm {norm:g}. Take a smaller eps."
                )
