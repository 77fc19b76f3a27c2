"""What can be dragged or chosen in the page: every control, with its label, its range and where it starts."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reports.explorer.adamw_table import BETAS1, BETAS2

__all__ = ["ONE_WEIGHT", "PRESETS", "RUN", "Choice", "Slider", "network_slider"]

POSITIONS = 400  # of a slider from end to end


@dataclass(frozen=True)
class Slider:
    """A slider over numbers.

    Parameters
    ----------
    name : str
        Of the setting in the page's code.
    label, unit : str
        What people read.
    start : float
        Where it stands at first.
    low, high : float
        Its ends.
    scale : {"log", "linear"}
        How the values are spread.
    stops : tuple of float
        The only values, where there are few.
    whole : bool
        Whether values are rounded to whole numbers.
    shown_for : str
        The optimizers for which it has a meaning, with blanks between; empty for all.
    """

    name: str
    label: str
    start: float
    low: float = 0.0
    high: float = 1.0
    scale: str = "log"
    unit: str = ""
    stops: tuple[float, ...] = ()
    whole: bool = False
    shown_for: str = ""

    @property
    def last(self) -> int:
        """The last position."""
        return len(self.stops) - 1 if self.stops else POSITIONS

    @property
    def position(self) -> int:
        """Where it stands at first, between 0 and `last`."""
        if self.stops:
            return self.stops.index(self.start)
        share = (self.start - self.low) / (self.high - self.low)
        if self.scale == "log":
            share = math.log(self.start / self.low) / math.log(self.high / self.low)
        return round(share * POSITIONS)


@dataclass(frozen=True)
class Choice:
    """A choice of one among a few.

    Parameters
    ----------
    name, label : str
        As of a slider.
    options : tuple of (str, str)
        Value and what people read; the first is chosen at first.
    """

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    shown_for: str = ""


BETAS = (
    Slider("beta1", "first moment β₁", 0.9, stops=BETAS1, shown_for="adamw"),
    Slider("beta2", "second moment β₂", 0.999, stops=BETAS2, shown_for="adamw"),
)
ONE_WEIGHT: tuple[Slider | Choice, ...] = (
    Choice("optimizer", "optimizer", (("sgd", "SGD"), ("sgdw", "SGD, decoupled decay"), ("adamw", "AdamW"))),
    Slider("n", "training examples n", 1000, 100, 60_000, whole=True),
    Slider("lam", "weight decay λ", 5, 0.5, 500),
    Slider("eta", "learning rate η", 0.1, 0.0001, 1),
    Slider("keeps", "noise keeps its sign for", 1, 1, 1000, unit="steps", shown_for="sgd sgdw"),
    Slider("momentum", "momentum μ", 0, 0, 0.99, "linear", shown_for="sgd sgdw"),
    *BETAS,
    Slider("start", "start weight w₀", 1, 0.001, 10),
)
FIRST: dict[str, float | str] = {
    "optimizer": "sgd",
    **{control.name: control.start for control in ONE_WEIGHT if isinstance(control, Slider)},
}
PRESETS: dict[str, dict[str, float | str]] = {  # of the first panel, by what people read
    "a random walk held back": FIRST,
    "the λ of 1/√n": FIRST | {"lam": 50},
    "a small start": FIRST | {"start": 0.01},
    "noise that keeps its sign": FIRST | {"keeps": 1000},
    "momentum 0.9": FIRST | {"momentum": 0.9},
    "AdamW": FIRST | {"optimizer": "adamw", "eta": 0.001, "lam": 100},
}
RUN: tuple[Slider | Choice, ...] = (
    Choice("optimizer", "optimizer", (("adamw", "AdamW"), ("sgd", "SGD"))),
    Choice(
        "shape",
        "schedule",
        (("cosine", "cosine"), ("linear", "linear"), ("trapezoid", "trapezoid"), ("constant", "constant")),
    ),
    Slider("lr", "peak learning rate", 1e-3, 1e-5, 0.1),
    Slider("decay", "weight decay", 0.1, 0.001, 1),
    Slider("steps", "steps", 50_000, 100, 100_000, whole=True),
    Slider("warmup", "warm-up", 0.05, 0, 0.5, "linear", unit="%"),
    Slider("cooldown", "cool-down", 0.2, 0.05, 0.5, "linear", unit="%", shown_for="trapezoid"),
    *BETAS,
    Slider("noise", "gradient noise", 0.3, 0.001, 10, shown_for="sgd"),
    Slider("start", "start weight", 0.02, 0.001, 1),
)


def network_slider(lams: tuple[float, ...]) -> Slider:
    """Return the slider over the decays that were measured."""
    return Slider("lam", "weight decay λ", lams[0], stops=lams)
