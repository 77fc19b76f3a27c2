"""What a column's name says, where every word of it is understood: time, quantity of the weights, error or layer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from sim.traces.lexicon import (
    CLOCKS,
    ERRORS,
    EXTREMES,
    GROUPS,
    LAYERS,
    NEUTRAL,
    NORM_MODULES,
    OF_WEIGHTS,
    OTHERS,
    PATH,
    PATTERNS,
    QUANTITY,
    SPLITS,
    STATES,
    TAGS,
)

__all__ = ["Name", "understood", "words"]

Role = Literal["time", "value", "error", "layer", "group", "tag", "other", "unknown"]

LONGEST_FIRST = sorted(PATTERNS, key=len, reverse=True)
OF_QUANTITIES = {word for pattern in PATTERNS for word in pattern}
OF_ERRORS = {word for pattern in ERRORS for word in pattern}
UNTELLING = OF_QUANTITIES | OF_ERRORS | OF_WEIGHTS
NORM_BARS = re.compile(r"(?:\|\||‖)\s*([^|‖]*?)\s*(?:\|\||‖)(?:_[2F]|_\{[2F]\}|₂)?")  # ||W||2 may be the square
SQUARE = re.compile(r"(\^2|\^\{2\}|²|\*\*2)(?![\w.])")
SYMBOL = re.compile(r"[^\w\s./:()\[\],-]|^\s*-")  # %, |, ^, *, ... change what a number means


@dataclass(frozen=True)
class Name:
    """A column's name, understood.

    Attributes
    ----------
    name : str
        As it stands in the table.
    role : str
        time, value (a quantity of the weights, or TensorBoard's Value), error, layer (named like one, quantity
        unsaid), group (which layer or run a row is of), tag (which metric), other (a logger's) or unknown.
    quantity : str or None
        Of a value; None where the name does not say.
    label : str
        The layer, without the quantity.
    unit : str
        Of a time.
    rank : int
        Of a time: the smaller, the more it is preferred.
    puzzle : str
        What is not understood in the name of something that may be a quantity or an error: its role is other.
    """

    name: str
    role: Role
    quantity: str | None = None
    label: str = ""
    unit: str = ""
    rank: int = 0
    puzzle: str = ""

    @property
    def key(self) -> frozenset[str]:
        """The words that pair an error with its value."""
        return frozenset(words(self.name)) - UNTELLING


@lru_cache(maxsize=1024)
def words(name: str) -> tuple[str, ...]:
    """Return the words of a name in small letters: "layer2/weightNorm" has layer2, weight and norm."""
    apart = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return tuple(word for word in re.split(r"[\W_]+", apart.lower()) if word)


@lru_cache(maxsize=20_000)
def understood(name: str) -> Name:
    """Say what a column is, by its name alone; Weights & Biases' `run - ` in front is not looked at."""
    metric = name.rsplit(" - ", 1)[-1]
    said = words(metric)
    joined = "".join(said)
    if joined in CLOCKS:
        return _time(name, joined)
    if joined in GROUPS or joined in TAGS:
        return Name(name, "group" if joined in GROUPS else "tag")
    parts = [part for part in metric.split("/") if part]
    last = "".join(words(parts[-1])) if parts else ""
    if last in CLOCKS and not OTHERS & set(said):
        return _time(name, last)
    spoken = SQUARE.sub(" sq", NORM_BARS.sub(r"\1 norm", metric))
    if any(_ends_or_begins(said, pattern) for pattern in ERRORS) and not (OTHERS | SPLITS | EXTREMES) & set(said):
        puzzle = _puzzle(spoken, OF_QUANTITIES | OF_ERRORS | STATES)
        return Name(name, "other" if puzzle else "error", puzzle=puzzle)
    if (OTHERS | EXTREMES) & set(said):
        return Name(name, "other")
    return _value(name, metric, spoken)


def _value(name: str, metric: str, spoken: str) -> Name:
    """Say whether a name that is nothing else is of a quantity of the weights, or of a layer."""
    parts = [part for part in spoken.split("/") if part.strip()]
    quantity, label = _quantity(parts)
    if quantity:
        of_spread = OF_QUANTITIES if quantity == "std" else set()
        puzzle = _puzzle(label, of_spread | _states(spoken)) or _ratio(parts, label)
        if puzzle or SYMBOL.search(spoken):
            return Name(name, "other", puzzle=puzzle or _puzzle(spoken, set()))
        telling = set(words(label)) - SPLITS - OF_WEIGHTS
        return Name(name, "value", quantity, label if telling else metric)
    if "".join(words(spoken)) == "value":
        return Name(name, "value", None, metric)
    said = words(spoken)
    module = "norm" in said[-1:] and "." not in spoken  # layer_norm: the module, or the norm of a layer
    is_layer = any(map(LAYERS.fullmatch, said)) and not (NEUTRAL & set(said) or module or "||" in metric)
    if is_layer and not _puzzle(spoken, _states(spoken)):
        return Name(name, "layer", None, metric)
    if QUANTITY.search(spoken.lower()):
        return Name(name, "other", puzzle=_puzzle(spoken, OF_QUANTITIES) or metric)
    return Name(name, "unknown", None, metric)


def _states(text: str) -> set[str]:
    """Return the words that are of a layer's weights here, and of activations or predictions elsewhere."""
    said = set(words(text))
    weights = said & (OF_WEIGHTS | {"kernel", "bias"}) or any(re.fullmatch(r"w[0-9]+", word) for word in said)
    layer = said & {"layer"} or "." in text
    return STATES | SPLITS if weights else STATES if layer else set()


def _puzzle(text: str, known: set[str]) -> str:
    """Return the first sign or word that is not understood, or nothing; a norm may be a module, as in a path."""
    if symbol := SYMBOL.search(text):
        return symbol.group()
    for part in text.split("/"):
        before = ""
        for word in words(part):
            module = word == "norm" and ("." in part or before in NORM_MODULES)
            module |= word == "rms" and "norm" in words(part)
            layer = LAYERS.fullmatch(word) or PATH.fullmatch(word)
            if not (word in known | OF_WEIGHTS | NEUTRAL or module or layer):
                return word
            before = word
    return ""


def _ratio(parts: list[str], label: str) -> str:
    """Return the number that a quantity seems to be divided by, or that is divided by it: 1/rms, ||W||^2/2."""
    divided = len(parts) == 2 and parts[1].strip() == label.strip() and label.strip().isdecimal()
    return f"/{label.strip()}" if divided else "1/" if parts[0].strip() == "1" and len(parts) == 2 else ""


def _time(name: str, joined: str) -> Name:
    return Name(name, "time", unit=CLOCKS[joined], rank=list(CLOCKS).index(joined))


def _ends_or_begins(said: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    length = len(pattern)
    return said[-length:] == pattern or said[:length] == pattern


def _quantity(parts: list[str]) -> tuple[str | None, str]:
    """Return the quantity and what is left of the name: from a part that is nothing else, or from an end of one."""
    for place, part in enumerate(parts):
        said = [word for word in words(part) if word not in OF_WEIGHTS]
        if tuple(said) in PATTERNS:
            return PATTERNS[tuple(said)], "/".join(parts[:place] + parts[place + 1 :])
    if not OF_QUANTITIES & {word for part in parts for word in words(part)}:
        return None, "/".join(parts)
    for at_end in (True, False):
        for pattern in LONGEST_FIRST:
            for place, part in enumerate(parts):
                rest = _without(pattern, part, at_end)
                if rest is not None:
                    label = "_".join(rest) if set(rest) - OF_WEIGHTS else ""
                    return PATTERNS[pattern], "/".join(filter(None, [*parts[:place], label, *parts[place + 1 :]]))
    return None, "/".join(parts)


def _without(pattern: tuple[str, ...], part: str, at_end: bool) -> tuple[str, ...] | None:
    """Return the words of a part without the pattern at its end (or beginning), None if it is not there.

    A module of that name, as in `norm.weight` or `layer_norm`, is no quantity.
    """
    said, length = words(part), len(pattern)
    if at_end:
        module = pattern == ("norm",) and len(said) > 1 and said[-2] in NORM_MODULES
        return said[:-length] if said[-length:] == pattern and not module else None
    path = re.match(rf"(?i){pattern[-1]}\.", part)
    return said[length:] if said[:length] == pattern and not path else None
