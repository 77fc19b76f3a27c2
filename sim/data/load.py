"""Labelled images to train on: MNIST, which is in the package, or any .npz or IDX files by path."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from sim.data.idx import read_idx
from sim.data.sparse import Examples, without_zeros
from sim.errors import DataError

__all__ = ["Data", "Split", "load_data"]

MNIST_SHA256 = "74c51f06d03e342913087bef4fd4e05774b8cca21016437f0afc37a12abca41d"
TEXTBOOK_SPLIT = (50_000, 10_000, 10_000)


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
class Data:
    """Labelled examples in their file's order, and how they are split into training, validation and test.

    Parameters
    ----------
    inputs : ndarray, shape (examples, pixels)
        Bytes, or floats that are taken as they are.
    labels : ndarray, shape (examples,), whole numbers from 0
    sizes : (int, int, int)
        How many of the first examples train, how many of the next validate, how many of the next test.
    name : str
        What results call it.

    Raises
    ------
    DataError
        If the parts do not fit together.
    """

    inputs: np.ndarray
    labels: np.ndarray
    sizes: tuple[int, int, int]
    name: str = "data"

    def __post_init__(self) -> None:
        problem = _problem(self.inputs, self.labels, self.sizes)
        if problem:
            raise DataError(f"{self.name}: {problem}")

    @property
    def classes(self) -> int:
        """Number of classes: one more than the largest label."""
        return int(self.labels.max()) + 1

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


def _problem(inputs: np.ndarray, labels: np.ndarray, sizes: tuple[int, int, int]) -> str:
    """Say what is wrong with the examples, or nothing."""
    if inputs.ndim != 2 or inputs.dtype.kind not in "iuf":
        return f"images must be a table of numbers (examples x pixels), got {inputs.dtype} of shape {inputs.shape}."
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        return f"labels must be a list of whole numbers, got {labels.dtype} of shape {labels.shape}."
    if len(inputs) != len(labels):
        return f"{len(inputs)} images but {len(labels)} labels. Give one label for each image."
    if len(labels) == 0:
        return "there are no examples."
    if labels.min() < 0:
        return f"labels count from 0, got {labels.min()} at index {int(labels.argmin())}."
    if inputs.dtype.kind == "f" and not np.isfinite(inputs).all():
        bad = np.argwhere(~np.isfinite(inputs))[0]
        return f"image {bad[0]} has the pixel value {inputs[tuple(bad)]}. Remove it or repair it."
    if len(sizes) != 3 or min(sizes) < 0 or sizes[0] < 1 or sum(sizes) > len(labels):
        return f"cannot split {len(labels)} examples into {sizes}. Give three numbers that add up to no more."
    return ""


def load_data(name_or_path: str | Path = "mnist", *, sizes: tuple[int, int, int] | None = None) -> Data:
    """Load labelled images.

    Parameters
    ----------
    name_or_path : str or path
        "mnist" (70,000 images, inside the package), a .npz file with the arrays `images` and `labels`, an IDX file of
        images whose labels lie beside it, or a folder with MNIST's four IDX files (gzipped or not).
    sizes : (int, int, int), optional
        Training, validation and test examples. Default: the textbook's 50,000, 10,000, 10,000 where there are 70,000
        examples, else the same fractions.

    Returns
    -------
    Data
        `.train`, `.validation`, `.test`, each with `.inputs` (examples x pixels, float64) and `.labels`.

    Raises
    ------
    DataError
        If a file is missing, damaged, inconsistent, or of a kind that is not read; pickled objects are refused.

    Examples
    --------
    >>> data = load_data("mnist")
    >>> data.train.inputs.shape, data.validation.labels.shape, data.test.labels[:3]
    ((50000, 784), (10000,), array([7, 2, 1]))
    """
    name = str(name_or_path)
    if name == "mnist":
        images, labels = _packaged_mnist()
    else:
        path = Path(name_or_path)
        if not path.exists():
            raise DataError(f"{path} does not exist. Give 'mnist', a .npz file, an IDX file or a folder of IDX files.")
        images, labels = _from_folder(path) if path.is_dir() else _from_file(path)
    images = images.reshape(len(images), -1) if images.ndim > 1 and len(images) else images
    if sizes is None:
        total = len(labels)
        sizes = TEXTBOOK_SPLIT if total == sum(TEXTBOOK_SPLIT) else (total - 2 * (total // 7), total // 7, total // 7)
    return Data(images, labels, sizes, name if name == "mnist" else Path(name).name)


def _packaged_mnist() -> tuple[np.ndarray, np.ndarray]:
    path = Path(str(files("sim") / "data" / "mnist" / "mnist.npz"))
    if hashlib.sha256(path.read_bytes()).hexdigest() != MNIST_SHA256:
        raise DataError(f"{path} is not the file that was packaged (its SHA-256 differs). Install tailoff again.")
    return _from_npz(path)


def _from_file(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with path.open("rb") as file:
        start = file.read(2)
    if start == b"PK":
        return _from_npz(path)
    if start in (b"\0\0", b"\x1f\x8b"):
        return read_idx(path), read_idx(_labels_beside(path))
    raise DataError(f"{path} is neither a .npz nor an IDX file. Give one of these, or 'mnist'.")


def _from_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            missing = {"images", "labels"} - set(archive.files)
            if missing:
                raise DataError(
                    f"{path} has no array {' and no array '.join(sorted(missing))}, only {archive.files}. "
                    "Save it with np.savez(path, images=..., labels=...)."
                )
            return archive["images"], archive["labels"]
    except DataError:
        raise
    except (ValueError, zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError) as error:
        raise DataError(f"{path} is not a readable .npz of plain arrays: {error}. Save it again.") from error


def _labels_beside(images: Path) -> Path:
    name = images.name.replace("images", "labels").replace("idx3", "idx1")
    labels = images.with_name(name)
    if labels == images or not labels.exists():
        raise DataError(f"no labels beside {images}: expected {labels.name} there (MNIST's naming, images -> labels).")
    return labels


def _from_folder(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read MNIST's four files, training first: the official order."""
    parts: list[Any] = []
    for part in ("train", "t10k"):
        found = sorted(folder.glob(f"{part}-images*"))
        if not found:
            raise DataError(f"{folder} has no {part}-images* file. Give a folder with MNIST's four IDX files.")
        parts.append((read_idx(found[0]), read_idx(_labels_beside(found[0]))))
    (train_images, train_labels), (test_images, test_labels) = parts
    if train_images.shape[1:] != test_images.shape[1:]:
        raise DataError(f"{folder}: training images are {train_images.shape[1:]}, test images {test_images.shape[1:]}.")
    return np.concatenate([train_images, test_images]), np.concatenate([train_labels, test_labels])
