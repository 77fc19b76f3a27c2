"""Which software made a result."""

from __future__ import annotations

import platform
from importlib.metadata import version

__all__ = ["versions"]


def versions() -> str:
    """Return the versions that decide a result's numbers, as one line."""
    parts = [f"{name} {version(name)}" for name in ("tailoff", "numpy", "scipy", "numba")]
    return ", ".join([*parts, f"Python {platform.python_version()}"])
