r"""Scale-invariant weights under AdamW: the norm is one weight's, and one step turns less than diffusion suggests.

The squared norm is the dimension times the variance of one weight (`theory.weight.laws.second_moment`), and with the
second moment held fixed one step turns by

.. math:: \cos \theta = \frac{a + b_1}{1 + a b_1}

so that **the angle per step is sqrt(2 eta k (1 - b_1)/(1 + b_1)) with k = lam/n, and not sqrt(2 eta k)**. Successive
steps share most of their momentum, so they turn together: sqrt(2 eta k) per square root of a step is the rate of
diffusion, seen at lags long against 1/(1 - b_1) and short against 1/(eta k). With v alive the turn of T steps is that
of any normalised step (`theory.layer.rotation_normalised`).

At finite dimension C gradients still in the first moment are no longer orthogonal to w, as w has turned since. That
raises the norm and lowers 1 - cos by the factor 1 + e,

.. math:: e = \frac{2 (1 - b_2)}{C} \frac{b_1}{1 - b_1^2}

and the mean angle is less than the arc cosine of the mean cosine, as the squared angle of one step varies by 2/C:

.. math:: E \theta_1 = \left(1 - \frac{1}{4 C}\right) \arccos (E \cos \theta_1)

Assumptions
-----------
1. Gradient: white Gaussian noise in the tangent space, in proportion to 1/norm. No drift.
2. epsilon far below the gradient; bias corrections have worn off.
3. Dimension C large; corrections of first order in 1/C, themselves to leading order in 1 - b_2.

Range: 0 < eta lam/n < 2. Leading error: of order (1 - b_2)/C. Measured at b_1 = 0.9: the norm squared is high by 0.1/C
of itself at b_2 = 0.95, and 1 - cos low by 0.2/C at b_2 = 0.95 (1% at C = 17) and 0.03/C at b_2 = 0.99. The relaxation
(`theory.layer.norm_dynamics`) is good to 1%.

References
----------
Wan et al., "Spherical Motion Dynamics", NeurIPS 2021 (arXiv:2006.08419); Kosson, Messmer and Jaggi, "Rotational
Equilibrium", ICML 2024 (arXiv:2305.17212).
"""

from __future__ import annotations

from dataclasses import dataclass

from theory.layer.norm_dynamics import near_equilibrium
from theory.layer.rotation_normalised import NormalisedRotation
from theory.settings import AdamW

__all__ = ["AdamWRotation"]


@dataclass(frozen=True)
class AdamWRotation(NormalisedRotation):
    """Rotational equilibrium under AdamW."""

    optimizer: AdamW

    @property
    def stale(self) -> float:
        """Excess of E ||w||^2 of order 1/C: gradients still in m are no longer orthogonal to w."""
        b1, b2 = self.optimizer.beta1, self.optimizer.beta2
        return 2 * (1 - b2) / self.dimension * b1 / (1 - b1**2)

    @property
    def norm_sq(self) -> float:
        """E ||w||^2: C times the variance of one weight, and the stale part."""
        return super().norm_sq * (1 + self.stale)

    @property
    def fixed_cosine(self) -> float:
        """(a + b1)/(1 + a b1): the cosine of one step with the second moment held fixed."""
        a, b1 = self.shrink, self.optimizer.beta1
        return (a + b1) / (1 + a * b1)

    def turned(self, lag: int) -> float:
        """Return 1 - mean cosine of the angle turned in `lag` steps, less by the stale part."""
        return super().turned(lag) / (1 + self.stale)

    @property
    def relaxation_time(self) -> float:
        """From the slowest mode of norm and moments together: they lag behind the gradient's scale 1/norm."""
        return float(near_equilibrium(self.rate, self.optimizer.beta1, self.optimizer.beta2).relaxation_time())
