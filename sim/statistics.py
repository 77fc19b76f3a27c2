"""What is recorded of a layer's weights: the numbers by which people compare layers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["LAYER_STATISTICS", "UNITS"]

LAYER_STATISTICS: dict[str, Callable[[np.ndarray], float]] = {
    "rms": lambda w: float(np.sqrt(np.mean(w**2))),
    "variance": lambda w: float(np.var(w)),
    "sum": lambda w: float(w.sum()),
    "mean": lambda w: float(w.mean()),
    "l1": lambda w: float(np.abs(w).sum()),
    "induced_1_norm": lambda w: float(np.abs(w).sum(axis=0).max()),  # what np.linalg.norm(w, 1) is
}

UNITS = {
    "rms": "root mean square of the layer's weights",
    "variance": "mean square of the layer's weights about their mean",
    "sum": "sum of the layer's weights",
    "mean": "mean of the layer's weights",
    "l1": "sum of the absolute weights",
    "induced_1_norm": "largest sum of absolute weights leaving one neuron of the layer before",
    "cost": "mean of C_x over the split plus (lam / 2n) sum of squared weights",
    "accuracy": "fraction of the split that is classified rightly",
}
