"""Which columns hold the weights' rms or norm, and which hold the errors of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.traces.lexicon import EXTREMES
from sim.traces.table import Table
from sim.traces.trace import Choice
from sim.traces.undecided import found, undecided
from sim.traces.vocabulary import Name, words

__all__ = ["Pair", "values_of", "with_errors"]


MEANS = {"mean", "avg", "average", "median"}
SCORES = {"loss", "losses", "acc", "accuracy", "cost", "top1", "top5"}  # a bare error beside them is of the classes


@dataclass(frozen=True)
class Pair:
    """A column of values, and the column of their errors if there is one."""

    value: Name
    error: str | None


def values_of(table: Table, names: list[Name], choice: Choice, notes: list[str]) -> list[Name]:
    """Return the columns of values, each with its quantity."""
    if choice.value:
        values = [found(table, names, wanted, "--value") for wanted in dict.fromkeys(choice.value)]
    else:
        values = [name for name in names if name.role == "value" and name.name not in (choice.time, choice.error)]
        layers = [name for name in names if name.role == "layer" and name.name not in (choice.time, choice.error)]
        _refuse_spread(table, names, values)
        values = _of_one_quantity(table, values, choice, notes)
        if values and layers:
            notes.append(f"{_listed(layers)} left alone: no name says what is recorded (--value chooses)")
        values = values or layers
        _note_left(names, notes)
    if not values:
        puzzles = [f" ({name.puzzle!r} of {name.name!r} is not understood)" for name in names if name.puzzle]
        raise undecided(table, "no name says which column is the rms or the norm of the weights" + "".join(puzzles[:1]))
    unsaid = [name for name in values if name.quantity is None]
    if unsaid and choice.quantity is None:
        which = "it is" if len(values) == 1 else "they are"
        notes.append(f"no name says what {_listed(unsaid)} records: {which} taken as rms (--quantity says otherwise)")
    return [
        Name(name.name, "value", choice.quantity or name.quantity or "rms", name.label or name.name) for name in values
    ]


def _refuse_spread(table: Table, names: list[Name], values: list[Name]) -> None:
    """Refuse a std beside what it may be the error of."""
    std = next((name.name for name in values if name.quantity == "std"), None)
    others = [name for name in values if name.quantity != "std" or {"rms", "norm"} & set(words(name.name))]
    others += [name for name in names if name.role == "unknown" and MEANS & set(words(name.name))]
    if std is not None and others:
        of = repr(others[0].name) if others[0].name != std else "another column"
        raise undecided(table, f"{std!r} may be the error of {of} (--error) or a quantity of its own (--value)")


def _of_one_quantity(table: Table, values: list[Name], choice: Choice, notes: list[str]) -> list[Name]:
    """Keep the columns of one quantity: the one asked for, else rms before variance, norm and its square."""
    spoken = [name for name in values if name.quantity is not None]
    if choice.quantity is not None:
        agree = [name for name in spoken if name.quantity == choice.quantity]
        if spoken and not agree and all(name.quantity is not None for name in values):
            raise undecided(
                table, f"--quantity {choice.quantity}, but the names say {spoken[0].quantity} (with --value it may be)"
            )
        return agree or [name for name in values if name.quantity is None]
    kinds = {name.quantity for name in spoken}
    best = next((kind for kind in ("rms", "std", "variance", "norm", "norm_sq") if kind in kinds), None)
    left = [name for name in values if name.quantity not in (best, None)]
    if left:
        notes.append(f"{_listed(left)} left alone: no {best} (--quantity or --value chooses)")
    return [name for name in spoken if name.quantity == best] if spoken else values


def _note_left(names: list[Name], notes: list[str]) -> None:
    puzzling = [name for name in names if name.puzzle]
    if puzzling:
        notes.append(f"{_listed(puzzling)} left alone: {puzzling[0].puzzle!r} is not understood (--value chooses)")
    extremes = [name for name in names if EXTREMES & set(words(name.name)[-1:])]
    if extremes:
        notes.append(f"{_listed(extremes)} left alone: extremes, no values")


def _listed(names: Sequence[Name]) -> str:
    shown = ", ".join(repr(name.name) for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def with_errors(
    table: Table, names: list[Name], values: list[Name], choice: Choice, notes: list[str]
) -> tuple[Pair, ...]:
    """Pair each value with the error of the same layer's name."""
    if choice.error == "none" and "none" not in table.names:
        return tuple(Pair(value, None) for value in values)
    if choice.error is not None:
        error = found(table, names, choice.error, "--error").name
        if len(values) > 1 and choice.layer is None:
            raise undecided(table, f"--error {error!r} is for one of {_listed(values)}")
        return tuple(Pair(value, error) for value in values)
    errors = [name for name in names if name.role == "error" and name.name not in (choice.time, *choice.value)]
    scores = [name.name for name in names if SCORES & set(words(name.name))]
    bare = next((name.name for name in errors if words(name.name) in (("error",), ("err",))), None)
    if bare is not None and scores:
        raise undecided(table, f"{bare!r} beside {scores[0]!r} may be the network's, not of the weights (--error none)")
    of_key: dict[frozenset[str], list[Name]] = {}
    for name in errors:
        of_key.setdefault(name.key, []).append(name)
    pairs = []
    for value in values:
        own = of_key.get(value.key, []) if of_key else []
        if len(values) == 1:
            own = own or of_key.get(frozenset(), [])
        if len(own) > 1:
            raise undecided(table, f"{own[0].name!r} and {own[1].name!r} are both errors of {value.name!r}")
        pairs.append(Pair(value, own[0].name if own else None))
    paired = {pair.error for pair in pairs}
    left = [name for name in errors if name.name not in paired]
    used = [name for name in errors if name.name in paired]
    if used:
        which = "is taken as the standard error" if len(used) == 1 else "are taken as standard errors"
        notes.append(f"{_listed(used)} {which} (--error none leaves it out)")
    if left and not all(name.key for name in left):
        raise undecided(table, f"no name says of which layer {left[0].name!r} is the error")
    if left:
        notes.append(f"{_listed(left)} left alone: errors of no column that is read")
    return tuple(pairs)
