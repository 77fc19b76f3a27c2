"""From what a file holds to what is trained on: grey levels, classes and splits, and the notes that say how."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sim.data.dataset import Data, image_problem
from sim.data.emnist import characters, upright
from sim.data.labels import numbered
from sim.data.parts import Parts, default_sizes
from sim.data.pixels import check_alike, scaled
from sim.errors import DataError

__all__ = ["assembled"]


def assembled(parts: Parts, path: Path, sizes: tuple[int, int, int] | None, pixels: tuple[float, float] | None) -> Data:
    """Return the examples of a file; `sizes` and `pixels` are those of `load_data`.

    Raises
    ------
    DataError
        If the parts do not fit together, or pixels, labels or order can be read in two ways.
    """
    images, labels, lengths = parts.joined(path)
    ranges = check_alike(str(path), parts.images, pixels)
    images = upright(images) if parts.emnist else images
    if images.ndim > 1 and len(images):
        images = images.reshape(len(images), -1)
    if problem := image_problem(images):
        raise DataError(f"{path}: {problem}")
    inputs, scaling = scaled(str(path), images, pixels)
    classes, names, numbering = numbered(str(path), labels)
    notes = [*parts.notes, scaling, *ranges, numbering]
    if parts.emnist:
        names = characters(parts.emnist, names)
        notes.append(
            f"EMNIST's {parts.emnist}: the classes are the characters {names[0]} to {names[-1]}, and the images, "
            "stored with rows and columns exchanged, are upright here"
        )
    if sizes is None:
        sizes, split = _default_split(path, classes, lengths)
        notes.append(split)
    data = Data(inputs, classes, sizes, path.name or str(path), names, tuple(notes))
    unseen = sorted(set(range(len(names))) - set(np.unique(classes[: sizes[0]]).tolist()))
    if not unseen:
        return data
    notes.append(f"split: no training example is of {', '.join(repr(names[i]) for i in unseen)}")
    return Data(inputs, classes, sizes, data.name, names, tuple(notes))


def _default_split(path: Path, classes: np.ndarray, lengths: tuple[int, ...]) -> tuple[tuple[int, int, int], str]:
    several = len(np.unique(classes)) > 1
    if len(lengths) == 1 and several and (classes[1:] >= classes[:-1]).all():
        raise DataError(
            f"{path}: the examples are sorted by their labels, so that the first, to train, and the last, to test, "
            "would be of different classes. Shuffle them, or give sizes=(training, validation, test)."
        )
    sizes, rule = default_sizes(lengths)
    return sizes, f"split: {rule}"
