"""The laws of noise alone, held against each layer of a recorded run: where they hold, noise holds the layer."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import xarray as xr

import theory
from reports.runs.recorded import flags_of, optimizer_of
from sim.recording.words import has_preconditioner, is_decoupled
from theory import Forecast, LayerRecord
from theory.settings.optimizers.named import named_optimizer

__all__ = ["LawOfNoise", "law_of_layer"]

CLOSE = 1.25  # a law that is further off does not hold


@dataclass(frozen=True)
class LawOfNoise:
    """What an optimizer's law makes of a layer if noise alone held it.

    Attributes
    ----------
    name : str
        Whose law.
    predicted, measured : float
        Root mean square of the layer's weights.
    """

    name: str
    predicted: float
    measured: float

    @property
    def holds(self) -> bool:
        """Whether it does."""
        return bool(1 / CLOSE <= self.predicted / self.measured <= CLOSE)

    def __str__(self) -> str:
        numbers = f"rms {self.predicted:.3g}, measured {self.measured:.3g}"
        if self.holds:
            return f"held as {self.name}'s law of noise says ({numbers})"
        off = self.predicted / self.measured
        if off < 1:
            what = f"{1 / off:.1f} times low ({numbers}): signal holds the layer up, or it still falls"
        else:
            what = f"{off:.1f} times high ({numbers}): signal undoes noise, or the layer still grows"
        return f"{self.name}'s law of noise alone is {what}"


def law_of_layer(run: xr.Dataset, layer: str, record: LayerRecord, found: Forecast) -> LawOfNoise | None:
    """Return the law of noise of a layer's optimizer; None where there is none, or the layer's size is not known.

    Notes
    -----
    Of an optimizer that normalises its gradients and decays beside them, `theory.equilibrium` from the settings alone.
    Of SGD, the balance of decay with the size of the gradients that were recorded.
    """
    about = optimizer_of(run, layer)
    name, flags = about["class"], flags_of(about)
    size = int(run.weights.sel(layer=layer)) if "norm_sq" in run else 0
    if name is None or not size:
        return None
    measured = float(np.sqrt(record.norm_sq[-1] / size))
    if not has_preconditioner(name):
        noise = float(found.drive.noise)
        return LawOfNoise(name, float(np.sqrt(noise / size)), measured) if noise > 0 else None
    if not is_decoupled(name, flags):
        return None
    rate = float(record.rate[-1])
    try:
        scale = theory.equilibrium(
            lr=rate, weight_decay=float(record.decay[-1]) / rate, optimizer=_settings(name, flags)
        ).scale
    except (theory.TailoffError, NotImplementedError, ZeroDivisionError):
        return None
    return LawOfNoise(name, float(scale), measured)


def _settings(name: str, flags: dict[str, Any]) -> Any:
    """Return our settings of the optimizer, its betas and momentum as they were."""
    known = named_optimizer(name)
    own = {field.name for field in fields(known) if field.init} & {"betas", "momentum", "decoupled"}
    given = {key: tuple(value) if key == "betas" else value for key, value in flags.items() if key in own}
    return replace(known, **given)
