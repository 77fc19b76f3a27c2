"""Rebuild mnist.npz from the four IDX files: python -m sim.data.mnist.rebuild FOLDER mnist.npz."""

from __future__ import annotations

import gzip
import hashlib
import sys
from pathlib import Path

import numpy as np

from sim.data.idx import read_idx
from sim.data.load import MNIST_SHA256
from sim.errors import DataError
from sim.machinery.saving import replacing

__all__ = ["MD5", "main", "rebuild"]

MD5 = {  # of the unpacked files, in the official order
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}


def _checked(folder: Path, name: str) -> np.ndarray:
    path = next((p for p in (folder / name, folder / f"{name}.gz") if p.exists()), None)
    if path is None:
        raise DataError(f"{folder} has no {name} (nor {name}.gz).")
    raw = path.read_bytes()
    digest = hashlib.md5(gzip.decompress(raw) if path.suffix == ".gz" else raw).hexdigest()
    if digest != MD5[name]:
        raise DataError(f"{path} is not the published file: MD5 {digest}, expected {MD5[name]}.")
    return read_idx(path)


def rebuild(folder: str | Path, target: str | Path) -> str:
    """Write `target` from the four IDX files in `folder`; return its SHA-256.

    Raises
    ------
    DataError
        If a file is missing, or its MD5 is not the published one.
    """
    parts = [_checked(Path(folder), name) for name in MD5]
    images = np.concatenate([parts[0].reshape(60_000, 784), parts[2].reshape(10_000, 784)])
    labels = np.concatenate([parts[1], parts[3]])
    target = Path(target)
    with replacing(target) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, images=images, labels=labels)
    return hashlib.sha256(target.read_bytes()).hexdigest()


def main() -> None:
    """Run from the command line."""
    if len(sys.argv) != 3:
        sys.exit("usage: python -m sim.data.mnist.rebuild FOLDER mnist.npz")
    try:
        digest = rebuild(*sys.argv[1:])
    except DataError as error:
        sys.exit(f"error: {error}")
    same = "as packaged" if digest == MNIST_SHA256 else "the same images; another zlib packs them differently"
    sys.stdout.write(f"{sys.argv[2]}: SHA-256 {digest} ({same})\n")


if __name__ == "__main__":
    main()
