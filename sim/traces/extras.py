"""The columns beside the norm that a balance needs: rates, and what was measured of the gradient."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sim.traces.vocabulary import words

__all__ = ["EXTRAS", "extra_columns"]

EXTRAS = ("lr", "effective_lr", "momentum", "weight_decay", "decay_clock", "count", "grad_sq", "alignment",
          "scaled_grad_sq", "scaled_alignment", "decay_weight")  # fmt: skip
ALSO = {"learning_rate": "lr", "wd": "weight_decay"}
SPOKEN = {**{name: name for name in EXTRAS}, **ALSO}
RATE_OF = re.compile(r"lr-[\w-]+(/pg1)?")  # Lightning's monitor: lr-AdamW, and of the first of several groups


def extra_columns(names: Iterable[str]) -> dict[str, dict[frozenset[str], str]]:
    """Return the columns that hold each extra quantity, by the words of the layer that they are of.

    Parameters
    ----------
    names : iterable of str
        Of all columns.

    Returns
    -------
    dict of dict
        For each of `EXTRAS` that is there: the column for each layer; without words, of every layer.

    Examples
    --------
    >>> found = extra_columns(["step", "train/lr", "fc1.weight/grad_sq", "grad_norm", "alignment_fc1.weight"])
    >>> found["lr"], found["grad_sq"] == {frozenset({"fc1", "weight"}): "fc1.weight/grad_sq"}, list(found)
    ({frozenset(): 'train/lr'}, True, ['lr', 'grad_sq', 'alignment'])
    """
    found: dict[str, dict[frozenset[str], str]] = {}
    for name in names:
        metric = name.rsplit(" - ", 1)[-1]
        extra, layer = ("lr", frozenset[str]()) if RATE_OF.fullmatch(metric) else _spoken(metric)
        if extra:
            found.setdefault(extra, {}).setdefault(layer, name)
    return found


def _spoken(metric: str) -> tuple[str, frozenset[str]]:
    """Return the quantity and the words of the layer: a part of the name alone, or one of its ends."""
    parts = [part for part in metric.split("/") if part]
    for place, part in enumerate(parts):
        extra = SPOKEN.get("_".join(words(part)))
        if extra:
            return extra, _layer(parts[:place] + parts[place + 1 :])
    said = words(metric)
    for length in range(min(3, len(said) - 1), 1, -1):  # of one word alone (lr, count) too much else may be meant
        for these, others in ((said[-length:], said[:-length]), (said[:length], said[length:])):
            if (extra := SPOKEN.get("_".join(these))) is not None:
                return extra, frozenset(others)
    if said and said[0] == "alignment":
        return "alignment", frozenset(said[1:])
    return ("alignment", frozenset(said[:-1])) if said and said[-1] == "alignment" else ("", frozenset())


def _layer(parts: list[str]) -> frozenset[str]:
    return frozenset(word for part in parts for word in words(part)) - {"train", "training", "trainer", "stats"}
