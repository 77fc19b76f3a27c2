"""Small simulations that workers can import."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import xarray as xr


def scale(lam, eta, *, seed, log=None, wait=0.0):
    """A number, an array and attributes, from settings and seed; each call leaves a line in a file."""
    if log:
        with Path(log).open("a") as file:
            file.write(f"{lam} {eta}\n")
    time.sleep(wait)
    noise = np.random.default_rng(seed).random(3)
    return xr.Dataset(
        {"scale": ((), float(lam * eta), {"long_name": "scale"}), "noise": ("step", noise), "count": ((), 3)},
        {"step": [0, 10, 20]},
        {"lam": lam, "seed": seed, "betas": (0.9, 0.99)},
    )


def fails(lam, how="raise", marker=None):
    """End badly where lam is 2: for good, or only the first time."""
    if lam == 2 and (marker is None or not Path(marker).exists()):
        if marker:
            Path(marker).touch()
        if how == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        raise MemoryError("no room") if how == "memory" else ValueError("lam is two")
    return xr.Dataset({"twice": ((), 2.0 * lam)}, attrs={"diverged": "layer 2" if lam == 3 and how == "raise" else ""})


def ragged(length):
    return xr.Dataset({"w": ("step", np.arange(float(length)))}, {"step": np.arange(length) * length})


def no_dataset(lam):
    return lam


def unwritable(lam):
    return xr.Dataset({"a": ((), float(lam))}, attrs={"what": {"a": object()}} if lam == 2 else {})
