"""Which IDX files belong together: MNIST's four, EMNIST's, torchvision's folders, or one file and its labels."""

from __future__ import annotations

import re
from pathlib import Path

from sim.data.emnist import emnist_set
from sim.data.idx import read_idx
from sim.data.limits import MAX_BYTES
from sim.data.parts import Parts
from sim.errors import DataError

__all__ = ["named_by_prefix", "read_idx_file", "read_idx_folder"]

IMAGES = re.compile(r"(?P<set>.*?)(?P<part>train|t10k|test)[-_.]images.*")
Sets = dict[str, dict[str, Path]]


def read_idx_file(path: Path, max_bytes: int = MAX_BYTES) -> Parts:
    """Read one file of images and the file of labels beside it."""
    images, labels = read_idx(path, max_bytes=max_bytes), read_idx(_labels_beside(path), max_bytes=max_bytes)
    return Parts((images,), (labels,), emnist=emnist_set(path.name))


def read_idx_folder(folder: Path, max_bytes: int = MAX_BYTES, prefix: str = "") -> Parts:
    """Read the training and the test files of the one set in a folder, its raw/, or any */raw/ (torchvision's root).

    Raises
    ------
    DataError
        If there is none, more than one (the message lists them), or a file of it is missing or damaged.
    """
    sets = _sets(folder, prefix)
    whole = {name: files for name, files in sets.items() if {"train", "test"} <= set(files)}
    if len(whole) > 1:
        raise DataError(f"{folder} has more than one set of IDX files: {', '.join(whole)}. Give one of these paths.")
    if not whole:
        found = ", ".join(str(path) for files in sets.values() for path in files.values())
        raise DataError(
            f"{folder} has no train-images* file with a t10k-images* or test-images* beside it"
            f"{f', only {found}' if found else ''}. Give a folder with MNIST's four IDX files, or torchvision's root."
        )
    (files,) = whole.values()
    images = [files[part] for part in ("train", "test")]
    return Parts(
        tuple(read_idx(path, max_bytes=max_bytes) for path in images),
        tuple(read_idx(_labels_beside(path), max_bytes=max_bytes) for path in images),
        (f"files: {images[0]} and those beside it",),
        emnist_set(images[0].name),
    )


def named_by_prefix(path: Path) -> bool:
    """Whether the path is the beginning of the names of a set of files: raw/emnist-letters."""
    return path.parent.is_dir() and bool(path.name) and bool(_sets(path.parent, path.name, deep=False))


def _sets(folder: Path, prefix: str, *, deep: bool = True) -> Sets:
    """Return the files of images by set and part; an unpacked file comes before its .gz."""
    sets: Sets = {}
    try:
        places = [folder, *sorted([*folder.glob("raw"), *folder.glob("*/raw")])] if deep else [folder]
        names = [path for place in places if place.is_dir() for path in sorted(place.iterdir())]
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error}. Check the path.") from error
    for path in names:
        match = IMAGES.fullmatch(path.name)
        if match and path.is_file() and match["set"].startswith(prefix):
            part = "train" if match["part"] == "train" else "test"
            sets.setdefault(str(path.parent / match["set"].rstrip("-_.")), {}).setdefault(part, path)
    return sets


def _labels_beside(images: Path) -> Path:
    name = images.name.replace("images", "labels").replace("idx3", "idx1")
    bare = name.removesuffix(".gz")
    labels = next((path for n in (name, bare, f"{bare}.gz") if (path := images.with_name(n)).exists()), images)
    if labels == images:
        raise DataError(f"no labels beside {images}: expected {name} there (MNIST's naming, images -> labels).")
    return labels
