"""From rows of layers and steps to a Dataset over both, NaN where a layer was not measured."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from sim.errors import DataError
from sim.traces.segments import distinct

__all__ = ["UNITS", "as_dataset"]

MOST_CELLS = 50_000_000
UNITS = {
    "norm_sq": "squared norm of the weights", "rms": "root mean square of the weights", "lr": "learning rate",
    "effective_lr": "learning rate with heavy-ball momentum", "momentum": "momentum, or beta1",
    "weight_decay": "weight decay", "decay_clock": "sum of -2 ln(1 - decay of a step)", "count": "readings",
    "grad_sq": "mean squared norm of the gradient", "alignment": "mean of <w, g>",
    "scaled_grad_sq": "mean squared norm of the preconditioned gradient", "scaled_alignment": "mean of <w, P g>",
    "decay_weight": "mean of <w, P w> / ||w||^2",
}  # fmt: skip


def as_dataset(path: str, columns: Mapping[str, np.ndarray]) -> xr.Dataset:
    """Return rows as arrays over layer and step.

    Parameters
    ----------
    path : str
        For messages.
    columns : dict of ndarray, shape (rows,)
        `layer` (text), `segment` (whole numbers, of one layer rising), `step`, and quantities of `UNITS`.

    Returns
    -------
    Dataset
        Over layer, in the rows' order, and step. A step may be there twice, in two segments: `segment` is counted from
        1 within each layer.

    Raises
    ------
    DataError
        If the steps of the layers have little in common, so that the arrays would be nearly empty and too large.

    Examples
    --------
    >>> rows = {"layer": np.array(["a", "b", "a"], object), "segment": np.array([1, 1, 2]), "step": np.array([0, 0, 5])}
    >>> as_dataset("run", {**rows, "norm_sq": np.array([1.0, 2.0, 3.0])}).norm_sq.values
    array([[ 1.,  3.],
           [ 2., nan]])
    """
    layer, layers = pd.factorize(columns["layer"])
    segment = np.zeros(len(layer), int)
    for i in range(len(layers)):
        segment[layer == i] = np.unique(columns["segment"][layer == i], return_inverse=True)[1] + 1
    segments, steps, at = distinct(segment, columns["step"])
    if len(steps) * len(layers) > max(MOST_CELLS, 4 * len(layer)):
        raise DataError(
            f"{path} has {len(layers)} layers, and nearly each row has a step of its own. Choose one layer."
        )
    data = {}
    for name, unit in UNITS.items():
        if name in columns:
            values = np.full((len(layers), len(steps)), np.nan)
            values[layer, at] = columns[name]
            data[name] = (("layer", "step"), values, {"description": unit})
    if (steps == np.round(steps)).all() and np.abs(steps).max(initial=0) < 2**53:
        steps = steps.astype(np.int64)
    return xr.Dataset(data, {"layer": layers, "step": steps, "segment": ("step", segments)})
