r"""Scale-invariant weights under a decoupled normalised step: the norm is one weight's, and the step angle follows.

Lion's and Signum's signs, and NAdam's step with decoupled decay; AdamW's but for corrections of order 1/C.

.. math:: E \|w\|^2 = C V

with the dimension C and the variance V of one weight (`theory.weight.laws.normalised`): a step that does not see the
size of the gradient does not see the norm either. With x = 1 - a = eta lam/n, :math:`C_s = E u_t u_{t+s}` the
autocovariance of the step and :math:`p_T = \sum_{j \ge 0} a^j C_{T+j}`,

.. math:: 1 - \cos \theta_T = \frac{x (2 - x) D_T}{S}
.. math:: D_T = a D_{T-1} + \frac{C_0 - x p_1}{2 - x} + \sum_{s=1}^{T-1} (C_s - x p_{s+1})

where S = 2 p_0 - C_0 and D_0 = 0: every term is positive at small x, so nothing cancels. So one step turns by about
:math:`\sqrt{2 x C_0/S(1)}`: under Lion's defaults 6.8 times less than the diffusive :math:`\sqrt{2 x}`.

The mean angle is less than the arc cosine of the mean cosine, as the squared angle of one step varies by 2/C; of a step
of signs, whose length is fixed, it is not.

Assumptions
-----------
1. Gradient: white Gaussian noise in the tangent space, in proportion to 1/norm. No drift.
2. Large dimension: corrections of order 1/C are left out (AdamW's own are in `theory.layer.rotation_adamw`).
3. For the relaxation time, of signs alone: the memory of the gradients is short against the return of the norm.

Range: 0 < eta lam/n < 2. Leading error, measured under signs at memories of 0.8 and 0.9: the squared norm is low by
0.9/C of itself, 1 - cos high by 1.1/C. Under NAdam the second moment lags behind the norm, and how fast the norm
returns is not derived.

References
----------
Wan et al., "Spherical Motion Dynamics", NeurIPS 2021 (arXiv:2006.08419); Kosson, Messmer and Jaggi, "Rotational
Equilibrium", ICML 2024 (arXiv:2305.17212), for the leading order and for Lion's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from theory.layer.rotational_equilibrium import Rotation
from theory.settings import Lion, Signum, whole_number
from theory.weight.equilibrium import equilibrium
from theory.weight.laws.normalised import NormalisedLaw

__all__ = ["NormalisedRotation"]

OF_SIGNS = (Lion, Signum)
FORGOTTEN = 1e-20  # of C_0: from the lag on at which no mode exceeds it


@dataclass(frozen=True)
class NormalisedRotation(Rotation):
    """Rotational equilibrium under a decoupled normalised step."""

    @cached_property
    def law(self) -> NormalisedLaw:
        """That of one weight."""
        return cast(NormalisedLaw, equilibrium(self.n, self.lam, self.eta, optimizer=self.optimizer).law)

    @property
    def norm_sq(self) -> float:
        """E ||w||^2: C times the variance of one weight."""
        return self.dimension * float(self.law.variance)

    def turned(self, lag: int) -> float:
        """Return 1 - mean cosine of the angle turned in `lag` steps, without cancellation."""
        from scipy.signal import lfilter

        if whole_number("lag", lag, least=0) == 0:
            return 0.0
        x, a = self.rate, self.shrink
        alone, C, p = self._lags(lag)
        gains = np.concatenate([[(alone - x * p[0]) / (2 - x)], C[: lag - 1] - x * p[1:lag]])
        D = lfilter([1], [1, -a], np.cumsum(gains))[-1]
        return float(D * self.lost_fraction / self.law.summed(a))

    def _lags(self, count: int) -> tuple[float, np.ndarray, np.ndarray]:
        """Return C_0, and C_s and p_s for s = 1, 2, ..., count."""
        alone, first, factor = self.law.modes()
        C, p = np.zeros(count), np.zeros(count)
        ahead = 1 / (1 - self.shrink * factor)
        now = np.array(first, dtype=float)
        for s in range(count):
            C[s], p[s] = now.sum(), now @ ahead
            now *= factor
            if np.abs(now).max() < FORGOTTEN * alone:
                break
        return float(alone), C, p

    @property
    def angle(self) -> float:
        """Mean angle of one step in radians, from the mean cosine."""
        varies = 0 if isinstance(self.optimizer, OF_SIGNS) else 1 / (4 * self.dimension)
        return 2 * math.asin(math.sqrt(self.turn / 2)) * (1 - varies)

    @property
    def relaxation_time(self) -> float:
        """Steps in which a small deviation of the squared norm falls by e: those of the mean square of one weight.

        Raises
        ------
        NotImplementedError
            For NAdam: a second moment lags behind the norm.
        """
        if not isinstance(self.optimizer, OF_SIGNS):
            raise NotImplementedError(
                f"relaxation_time is not derived for {type(self.optimizer).__name__}, whose second moment lags behind "
                "the norm. Available: Lion, Signum, AdamW, RAdam and SGD; here norm_sq, turn and angle."
            )
        return float(self.law.settling_time)
