"""EMNIST: its images are stored with rows and columns exchanged, and its labels stand for characters.

References
----------
Cohen, Afshar, Tapson and van Schaik, "EMNIST: an extension of MNIST to handwritten letters" (2017), section II and the
`emnist-*-mapping.txt` files; "letters" merges upper and lower case and counts its labels from 1.
"""

from __future__ import annotations

import math
import re
import string

import numpy as np

__all__ = ["characters", "emnist_set", "upright"]

MERGED = string.digits + string.ascii_uppercase + "abdefghnqrt"  # the letters that look the same in both cases are one
CHARACTERS = {
    "letters": " " + string.ascii_uppercase,  # label 1 is A
    "byclass": string.digits + string.ascii_uppercase + string.ascii_lowercase,
    "bymerge": MERGED,
    "balanced": MERGED,
    "digits": string.digits,
    "mnist": string.digits,
}
NAME = re.compile(rf"emnist-({'|'.join(CHARACTERS)})\b.*")


def emnist_set(file_name: str) -> str:
    """Return which of EMNIST's sets a file belongs to by its published name, or nothing.

    Examples
    --------
    >>> emnist_set("emnist-letters-train-images-idx3-ubyte"), emnist_set("train-images-idx3-ubyte")
    ('letters', '')
    """
    match = NAME.fullmatch(file_name)
    return match[1] if match else ""


def upright(images: np.ndarray) -> np.ndarray:
    """Exchange rows and columns; pixels in one row, shape (examples, side^2), are taken as a square.

    Examples
    --------
    >>> upright(np.array([[1, 2, 3, 4]])).tolist()
    [[1, 3, 2, 4]]
    """
    if images.ndim == 3:
        return images.swapaxes(1, 2)
    side = math.isqrt(images.shape[-1]) if images.ndim == 2 else 0
    if images.ndim != 2 or side**2 != images.shape[1]:
        return images
    return images.reshape(-1, side, side).swapaxes(1, 2).reshape(len(images), -1)


def characters(emnist: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the characters that the labels stand for; labels outside the published ones stay as they are.

    Examples
    --------
    >>> characters("letters", ("1", "26"))
    ('A', 'Z')
    """
    known = CHARACTERS[emnist]
    numbers = [int(name) if name.isdecimal() and len(name) < 4 else -1 for name in names]
    if not all(0 <= number < len(known) and known[number] != " " for number in numbers):
        return names
    return tuple(known[number] for number in numbers)
