"""The number of one framework that does what the number of another does."""

from __future__ import annotations

from collections.abc import Mapping

from theory.errors import InvalidArgument
from theory.settings import check_fraction, non_negative, one_number
from theory.words.convention import Convention, product
from theory.words.conventions import conventions

__all__ = ["follows_the_schedule", "not_needed", "translate"]


def translate(
    value: float, *, source: str, target: str, momentum: float | None = None, **quantities: float | None
) -> float:
    """Return the weight decay of `target` that takes the same fraction of the weight per step as `value` of `source`.

    Parameters
    ----------
    value : float
        The weight decay in the words of `source`.
    source, target : str
        Names of `theory.conventions`.
    momentum : float, optional
        Asked for between coupled gradient descent and decoupled decay, which are the same without momentum only.
    **quantities : float
        What does not cancel, asked for by name: `lr`, `max_lr`, `initial_lr`, `rms`, `n` (`theory.conventions` says of
        each what it is).

    Returns
    -------
    float
        Where both follow a schedule in the same way it holds along the whole run, otherwise at this learning rate.

    Raises
    ------
    InvalidArgument
        An unknown name (the message lists the known ones), something missing or out of range, or two conventions
        that no number makes equal.

    Examples
    --------
    >>> translate(0.1, source="torch.AdamW", target="keras.AdamW")
    0.1
    >>> translate(0.1, source="torch.AdamW", target="tfa.AdamW", lr=1e-3)
    0.0001
    >>> translate(5.0, source="textbook.SGD", target="keras.l2", n=50_000)
    5e-05
    """
    non_negative("value", one_number("value", value))
    if momentum is not None:
        check_fraction("momentum", momentum)
    one, other = conventions.find("source", source), conventions.find("target", target)
    for row in (one, other):
        row.refuse_averaged()
    if one.kind != other.kind:
        _refuse_unless_equal(one, other, momentum)
    factor = product(_powers(one, other), quantities, f"{one.name} in the words of {other.name}")
    return float(value * one.coefficient / other.coefficient * factor)


def follows_the_schedule(source: str, target: str) -> bool:
    """Return whether a translation holds along the run: both decays follow the learning rate in the same way."""
    return conventions.find("source", source).power_of_lr == conventions.find("target", target).power_of_lr


def not_needed(source: str, target: str, given: Mapping[str, float | None]) -> list[str]:
    """Return which of these quantities are given and cancel, or do not enter, `momentum` among them."""
    one, other = conventions.find("source", source), conventions.find("target", target)
    enter = {name for name, power in _powers(one, other).items() if power}
    enter |= {"momentum"} if one.kind != other.kind else set()
    return [name for name, value in given.items() if value is not None and name not in enter]


def _powers(one: Convention, other: Convention) -> dict[str, int]:
    """Return the powers of the quantities in the fraction of one convention over that of another."""
    powers = dict(one.powers)
    for name, power in other.powers:
        powers[name] = powers.get(name, 0) - power
    return powers


def _refuse_unless_equal(one: Convention, other: Convention, momentum: float | None) -> None:
    """Raise InvalidArgument unless the coupled one of the two is gradient descent without momentum."""
    coupled = one if one.kind == "coupled" else other
    differ = (
        f"target must be {one.kind} as {one.name} is, got {other.name}: in one the decay is part of the gradient, in "
        "the other it stands beside it"
    )
    if not coupled.linear:
        raise InvalidArgument(
            f"{differ}, and where the gradient is normalised no number makes them equal. Ask theory.decay_for for the "
            "decay of equal scale."
        )
    if momentum is None:
        raise InvalidArgument(f"momentum must be given for {one.name} to {other.name}, got None. Give 0 without one.")
    if momentum > 0:
        raise InvalidArgument(
            f"{differ}. With momentum = {momentum:g} no number makes them equal; to leading order decoupled decay is "
            f"coupled decay times {1 / (1 - momentum):g}. Ask theory.decay_for for the decay of equal scale."
        )
