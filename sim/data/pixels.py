"""What a pixel's number means: scaled by a rule that is said, or asked about; never trained on as it comes.

=========================  ===============================================  =======================================
numbers                    range                                            become
=========================  ===============================================  =======================================
truth values               false, true                                      0, 1
whole numbers              0 and 1 only                                     0, 1
whole numbers              0 to 128...255; of bytes, 0 only                  divided by 255
16-bit (uint16)            0 to 32,768...65,535                             divided by 65,535
floats                     0 to 0.1...1                                     as they are
floats                     0 to 128...255                                   divided by 255
anything else              negative, or a largest value between these       refused: `pixels=(black, white)` says it
=========================  ===============================================  =======================================
"""

from __future__ import annotations

import numpy as np

from sim.errors import DataError
from theory.settings import InvalidArgument

__all__ = ["check_alike", "check_pixels", "scaled"]

ROUNDING = 1e-6
DARKEST = 0.1  # the smallest white of floats as they are; 1/255 has been divided twice


def check_pixels(pixels: tuple[float, float] | None) -> None:
    """Refuse what is not None or two different finite numbers (black, white)."""
    if pixels is None:
        return
    try:
        black, white = (float(end) for end in pixels)
    except (TypeError, ValueError):
        black = white = np.nan
    if not (np.isfinite(black) and np.isfinite(white) and black != white):
        raise InvalidArgument(f"pixels must be two different numbers (black, white), such as (0, 255), got {pixels!r}.")


def scaled(name: str, images: np.ndarray, pixels: tuple[float, float] | None) -> tuple[np.ndarray, str]:
    """Return the images as bytes of 0 to 255 or as the floats that are trained on, and a sentence that says how.

    Parameters
    ----------
    name : str
        The file, for the message.
    images : ndarray of bool, integers or finite floats
    pixels : (float, float), optional
        The numbers of black and white, which become 0 and 1. Default: the table above.

    Raises
    ------
    DataError
        If the table has no row for these numbers: the message says what they are and what to give.

    Examples
    --------
    >>> scaled("digits", np.array([[0.0, 51.0, 255.0]]), None)
    (array([[  0,  51, 255]], dtype=uint8), 'pixels: float64 from 0 to 255, divided by 255')
    """
    if images.dtype.kind == "b":
        return images * np.uint8(255), "pixels: false and true are 0 and 1"
    if not images.size:
        return images, "there are no pixels"
    low, high = images.min(), images.max()
    had = f"pixels: {images.dtype.newbyteorder('=')} from {low:g} to {high:g}"
    if pixels is not None:
        return _between(images, *pixels), f"{had}; {pixels[0]:g} is black and {pixels[1]:g} is white, as asked"
    white = _white(images, low, high)
    if white is None:
        raise DataError(
            f"{name}: {had}: it is not clear which numbers are black and white. Say it, as in pixels=(0, 255) "
            "(--pixels 0,255); (0, 1) takes them as they are."
        )
    if images.dtype == np.uint8 and white == 255:
        return images, f"{had}, divided by 255"
    if white == 1:
        return (
            (images.astype(np.uint8) * np.uint8(255), had)
            if images.dtype.kind in "iu"
            else (images, f"{had}, as they are")
        )
    as_bytes = _as_bytes(images) if white == 255 else None
    return _between(images, 0, white) if as_bytes is None else as_bytes, f"{had}, divided by {white}"


def check_alike(name: str, parts: tuple[np.ndarray, ...], pixels: tuple[float, float] | None) -> list[str]:
    """Refuse parts (training, test, ...) whose white is not the same; return what to say where the caller decided.

    Examples
    --------
    >>> check_alike("digits", (np.array([0.0, 1.0]), np.array([0.0, 255.0])), None)
    Traceback (most recent call last):
    ...
    sim.errors.DataError: digits: the pixels of its parts are on different scales: 0 to 1 and 0 to 255. Save them alike,
    or say what is black and white in all of them, as in pixels=(0, 255) (--pixels 0,255).
    """
    ranges = [(part.min(), part.max()) for part in parts if part.size and part.dtype.kind in "iuf"]
    seen = [_white(part, part.min(), part.max()) for part in parts if part.size and part.dtype.kind in "iuf"]
    told = {white for white, (low, high) in zip(seen, ranges, strict=True) if high > low}
    if len(told) < 2:
        return []
    said = " and ".join(f"{low:g} to {high:g}" for low, high in ranges)
    if pixels is None:
        raise DataError(
            f"{name}: the pixels of its parts are on different scales: {said}. Save them alike, or say what is black "
            "and white in all of them, as in pixels=(0, 255) (--pixels 0,255)."
        )
    return [f"pixels: the parts are on different scales, {said}, and are taken as asked"]


def _white(images: np.ndarray, low: float, high: float) -> int | None:
    """Return the number of white where black is 0, or None if the numbers do not tell."""
    kind, size = images.dtype.kind, images.dtype.itemsize
    if low < 0:
        return None
    if kind == "f" and (high == 0 or DARKEST <= high <= 1 + ROUNDING):
        return 1
    if kind in "iu" and high == 1:
        return 1
    if 128 <= high <= 255 or ((kind, size) == ("u", 1) and high == 0):
        return 255
    if (kind, size) == ("u", 2) and high >= 2**15:
        return 65_535
    return None


def _as_bytes(images: np.ndarray) -> np.ndarray | None:
    """Return whole numbers of 0 to 255 as bytes, which are exact and small; None if some are not whole."""
    whole = images.astype(np.uint8)
    return whole if np.array_equal(whole, images) else None


def _between(images: np.ndarray, black: float, white: float) -> np.ndarray:
    """Return floats that are 0 at black and 1 at white; whole numbers become float64."""
    numbers = images if images.dtype.kind == "f" else images.astype(np.float64)
    return numbers if (black, white) == (0, 1) else (numbers - black) / (white - black)
