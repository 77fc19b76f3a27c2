"""What stands at the start of many updates: which way is down, and the decay inside the gradient."""

from __future__ import annotations

import numpy as np

__all__ = ["climbing", "with_decay"]


def climbing(gradient: np.ndarray, maximize: bool) -> np.ndarray:
    """Return the gradient to descend along: reversed if the cost is to be climbed."""
    return -gradient if maximize else gradient


def with_decay(gradient: np.ndarray, w: np.ndarray, decay: float, maximize: bool) -> np.ndarray:
    """Return the gradient to descend along with the decay in it, a new array; `maximize` leaves the decay alone."""
    return np.asarray(climbing(gradient, maximize) + decay * w)
