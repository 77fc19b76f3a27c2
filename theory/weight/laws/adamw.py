r"""AdamW: the scale at which decay holds a weight whose steps are divided by the root of their own second moment.

.. math:: E w^2 = \frac{\eta^2 S(a)}{1 - a^2}

with S(a) by quadrature over a live second moment (`theory.weight.laws.second_moment`). Its leading order is
eta / (2 lam/n), whatever the noise. Held at its mean the second moment gives a heavy ball, and to first order in
1 - b_2 it differs from that by a factor (`theory.weight.derivations.adam`). From its first step on:
`theory.weight.laws.live_start`. With curvature: `theory.weight.laws.adamw_curved`.

Assumptions
-----------
1. The gradient is white noise, Gaussian but for the first-order factor; epsilon is far below its standard deviation.
2. For the equilibrium: both moments are stationary, the corrections of their bias have worn off.

Range: 0 < eta lam/n < 2 and b_2 >= 0.05. Error: about 1e-8, 1e-6 for b_2 < 0.7; of the first-order factor, second order
in 1 - b_2 (0.13% for b_1, b_2 >= 0.9 and Gaussian noise).

References
----------
Loshchilov and Hutter, ICLR 2019 (arXiv:1711.05101); Kosson, Messmer and Jaggi, ICML 2024 (arXiv:2305.17212), for the
leading order. The corrections are derived here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from theory.settings import AdamW, positive
from theory.settings.types import Value
from theory.weight.law import Law, law_of
from theory.weight.laws.adam_steps import AdamSteps, refuse_eps
from theory.weight.laws.amsgrad import DecoupledDrifts
from theory.weight.laws.live_start import live_errors, live_path
from theory.weight.laws.normalised import NormalisedLaw
from theory.weight.minimising import minimising
from theory.weight.problem import Problem
from theory.weight.rates import Rates

__all__ = ["AdamWLaw", "adamw_law", "first_order_factor"]


@law_of.register
def _(optimizer: AdamW) -> Callable[[Problem], Law]:
    if optimizer.amsgrad:
        return lambda problem: AMSGradWLaw(minimising(problem))
    return adamw_law


def adamw_law(problem: Problem) -> Law:
    """Return the law of AdamW, with or without curvature."""
    problem = minimising(problem)
    if np.any(problem.curvature != 0):
        from theory.weight.laws.adamw_curved import CurvedAdamWLaw

        return CurvedAdamWLaw(problem)
    return AdamWLaw(problem)


class AdamWLaw(AdamSteps, NormalisedLaw):
    """The law of AdamW with its second moment alive: exact up to numerical integration."""

    method = "quadrature"

    @property
    def accuracy(self) -> float:
        """Relative error of the variance."""
        return 1e-7 if self.betas[1] >= 0.7 else 1e-6

    def refuse_unknown(self) -> None:
        """Raise NotImplementedError for curvature, noise with a memory, and an epsilon that shows."""
        super().refuse_unknown()
        refuse_eps(self.problem)

    def modes(self) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the modes b1 (b1 b2^k)^s: C_s / b1^s is a smooth function of b2^s, here a polynomial of it."""
        return self.steps.alone, self.steps.first, self.steps.factor

    @property
    def memory(self) -> float:
        """Factor per step by which the first moment forgets."""
        return self.betas[0]

    def path(self, rates: Rates, start: float) -> np.ndarray:
        """Return E w^2 along the run from empty moments."""
        self.refuse_unknown()
        return live_path(self, rates, start)

    def path_errors(self, rates: Rates, variance: np.ndarray) -> np.ndarray:
        """Return the relative error of what every step adds: the second moment's start is known to first order."""
        del variance
        return live_errors(self, rates.steps, self.accuracy)


@lru_cache
def _first_order_law() -> Callable[..., Value]:
    import sympy as sp

    from theory.weight.derivations.adam import b1, b2, first_order, kappa

    return sp.lambdify((b1, b2, kappa), first_order(), "numpy")


def first_order_factor(optimizer: AdamW, kurtosis: float = 3.0) -> float:
    """Return S_1: the variance with a live second moment over that with a fixed one, to first order in 1 - beta2.

    Parameters
    ----------
    optimizer : Adam
        Its betas.
    kurtosis : float
        E g^4 / sigma^4 of the noise: 3 for a Gaussian, 6 for a Laplace distribution, 1 for signs.

    Returns
    -------
    float
        For any symmetric noise; compare `theory.equilibrium`, which is exact but Gaussian.

    Examples
    --------
    >>> adamw = AdamW((0.9, 0.99))
    >>> print(f"{first_order_factor(adamw):.5f} {first_order_factor(adamw, kurtosis=6.0):.5f}")
    0.99148 0.97871
    """
    positive("kurtosis", kurtosis)
    return float(_first_order_law()(*optimizer.betas, kurtosis))


class AMSGradWLaw(DecoupledDrifts, AdamWLaw):
    """The law with amsgrad=True: nothing is stationary (`theory.weight.laws.amsgrad`)."""
