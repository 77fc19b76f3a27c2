"""Examples without their zeros: what the compiled engine reads. Four fifths of MNIST's inputs are zero."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Examples", "without_zeros"]


class Examples(NamedTuple):
    """Inputs without their zeros, and classes; example x has `columns` and `values` [starts[x] : starts[x + 1]].

    Attributes
    ----------
    starts : ndarray, shape (examples + 1,), int64
    columns : ndarray of uint16 or uint32
        Which input each value belongs to.
    values : ndarray
        In the data's own type, so that bytes stay bytes.
    unit : float
        What a value of 1 stands for: 1/255 for bytes.
    labels : ndarray, shape (examples,), int64
    """

    starts: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    unit: float
    labels: np.ndarray


def without_zeros(inputs: np.ndarray, labels: np.ndarray, unit: float) -> Examples:
    """Leave out the zeros of `inputs`, shape (examples, inputs); numbers that are not bytes become float64.

    Examples
    --------
    >>> examples = without_zeros(np.array([[0, 7], [0, 0]], dtype=np.uint8), np.array([1, 0]), 1 / 255)
    >>> examples.starts.tolist(), examples.columns.tolist(), examples.values.tolist()
    ([0, 1, 1], [1], [7])
    """
    touched = inputs != 0
    starts = np.concatenate([[0], np.cumsum(np.count_nonzero(touched, axis=1))]).astype(np.int64)
    narrow = np.uint16 if inputs.shape[1] <= 2**16 else np.uint32
    values = inputs[touched] if inputs.dtype == np.uint8 else inputs[touched].astype(np.float64)
    return Examples(starts, np.nonzero(touched)[1].astype(narrow), values, unit, labels.astype(np.int64))
