"""The C loop of `loop.c`, built where gcc is, and run on an engine's own arrays."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from sim.training.engines import CompiledEngine

__all__ = ["available", "built", "take_epoch"]

FLAGS = ("-O3", "-march=native", "-ffast-math", "-shared", "-fPIC")


def available() -> bool:
    return shutil.which("gcc") is not None


def built() -> ctypes.CDLL:
    """Compile into a temporary folder; the library stays loaded after the folder is gone."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "loop.so"
        source = Path(__file__).with_name("loop.c")
        subprocess.run(["gcc", *FLAGS, str(source), "-o", str(library), "-lm"], check=True)
        return ctypes.CDLL(str(library))


def take_epoch(library, engine: CompiledEngine, order, measure, alignment, grad_sq) -> None:
    """Let the C loop train the engine's network for one pass over `order`."""
    p, examples, settings = engine.p, engine.splits[0], engine.settings
    inputs, padded = p.first.shape
    whole, real = ctypes.c_long, ctypes.c_double
    library.epoch(
        *map(_address, (examples.starts, examples.columns, examples.values)), real(examples.unit),
        _address(examples.labels), _address(order), whole(len(order)), whole(settings.batch_size), real(settings.eta),
        real(engine.shrink[0]), _address(p.first), _address(p.biases), _address(p.rest),
        _address(p.biases[p.units[1] :]),
        whole(inputs), whole(padded), whole(p.widths[0]), whole(p.widths[1]), int(measure), _address(alignment),
        _address(grad_sq),
    )  # fmt: skip


def _address(array: np.ndarray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
