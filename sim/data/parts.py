"""What a file holds, before anybody says what its numbers mean: images and labels, part by part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.errors import DataError

__all__ = ["Parts", "default_sizes"]

TEXTBOOK_SPLIT = (50_000, 10_000, 10_000)


@dataclass(frozen=True)
class Parts:
    """Images and labels as they lie in a file: all in one, or training and test, or training, validation and test.

    Attributes
    ----------
    images, labels : tuple of ndarray
        One array for each part, in that order.
    notes : tuple of str
        What the reader decided, for the user to see.
    emnist : str
        Which of EMNIST's sets it is, if any.
    """

    images: tuple[np.ndarray, ...]
    labels: tuple[np.ndarray, ...]
    notes: tuple[str, ...] = ()
    emnist: str = ""

    def joined(self, path: Path) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
        """Return all images, all labels and the lengths of the parts.

        Raises
        ------
        DataError
            If a part has not one label an image, or the parts are not alike.
        """
        for images, labels in zip(self.images, self.labels, strict=True):
            if images.ndim == 0 or labels.ndim == 0:
                raise DataError(f"{path}: images and labels must be arrays of examples, and one is a single number.")
            if len(images) != len(labels):
                raise DataError(
                    f"{path}: {len(images)} images but {len(labels)} labels. Give one label for each image."
                )
        return _join(path, "images", self.images), _join(path, "labels", self.labels), tuple(map(len, self.labels))


def _join(path: Path, what: str, arrays: tuple[np.ndarray, ...]) -> np.ndarray:
    first, *others = arrays
    for other in others:
        if other.shape[1:] != first.shape[1:] or _kind(what, other) != _kind(what, first):
            raise DataError(
                f"{path}: the {what} of its parts are not alike: {first.dtype} of shape {first.shape} and "
                f"{other.dtype} of shape {other.shape}. Save them alike."
            )
    return np.concatenate(arrays) if others else first


def _kind(what: str, array: np.ndarray) -> str:
    """Return what must be the same in all parts: of pixels the type, of labels whether they are numbers or text."""
    return array.dtype.newbyteorder("=").str if what == "images" else array.dtype.kind.replace("u", "i")


def default_sizes(lengths: tuple[int, ...]) -> tuple[tuple[int, int, int], str]:
    """Return how many examples train, validate and test, and the sentence that says so.

    Three parts are what the file says. Of two, the second tests and the last sixth of the first validates: MNIST's
    60,000 and 10,000 become the textbook's 50,000, 10,000 and 10,000, and so do 70,000 in one part. Else one part is
    cut into 5, 1 and 1 sevenths.

    Examples
    --------
    >>> default_sizes((60_000, 10_000))[0], default_sizes((70,))[0]
    ((50000, 10000, 10000), (50, 10, 10))
    """
    match lengths:
        case (train, validation, test):
            return (train, validation, test), "training, validation and test as the file says"
        case (train, test):
            return (train - train // 6, train // 6, test), (
                "test as the file says, and of its training examples the last sixth validates"
            )
        case (total,) if total == sum(TEXTBOOK_SPLIT):
            return TEXTBOOK_SPLIT, "the textbook's 50,000, 10,000 and 10,000 examples train, validate and test"
        case (total,):
            sizes = total - 2 * (total // 7), total // 7, total // 7
            return sizes, "the file names no parts: the first 5/7 train, the next 1/7 validates, the last 1/7 tests"
    raise ValueError(f"one, two or three parts, got {len(lengths)}")
