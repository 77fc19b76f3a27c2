"""What a column's name says: time, a quantity of the weights, an error, a layer, or something else of a logger's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

__all__ = ["EXTREMES", "QUANTITIES", "Name", "understood"]

Role = Literal["time", "value", "error", "layer", "group", "tag", "other", "unknown"]

QUANTITIES = ("rms", "norm", "norm_sq", "variance", "std")
# Longer ones first. The words of a name are told apart by underscores, capitals and the like.
PATTERNS: dict[tuple[str, ...], str] = {
    ("root", "mean", "square"): "rms",
    ("standard", "deviation"): "std",
    ("sum", "of", "squares"): "norm_sq",
    ("norm", "sq"): "norm_sq", ("norm", "squared"): "norm_sq", ("norm", "2"): "norm_sq", ("sq", "norm"): "norm_sq",
    ("squared", "norm"): "norm_sq", ("sum", "sq"): "norm_sq", ("sum", "squares"): "norm_sq",
    ("rms", "sq"): "variance", ("rms", "squared"): "variance", ("mean", "square"): "variance",
    ("mean", "sq"): "variance",
    ("std", "dev"): "std",
    ("rms",): "rms", ("std",): "std", ("stddev",): "std", ("variance",): "variance", ("var",): "variance",
    ("norm",): "norm", ("norms",): "norm", ("l2",): "norm", ("l2norm",): "norm", ("frobenius",): "norm",
    ("normsq",): "norm_sq", ("norm2",): "norm_sq", ("sumsq",): "norm_sq", ("rms2",): "variance",
    ("l2", "norm"): "norm", ("frobenius", "norm"): "norm", ("l2", "norm", "sq"): "norm_sq",
}  # fmt: skip
LONGEST_FIRST = sorted(PATTERNS, key=len, reverse=True)
OF_WEIGHTS = {"w", "weight", "weights", "param", "params", "parameter", "parameters", "value"}

CLOCKS: dict[str, str] = {  # the unit of each name, the first of them preferred
    **dict.fromkeys(("globalstep", "trainerglobalstep", "trainstep", "trainingstep", "step", "steps", "update",
                     "updates", "schritt", "schritte", "étape", "etape", "pas", "paso", "pasos", "passo",
                     "passi"), "step"),
    "iteration": "iteration", "iterations": "iteration", "iter": "iteration", "iters": "iteration", "it": "iteration",
    "batch": "batch", "batches": "batch",
    **dict.fromkeys(("tokens", "token", "tokensseen", "ntokens", "numtokens", "totaltokens"), "token"),
    **dict.fromkeys(("examples", "samples", "samplesseen", "examplesseen", "images"), "example"),
    **dict.fromkeys(("epoch", "epochs", "epoche", "epochen", "época", "epoca", "époque", "epoque"), "epoch"),
    **dict.fromkeys(("time", "t", "clock", "zeit", "temps", "tiempo", "tempo"), "unit of time"),
    **dict.fromkeys(("ns", "nanoseconds", "timens"), "nanosecond"), **dict.fromkeys(("ms", "timems"), "millisecond"),
    **dict.fromkeys(("seconds", "second", "times", "timeseconds"), "second"), "minutes": "minute", "hours": "hour",
}  # fmt: skip

ERRORS = (("standard", "error"), ("std", "error"), ("std", "err"), ("error",), ("err",), ("stderr",), ("sem",), ("se",),
          ("uncertainty",))  # fmt: skip
GROUPS = {"layer", "layers", "layername", "module", "param", "parameter", "parametername", "run", "runname", "seed",
          "replica"}  # fmt: skip
TAGS = {"tag", "metric", "metricname", "variable", "key", "name"}
EXTREMES = {"min", "max"}
OTHERS = {  # what a logger records besides: a value or an error with one of these words is not of the weights
    "loss", "losses", "acc", "accuracy", "lr", "rate", "learning", "grad", "grads", "gradient", "gradients",
    "update", "updates", "momentum", "decay", "wd", "perplexity", "ppl", "auc", "mse", "mae", "cost", "entropy",
    "score", "reward", "return", "time", "wall", "timestamp", "runtime", "seconds", "date", "elapsed",
    "duration", "gpu", "cpu", "memory", "mem", "throughput", "alignment", "exp", "avg", "activation",
    "activations", "act", "spectral", "clip", "clipped", "l1", "inf", "top1", "top5", "classification", "ratio",
    "relative", "nll", "bpb", "bpc", "beta1", "beta2", "temperature", "total", "global", "moment",
    "moments", "adam", "cosine", "nonzero", "percentage", "delta",
}  # fmt: skip
SPLITS = {"train", "training", "test", "val", "valid", "validation", "eval"}  # an error of these is of the classes
OF_QUANTITIES = {word for pattern in PATTERNS for word in pattern}
UNTELLING = OF_QUANTITIES | {word for pattern in ERRORS for word in pattern} | OF_WEIGHTS
LAYERS = re.compile(
    r"(layer|layers|block|blocks|fc|conv|dense|linear|lin|embed|embedding|embeddings|head|attn|attention|mlp|w|weight"
    r"|weights|kernel|encoder|decoder|lstm|gru|features|classifier|hidden|h|bias)[0-9]*"
)


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
    """

    name: str
    role: Role
    quantity: str | None = None
    label: str = ""
    unit: str = ""
    rank: int = 0

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
    if any(_ends_or_begins(said, pattern) for pattern in ERRORS) and not (OTHERS | SPLITS | EXTREMES) & set(said):
        return Name(name, "error")
    if (OTHERS | EXTREMES) & set(said):
        return Name(name, "other")
    quantity, label = _quantity(parts)
    if quantity or joined == "value":
        telling = set(words(label)) - SPLITS - OF_WEIGHTS
        return Name(name, "value", quantity, label if telling else metric)
    is_layer = any(LAYERS.fullmatch(word) for word in said)
    return Name(name, "layer" if is_layer else "unknown", None, metric)


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

    A module of that name, as in `norm.weight`, is no quantity.
    """
    said, length = words(part), len(pattern)
    if at_end:
        return said[:-length] if said[-length:] == pattern else None
    module = re.match(rf"(?i){pattern[-1]}\.", part)
    return said[length:] if said[:length] == pattern and not module else None
