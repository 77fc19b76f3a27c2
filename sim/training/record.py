"""The record of a training run as a labelled data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import xarray as xr

from sim.data.load import Data
from sim.machinery.provenance import versions
from sim.training.replica import Record
from sim.training.settings import TrainingSettings
from sim.training.statistics import UNITS

__all__ = ["dataset"]


def dataset(records: Sequence[Record], data: Data, settings: TrainingSettings, seed: int) -> xr.Dataset:
    """Return the rows of all replicas with named dimensions, the settings and versions in the attributes.

    Of a replica that diverged, what comes after is NaN.
    """
    variables = {}
    for name, first in records[0].rows[0].items():
        dims = ("replica", "epoch", "split" if name in ("cost", "accuracy") else "layer")
        values = np.full((settings.replicas, settings.epochs + 1, len(first)), np.nan)
        for own, record in zip(values, records, strict=True):
            own[: len(record.rows)] = [row[name] for row in record.rows]
        variables[name] = (dims, values, {"long_name": UNITS[name]})
    fan_in, fan_out = np.array(settings.sizes[:-1]), np.array(settings.sizes[1:])
    coordinates = {
        "replica": np.arange(settings.replicas),
        "epoch": np.arange(settings.epochs + 1),
        "layer": np.arange(2, len(settings.sizes) + 1),
        "split": ["train", "validation"][: 2 if data.sizes[1] else 1],
        "fan_in": ("layer", fan_in),
        "layer_weights": ("layer", fan_in * fan_out),
    }
    attributes = {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(settings).items()} | {
        "n": data.sizes[0], "data": data.name, "seed": seed, "versions": versions(),
        "data_notes": "; ".join(data.notes), "class_names": ", ".join(data.class_names),
        "diverged": "; ".join(f"replica {i}: {r.diverged}" for i, r in enumerate(records) if r.diverged),
    }  # fmt: skip
    return xr.Dataset(variables, coordinates, attributes)
