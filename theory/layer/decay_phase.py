r"""How long decay alone takes to bring a layer down, and when its tail-off is seen.

.. math:: t = \frac{\ln(r_0/s)}{-\ln a}

steps from the scale r_0 to s, :math:`a = 1 - \eta\lambda/n`: about :math:`(m / \eta\lambda) \ln(r_0/s)` epochs.

Assumptions
-----------
1. Until the tail the gradient neither feeds nor eats the layer: decay dominates.
2. For `tail_off`: whatever holds the layer at s acts like noise without memory, so that the transient of
   `theory.weight.derivations.plain` applies with the stationary variance s^2.

Range: 0 < eta lam / n < 1. Exact under the assumptions.

References
----------
Nielsen, *Neural Networks and Deep Learning*, 2015, chapter 3, for the rate per epoch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from theory.errors import InvalidArgument
from theory.settings import positive
from theory.weight.equilibrium import Equilibrium, equilibrium

__all__ = ["DecayPhase", "decay_phase"]


@dataclass(frozen=True)
class DecayPhase:
    """The fall of a layer from `start` to `scale`. Made by `decay_phase`.

    Attributes
    ----------
    steps, epochs : float
        How long decay alone takes from `start` to `scale`.
    start, scale : float
    """

    steps: float
    epochs: float
    start: float
    scale: float
    _held: Equilibrium

    def tail_off(self, within: float = 0.05) -> int:
        """Return the step from which the rms is within `within` of `scale`, if something holds it there."""
        return int(self._held.tail_off(self.start, within))


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

    Examples
    --------
    The question's settings, down to 1/sqrt(784): more than twice the 30 epochs that were run.

    >>> print(f"{decay_phase(50_000, 5.0, 0.1, start=1.0, scale=784**-0.5, batch_size=10).epochs:.1f}")
    66.6
    """
    positive("start", start)
    positive("scale", scale)
    if scale >= start:
        raise InvalidArgument(f"scale must be below start = {start:g}, got {scale:g}: decay does not raise weights.")
    bare = equilibrium(n, lam, eta)
    per_epoch = math.log(bare.shrink_per_epoch(batch_size))
    epochs = math.log(scale / start) / per_epoch
    held = equilibrium(n, lam, eta, noise=bare.noise * scale / bare.scale)  # the noise that holds a weight at `scale`
    return DecayPhase(epochs * n / batch_size, epochs, start, scale, held)
