"""What a label's value means: any set of names becomes the classes 0 to K - 1, and the names are kept."""

from __future__ import annotations

import numpy as np

from sim.errors import DataError

__all__ = ["numbered"]


def numbered(name: str, labels: np.ndarray) -> tuple[np.ndarray, tuple[str, ...], str]:
    """Return classes counted from 0, their names in that order, and the sentence that says what was done.

    The distinct labels are sorted and numbered, so that no class is without examples: 1 to 26 become 0 to 25. Labels of
    0 to K - 1 stay as they are.

    Parameters
    ----------
    name : str
        The file, for the message.
    labels : ndarray, shape (examples,) or (examples, 1) or one-hot (examples, classes)
        Whole numbers, truth values, text, or floats that are whole.

    Raises
    ------
    DataError
        If they are none of these, or some are negative (but for -1 and 1, two classes).

    Examples
    --------
    >>> numbered("pets", np.array(["dog", "cat", "dog"]))
    (array([1, 0, 1]), ('cat', 'dog'), "labels: 'cat', 'dog' are the classes 0 to 1")
    """
    if labels.ndim == 2 and labels.shape[1] > 1:
        return _one_hot(name, labels)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or not _countable(labels):
        raise DataError(
            f"{name}: labels must be a list of whole numbers or names, or one-hot, got {labels.dtype} of shape "
            f"{labels.shape}."
        )
    values, classes = np.unique(labels, return_inverse=True)
    if values.dtype.kind in "if" and len(values) and values[0] < 0 and values.tolist() != [-1, 1]:
        raise DataError(
            f"{name}: labels count from 0, got {values[0]:g} at index {int(labels.argmin())}. Leave out the examples "
            "without a label, or give each class a name."
        )
    names = tuple(_text(value) for value in values.tolist())
    shown = ", ".join(map(repr, names[:3])) + (", ..." if len(names) > 3 else "")
    if labels.dtype.kind in "iu" and np.array_equal(values, np.arange(len(values))):
        classes = labels
    return classes.reshape(-1), names, f"labels: {shown} are the classes 0 to {len(names) - 1}"


def _countable(labels: np.ndarray) -> bool:
    kind = labels.dtype.kind
    return kind in "iubUS" or (kind == "f" and bool(np.isfinite(labels).all() and (labels % 1 == 0).all()))


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(int(value)) if isinstance(value, float) else str(value)


def _one_hot(name: str, labels: np.ndarray) -> tuple[np.ndarray, tuple[str, ...], str]:
    if labels.dtype.kind not in "iubf" or not ((labels == 0) | (labels == 1)).all() or not (labels.sum(1) == 1).all():
        raise DataError(
            f"{name}: labels of shape {labels.shape} must be one-hot (a single 1 in each row, else 0). "
            "Give one label for each image."
        )
    count = labels.shape[1]
    return (
        labels.argmax(1),
        tuple(map(str, range(count))),
        f"labels: one-hot, the columns are the classes 0 to {count - 1}",
    )
