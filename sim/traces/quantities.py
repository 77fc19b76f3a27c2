"""Norm, squared norm and variance into rms, each with its error; without the number of weights a norm stays a norm."""

from __future__ import annotations

import numpy as np

from sim.errors import DataError

__all__ = ["as_rms"]


def as_rms(
    value: np.ndarray, error: np.ndarray | None, quantity: str, weights: float | None
) -> tuple[np.ndarray, np.ndarray | None, str]:
    """Return the values and errors as rms, or as norm where the number of weights is needed and not known.

    Parameters
    ----------
    value : ndarray
        Of `quantity`: rms, std, variance, norm or norm_sq. Squares must not be negative.
    error : ndarray or None
        Its standard error; the error of a square root is error / (2 root).
    weights : float or None
        How many weights the norm is of.

    Returns
    -------
    value, error, quantity
        The last is "rms" or "norm".

    Raises
    ------
    DataError
        If a square is negative.

    Examples
    --------
    >>> value, error, quantity = as_rms(np.array([400.0]), np.array([8.0]), "norm_sq", 10_000)
    >>> print(value, error, quantity)
    [0.2] [0.002] rms
    """
    if quantity in ("variance", "norm_sq"):
        if (value < 0).any():
            raise DataError(f"a {quantity} is a square, got {value[value < 0][0]:g}. Give --quantity, if it is none.")
        root = np.sqrt(value)
        if error is not None:
            with np.errstate(divide="ignore", invalid="ignore"):
                error = error / (2 * root)
        value = root
    if quantity in ("rms", "std", "variance"):
        return value, error, "rms"
    if weights is None:
        return value, error, "norm"
    return value / np.sqrt(weights), None if error is None else error / np.sqrt(weights), "rms"
