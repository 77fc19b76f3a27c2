"""Load labelled images: MNIST, which is in the package, or the forms in which people keep their own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from sim.data.assemble import assembled
from sim.data.dataset import Data, Split
from sim.data.idx_files import named_by_prefix, read_idx_file, read_idx_folder
from sim.data.limits import MAX_BYTES, opened
from sim.data.npz import read_npz
from sim.data.parts import Parts
from sim.data.pickled import read_pickled
from sim.data.pixels import check_pixels
from sim.data.table import read_table
from sim.errors import DataError
from sim.machinery.paths import as_path
from theory.settings import whole_number

__all__ = ["Data", "Split", "load_data"]

MNIST_SHA256 = "74c51f06d03e342913087bef4fd4e05774b8cca21016437f0afc37a12abca41d"


@dataclass(frozen=True)
class Format:
    """A kind of file: how its content begins, once unpacked, and who reads it."""

    starts: tuple[bytes, ...]
    read: Callable[[Path, int], Parts]


FORMATS = (
    Format((b"PK",), read_npz),
    Format((b"\0\0",), read_idx_file),
    Format((b"\x80", b"(c", b"((", b"(l"), read_pickled),
    Format((b"",), read_table),  # text begins as it likes
)


def load_data(
    name_or_path: str | Path = "mnist",
    *,
    sizes: tuple[int, int, int] | None = None,
    pixels: tuple[float, float] | None = None,
    max_bytes: int = MAX_BYTES,
) -> Data:
    """Load labelled images.

    Parameters
    ----------
    name_or_path : str or path
        - "mnist": 70,000 images, inside the package;
        - a .npz file with the arrays `images` and `labels`, or Keras' `x_train`, `y_train`, `x_test`, `y_test`, or
          MedMNIST's `train_images`, `train_labels`, `val_...`, `test_...`;
        - the textbook's mnist.pkl.gz: pairs (images, labels) for training, validation, test (read, never executed);
        - a CSV table with a column `label` and pixels (Kaggle's train.csv), or without a heading and the label first;
        - a folder with MNIST's four IDX files, torchvision's root, or EMNIST's files: where a folder has several sets,
          the beginning of their names (raw/emnist-letters);
        - an IDX file of images whose labels lie beside it.

        All but .npz may be gzipped.
    sizes : (int, int, int), optional
        Training, validation and test examples. Default: what the file says; where it says only which ones test, the
        last sixth of the others validates (60,000 and 10,000 become the textbook's 50,000, 10,000, 10,000); where it
        says nothing, 5, 1 and 1 sevenths.
    pixels : (float, float), optional
        The numbers of black and white in the file, which become 0 and 1; (0, 1) takes them as they are. Default: told
        from their type and range, as `sim.data.pixels` lists, or refused where these do not tell.
    max_bytes : int
        A file that holds more, unpacked, is refused before memory is taken.

    Returns
    -------
    Data
        `.train`, `.validation`, `.test`, each with `.inputs` (examples x pixels, float64) and `.labels` from 0;
        `.class_names`, what the file calls the classes; `.notes`, what was decided.

    Raises
    ------
    DataError
        If a file is missing, damaged, inconsistent, too large, or of a kind that is not read, or if its pixels can be
        read in two ways, or differently in its parts; pickled objects other than plain arrays are refused.
    InvalidArgument
        If an argument is not what it should be.

    Examples
    --------
    >>> data = load_data("mnist")
    >>> data.train.inputs.shape, data.validation.labels.shape, data.test.labels[:3]
    ((50000, 784), (10000,), array([7, 2, 1]))
    """
    path = as_path("name_or_path", name_or_path)
    check_pixels(pixels)
    whole_number("max_bytes", max_bytes)
    if str(name_or_path) == "mnist":
        return assembled(_packaged_mnist(), Path("mnist"), sizes, pixels)
    return assembled(_read(path, max_bytes), path, sizes, pixels)


def _packaged_mnist() -> Parts:
    path = Path(str(files("sim") / "data" / "mnist" / "mnist.npz"))
    if hashlib.sha256(path.read_bytes()).hexdigest() != MNIST_SHA256:
        raise DataError(f"{path} is not the file that was packaged (its SHA-256 differs). Install tailoff again.")
    return read_npz(path, MAX_BYTES)


def _read(path: Path, max_bytes: int) -> Parts:
    try:
        if path.is_dir():
            return read_idx_folder(path, max_bytes)
        if not path.exists() and named_by_prefix(path):
            return read_idx_folder(path.parent, max_bytes, path.name)
        there = path.exists()
    except OSError as error:  # a name that is too long, a loop of links, a folder that may not be read
        raise DataError(f"{str(path)[:200]} cannot be read: {error.strerror}. Check the path.") from error
    if not there:
        raise DataError(f"{path} does not exist. Give 'mnist', a file or a folder of images and labels.")
    with opened(path) as file:
        start = file.read(2)
    return next(form.read for form in FORMATS if start.startswith(form.starts))(path, max_bytes)
