r"""What a framework does with a number that it calls weight decay.

.. math:: w' = (1 - f) w, \qquad f = c v \prod_i q_i^{p_i}

Every convention takes a fraction f of the weight per step that is the number v times powers of what else is set: the
learning rate, its peak, the size of the tensor. Where the decay is part of the gradient (coupled), f is what plain
gradient descent takes; momentum and normalisation then act on it as on the rest of the gradient.

Assumption: what the source that each row names does. Exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from theory.errors import InvalidArgument
from theory.settings import non_negative, one_number, positive
from theory.settings.checks import shown

__all__ = ["QUANTITIES", "Convention"]

QUANTITIES = {
    "lr": "the learning rate of the step",
    "max_lr": "the largest learning rate of the run, from which the schedule falls",
    "initial_lr": "the learning rate that the optimizer was made with",
    "rms": "the rms of the tensor's weights, not below the optimizer's eps[1]",
    "n": "the number of training examples",
}


@dataclass(frozen=True)
class Convention:
    """What one framework's optimizer does with its weight decay (a row of `theory.conventions`).

    Attributes
    ----------
    name : str
        Framework and class, such as "torch.AdamW"; an argument in brackets where it matters.
    kind : {"decoupled", "coupled", "averaged"}
        Beside the gradient, part of the gradient, or taken where no weight is (schedule-free).
    coefficient : float
        c.
    powers : tuple of (str, int)
        The quantities q_i by name, and p_i.
    source : str
        Where it was read: file or document, and version.
    linear : bool
        Whether a coupled decay goes into gradient descent that does not normalise the gradient.
    verified : bool
        Whether the source was read for this table.
    note : str
        What else to know.
    """

    name: str
    kind: str
    coefficient: float
    powers: tuple[tuple[str, int], ...]
    source: str
    linear: bool = False
    verified: bool = True
    note: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of what the fraction depends on besides the number itself."""
        return tuple(name for name, _ in self.powers)

    @property
    def power_of_lr(self) -> int:
        """How the fraction follows a learning-rate schedule: not (0), in proportion (1), as its square (2)."""
        return dict(self.powers).get("lr", 0)

    @property
    def formula(self) -> str:
        """The fraction of the weight that one step takes, in words."""
        if self.kind == "averaged":
            return "not a fraction of the weight"
        front = "" if self.coefficient == 1 else f"{self.coefficient:g} "
        above = " ".join(_power(name, p) for name, p in self.powers if p > 0)
        below = " ".join(_power(name, -p) for name, p in self.powers if p < 0)
        return f"{front}{above} wd".replace("  ", " ").strip() + (f" / {below}" if below else "")

    def per_step(self, value: float, **quantities: float | None) -> float:
        """Return the fraction of the weight that one step takes; coupled: that plain gradient descent takes.

        Parameters
        ----------
        value : float
            The framework's weight decay.
        **quantities : float
            `lr`, `max_lr`, `initial_lr`, `rms`, `n`: what `needs` lists.

        Raises
        ------
        InvalidArgument
            If something is missing or out of range, or the convention takes no fraction of the weight.

        Examples
        --------
        >>> import theory
        >>> theory.conventions["torch.AdamW"].per_step(0.1, lr=1e-3)
        0.0001
        """
        non_negative("value", one_number("value", value))
        self.refuse_averaged()
        return float(value * self.coefficient * product(dict(self.powers), quantities, self.name))

    def refuse_averaged(self) -> None:
        """Raise InvalidArgument where the decay takes no fraction of the weight."""
        if self.kind == "averaged":
            raise InvalidArgument(
                f"source and target must take a fraction of the weight per step, got {self.name}: {self.note} "
                "Its rms is theory.trajectory's to say."
            )


def product(powers: Mapping[str, int], quantities: Mapping[str, float | None], name: str) -> float:
    """Return the product of the quantities' powers; InvalidArgument asks by name for what is missing."""
    unknown = sorted(set(quantities) - set(QUANTITIES))
    if unknown:
        raise InvalidArgument(f"a quantity must be one of {', '.join(QUANTITIES)}, got {shown(unknown[0])}.")
    result = 1.0
    for key, given in quantities.items():
        if given is not None:
            positive(key, one_number(key, given), f"Give {QUANTITIES[key]}.")
    for key, power in powers.items():
        value = quantities.get(key)
        if not power:
            continue
        if value is None:
            raise InvalidArgument(f"{key} must be given for {name}, got None. Give {QUANTITIES[key]}.")
        result *= float(value) ** power
    return result


def _power(name: str, power: int) -> str:
    return name if power == 1 else f"{name}^{power}"
