r"""How long decay alone takes to bring a layer down, and when its tail-off is seen.

.. math:: t = \frac{\ln(r_0/s)}{-\ln a}

steps from the scale r_0 to s, :math:`a = 1 - \eta\lambda/n`: about :math:`(m / \eta\lambda) \ln(r_0/s)` epochs of
n / m steps.

Assumptions
-----------
1. Before the tail the gradient neither feeds the layer nor drains it: decay dominates.
2. For `tail_off`: whatever holds the layer at s acts like noise without memory, so that the transient of
   `theory.weight.derivations.plain` applies with the stationary variance s^2.

Range: 0 < eta lam / n < 1. Exact under the assumptions.

References
----------
Nielsen, *Neural Networks and Deep Learning*, 2015, chapter 3, for the rate per epoch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from theory.algebra.derived import derived
from theory.errors import InvalidArgument
from theory.settings import check_batch, check_range, one_number, positive, representable, whole_number
from theory.settings.notebook import InNotebook
from theory.weight.equilibrium import Equilibrium, equilibrium

if TYPE_CHECKING:
    from theory.algebra.proof import Derivation

__all__ = ["DecayPhase", "decay_phase", "derive_decay_phase"]


@dataclass(frozen=True)
class DecayPhase(InNotebook, answer=("epochs",)):
    """The fall of a layer from `start` to `scale`. Made by `decay_phase`.

    Attributes
    ----------
    steps, epochs : float
        How long decay alone takes from `start` to `scale`.
    start, scale : float
        Root mean square of the weights at the start and at the end.
    """

    steps: float
    epochs: float
    start: float
    scale: float
    _held: Equilibrium

    def tail_off(self, within: float = 0.05) -> int:
        """Return the step from which the rms is within `within` of `scale`, if something holds it there."""
        return int(self._held.tail_off(self.start, one_number("within", within)))


@derived
def derive_decay_phase() -> Derivation:
    """Derive the number of steps in SymPy; return a Derivation.

    Examples
    --------
    >>> derive_decay_phase().check().result
    -log(r_0/s)/log(a)
    """
    import sympy as sp

    from theory.algebra.proof import Derivation, Step

    a, start, scale, t = sp.symbols("a r_0 s t", positive=True)
    after = sp.Symbol("r_t", positive=True)
    steps = -sp.log(start / scale) / sp.log(a)
    chain = (
        Step(
            "scale after t steps",
            sp.Eq(after, a**t * start),
            "Without a gradient a step multiplies every weight by a.",
            lambda eq: [eq.rhs.subs(t, t + 1) - a * eq.rhs, eq.rhs.subs(t, 0) - start],
        ),
        Step(
            "steps",
            sp.Eq(t, steps),
            "The t at which the scale is s.",
            lambda eq: [sp.log(start / scale) + sp.log(a) * eq.rhs],
        ),
    )
    return Derivation(chain, steps)


@lru_cache
def _steps() -> Callable[[float, float, float], float]:
    """Compile the derived number of steps as a function of x = 1 - a, r_0 and s; the logarithm keeps its digits."""
    import sympy as sp
    from sympy.codegen.cfunctions import log1p

    a, start, scale = sp.symbols("a r_0 s", positive=True)
    x = sp.Symbol("x", positive=True)
    return sp.lambdify([x, start, scale], derive_decay_phase().result.subs(sp.log(a), log1p(-x)))


@representable
def decay_phase(n: float, lam: float, eta: float, *, start: float, scale: float, batch_size: int) -> DecayPhase:
    """Predict how long a layer takes to fall from one scale to another by decay alone.

    Parameters
    ----------
    n, lam, eta : float
        Training examples in the decay term, regularisation parameter, learning rate per step.
    start, scale : float
        Root mean square of the weights at the start, and where something else takes over; scale below start.
    batch_size : int
        Examples per step.

    Returns
    -------
    DecayPhase
        `.steps`, `.epochs`, `.tail_off(within)`.

    Raises
    ------
    InvalidArgument
        If a number is out of range, or `scale` is not below `start`: decay does not raise weights.
    NoEquilibrium
        If lam is zero: without decay nothing falls.

    References
    ----------
    See the module's docstring.

    Examples
    --------
    The question's settings, down to 1/sqrt(784): more than twice the 30 epochs that were run.

    >>> print(f"{decay_phase(50_000, 5.0, 0.1, start=1.0, scale=784**-0.5, batch_size=10).epochs:.1f}")
    66.6
    """
    n, lam, eta = one_number("n", n), one_number("lam", lam), one_number("eta", eta)
    start, scale = one_number("start", start), one_number("scale", scale)
    positive("start", start)
    positive("scale", scale)
    whole_number("batch_size", batch_size)
    check_batch(batch_size, n)
    if scale >= start:
        raise InvalidArgument(f"scale must be below start = {start:g}, got {scale:g}: decay does not raise weights.")
    bare = equilibrium(n, lam, eta)
    x = eta * lam / n
    check_range("eta lam / n", x, 0, 1, hint="The weights would change their sign. Take a smaller eta.")
    steps = float(_steps()(x, start, scale))
    held = equilibrium(n, lam, eta, noise=bare.noise * scale / bare.scale)  # the noise that holds a weight at `scale`
    return DecayPhase(steps, steps * batch_size / n, start, scale, held)
