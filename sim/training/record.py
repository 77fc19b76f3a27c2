"""The record of a training run as a labelled data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import xarray as xr

from sim.data.load import Data
from sim.machinery.provenance import versions
from sim.training.replica import Row
from sim.training.settings import TrainingSettings
from sim.training.statistics import UNITS

__all__ = ["dataset"]


def dataset(records: Sequence[list[Row]], data: Data, settings: TrainingSettings, seed: int) -> xr.Dataset:
    """Return the rows of all replicas with named dimensions, the settings and versions in the attributes."""
    variables = {}
    for name in records[0][0]:
        dims = ("replica", "epoch", "split" if name in ("cost", "accuracy") else "layer")
        values = np.array([[row[name] for row in rows] for rows in records], dtype=np.float64)
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
    attributes = asdict(settings) | {
        "sizes": list(settings.sizes), "n": data.sizes[0], "data": data.name, "seed": seed, "versions": versions(),
    }  # fmt: skip
    return xr.Dataset(variables, coordinates, attributes)
