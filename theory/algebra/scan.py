r"""Affine recursions whose coefficients change from step to step, all steps at once.

.. math:: s_{t+1} = A_t s_t + b_t

The steps are cut into about sqrt(T) blocks. Each block's composite map is formed for all blocks together, the starts of
the blocks follow one after another, and then all blocks are filled in together: about 3 sqrt(T) array operations in
place of T. Products and sums only, in the order of the recursion: where A and b are positive nothing cancels.

References
----------
Blelloch, "Prefix sums and their applications", CMU-CS-90-190 (1990): scans of affine maps.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["affine_scan"]


def affine_scan(A: np.ndarray, b: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return s_0, ..., s_T of s_(t+1) = A_t s_t + b_t.

    Parameters
    ----------
    A : ndarray, shape (T, m, m)
        The maps; shape (T, m) for diagonal ones.
    b : ndarray, shape (T, m)
        What is added.
    start : ndarray, shape (m,)
        s_0.

    Returns
    -------
    ndarray, shape (T + 1, m)

    Examples
    --------
    >>> affine_scan(np.full((3, 1), 0.5), np.ones((3, 1)), np.zeros(1)).ravel().tolist()
    [0.0, 1.0, 1.5, 1.75]
    """
    steps, m = b.shape
    if steps == 0:
        return start[None, :].astype(float)
    length = math.isqrt(steps - 1) + 1
    blocks = -(-steps // length)
    missing = blocks * length - steps
    diagonal = A.ndim == 2
    one = np.ones(m) if diagonal else np.eye(m)
    maps = np.concatenate([A, np.broadcast_to(one, (missing, *one.shape))]).reshape(blocks, length, *one.shape)
    added = np.concatenate([b, np.zeros((missing, m))]).reshape(blocks, length, m)

    def apply(step: np.ndarray, state: np.ndarray) -> np.ndarray:
        return step * state if diagonal else np.einsum("bij,bj->bi", step, state)

    whole, offset = np.broadcast_to(one, (blocks, *one.shape)), np.zeros((blocks, m))
    for i in range(length):
        whole = maps[:, i] * whole if diagonal else maps[:, i] @ whole
        offset = apply(maps[:, i], offset) + added[:, i]
    starts = np.empty((blocks, m))
    state = np.asarray(start, dtype=float)
    for block in range(blocks):
        starts[block] = state
        state = (whole[block] * state if diagonal else whole[block] @ state) + offset[block]
    out = np.empty((blocks, length, m))
    current = starts
    for i in range(length):
        current = apply(maps[:, i], current) + added[:, i]
        out[:, i] = current
    return np.concatenate([np.asarray(start, dtype=float)[None, :], out.reshape(-1, m)[:steps]])
