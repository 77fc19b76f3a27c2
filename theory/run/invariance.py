"""Which layers stand before a normalisation: the gradient is then at right angles to the weights.

The cost does not change when such a layer is scaled, so that <w, g> = 0 at every step; only rounding and the small
number under the normalisation's root leave something. In other layers <w, g> has a part of its own and noise, of
||w|| ||g|| / sqrt(weights) at the least.
"""

from __future__ import annotations

import numpy as np

from theory.run.record import LayerRecord

__all__ = ["cosine", "is_invariant"]

BY_SIZE = 0.1  # of 1 / sqrt(weights): largest cosine of an invariant layer, where the size is known
BY_COSINE = 3e-4  # where it is not
LEAST = 3  # rows


def cosine(record: LayerRecord) -> float | None:
    """Return the median of |<w, g>| / (||w|| ||g||) over the record; None if no gradients were recorded."""
    if record.alignment is None or record.grad_sq is None:
        return None
    known = np.isfinite(record.alignment) & (record.grad_sq > 0)
    if known.sum() < LEAST:
        return None
    length = np.sqrt(record.norm_sq[known] * record.grad_sq[known])
    return float(np.median(np.abs(record.alignment[known]) / length))


def is_invariant(record: LayerRecord) -> bool | None:
    """Say whether scaling the layer leaves the cost as it is; None if nothing tells.

    Examples
    --------
    >>> rows = np.arange(10.0)
    >>> flat = LayerRecord(rows, rows + 1, rows * 0 + 0.1, rows * 0 + 0.1, alignment=rows * 0 + 1e-9, grad_sq=rows + 1)
    >>> is_invariant(flat)
    True
    """
    if record.invariant is not None:
        return record.invariant
    found = cosine(record)
    if found is None:
        return None
    return bool(found * np.sqrt(record.weights) < BY_SIZE if record.weights else found < BY_COSINE)
