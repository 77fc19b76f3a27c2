"""Labelled examples, split into training, validation and test: what every experiment of `sim` trains on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sim.data.sparse import Examples, without_zeros
from sim.errors import DataError
from theory.settings.notebook import InNotebook

__all__ = ["Data", "Split", "image_problem"]


@dataclass(frozen=True)
class Split:
    """Some of the examples.

    Attributes
    ----------
    inputs : ndarray, shape (examples, pixels), float64
        Whole-number pixels are divided by 255, so that they lie between 0 and 1; others are as they were given.
    labels : ndarray, shape (examples,), int64
        The class of each example, counted from 0.
    """

    inputs: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Data(InNotebook):
    """Labelled examples in their file's order, and how they are split into training, validation and test.

    Parameters
    ----------
    inputs : ndarray, shape (examples, pixels)
        Bytes, which are divided by 255, or floats, which are taken as they are.
    labels : ndarray, shape (examples,), whole numbers from 0
    sizes : (int, int, int)
        How many of the first examples train, how many of the next validate, how many of the next test.
    name : str
        What results call it.
    class_names : tuple of str, optional
        What each class is called in the file, in the order of the labels.
    notes : tuple of str, optional
        What was decided on loading: how pixels were scaled, labels numbered, examples split.

    Raises
    ------
    DataError
        If the parts do not fit together.
    """

    inputs: np.ndarray
    labels: np.ndarray
    sizes: tuple[int, int, int]
    name: str = "data"
    class_names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        problem = _problem(self.inputs, self.labels, self.sizes)
        if not problem and self.class_names and self.labels.max() >= len(self.class_names):
            problem = f"label {self.labels.max()} has no name among the {len(self.class_names)} class names."
        if problem:
            raise DataError(f"{self.name}: {problem}")

    def __str__(self) -> str:
        return "\n  ".join([f"{self.name}: {len(self.labels):,} examples of {self.classes} classes", *self.notes])

    @property
    def classes(self) -> int:
        """Number of classes: of their names, or one more than the largest label."""
        return len(self.class_names) or int(self.labels.max()) + 1

    @cached_property
    def train(self) -> Split:
        """The training examples."""
        return self._split(0)

    @cached_property
    def validation(self) -> Split:
        """The validation examples."""
        return self._split(1)

    @cached_property
    def test(self) -> Split:
        """The test examples."""
        return self._split(2)

    @cached_property
    def sparse(self) -> tuple[Examples, Examples]:
        """The training and the validation examples without their zeros, found once for all runs on these data."""
        unit = 1 / self._white
        train, validation = (without_zeros(self.inputs[p], self.labels[p], unit) for p in map(self._part, (0, 1)))
        return train, validation

    @property
    def _white(self) -> float:
        """What becomes 1: whole-number pixels go to 255, others are taken as they are."""
        return 255.0 if self.inputs.dtype.kind in "iu" else 1.0

    def _part(self, part: int) -> slice:
        start = sum(self.sizes[:part])
        return slice(start, start + self.sizes[part])

    def _split(self, part: int) -> Split:
        chosen = self._part(part)
        return Split(self.inputs[chosen] / self._white, self.labels[chosen].astype(np.int64))


def image_problem(inputs: np.ndarray) -> str:
    """Say what is wrong with images, shape (examples, pixels), or nothing."""
    if not isinstance(inputs, np.ndarray) or np.ma.isMaskedArray(inputs):
        kind = type(inputs).__name__
        return f"images must be a plain array of numbers, got {kind}. Leave out what is masked, give .to_numpy()."
    if inputs.ndim != 2 or inputs.dtype.kind not in "biuf":
        return f"images must be a table of numbers (examples x pixels), got {inputs.dtype} of shape {inputs.shape}."
    if len(inputs) == 0:
        return "there are no examples."
    if inputs.shape[1] == 0:
        return f"images have no pixels, got shape {inputs.shape}."
    if inputs.dtype.kind == "f" and not np.isfinite(inputs).all():
        bad = np.argwhere(~np.isfinite(inputs))[0]
        return f"image {bad[0]} has the pixel value {inputs[tuple(bad)]}. Remove it or repair it."
    return ""


def _problem(inputs: np.ndarray, labels: np.ndarray, sizes: tuple[int, int, int]) -> str:
    if problem := image_problem(inputs):
        return problem
    if not isinstance(labels, np.ndarray) or np.ma.isMaskedArray(labels):
        return f"labels must be a plain array of whole numbers, got {type(labels).__name__}. Give .to_numpy()."
    if inputs.dtype.kind in "iu" and inputs.dtype != np.uint8:
        return (
            f"images must be bytes (uint8), which are divided by 255, or floats, got {inputs.dtype}. Say what is white:"
            " images / 255.0, or as the case may be."
        )
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        return f"labels must be a list of whole numbers, got {labels.dtype} of shape {labels.shape}."
    if len(inputs) != len(labels):
        return f"{len(inputs)} images but {len(labels)} labels. Give one label for each image."
    if labels.min() < 0:
        return f"labels count from 0, got {labels.min()} at index {int(labels.argmin())}."
    three = isinstance(sizes, tuple | list) and len(sizes) == 3 and all(isinstance(s, int | np.integer) for s in sizes)
    if not three or min(sizes) < 0 or sizes[0] < 1 or sum(sizes) > len(labels):
        return f"cannot split {len(labels)} examples into {sizes}. Give three whole numbers that add up to no more."
    return ""
