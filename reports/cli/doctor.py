"""The command that says what is installed here: `tailoff doctor`, for a bug report."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from reports.cli.options import Json
from reports.cli.output import show

__all__ = ["doctor"]

SETTINGS = ("NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "MPLCONFIGDIR", "NO_COLOR", "TERM", "LANG")


def doctor(as_json: Json = False) -> None:
    """Say what is installed here; paste it into a bug report.

    Example: tailoff doctor
    """
    content: dict[str, Any] = {
        "tailoff": f"{version('tailoff')} in {Path(__file__).parents[2]}",
        "python": f"{platform.python_version()} ({platform.python_implementation()}) in {sys.prefix}",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "cores": f"{usable_cores()} of {os.cpu_count()} may be used",
        "compiled code": _compiled_code(),
        "terminal": _terminal(),
        "environment": {name: os.environ[name] for name in SETTINGS if name in os.environ},
        "libraries": {name: _installed(name) for name in required("")},
        "extras": {extra: {name: _installed(name) for name in required(extra)} for extra in _extras()},
    }
    lines = [f"{name:15} {said}" for name, said in content.items() if isinstance(said, str)]
    groups = {"environment": content["environment"], "libraries": content["libraries"]}
    groups |= {f"[{extra}]": names for extra, names in content["extras"].items()}
    for group, names in groups.items():
        lines += [group] + [f"  {name:25} {said}" for name, said in names.items()]
    show("\n".join(lines), content, as_json)


def usable_cores() -> int:
    """Return how many cores this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def required(extra: str) -> list[str]:
    """Return the names of the libraries that the package, or an extra of it, asks for.

    Examples
    --------
    >>> "numpy" in required(""), "torch" in required(""), required("torch")
    (True, False, ['pyarrow', 'torch'])
    """
    found = []
    for line in requires("tailoff") or []:
        library, _, condition = line.partition(";")
        wanted = re.search(r"extra\s*==\s*['\"]([^'\"]+)", condition)
        if (wanted[1] if wanted else "") == extra:
            found.append(re.split(r"[^A-Za-z0-9._-]", library.strip())[0])
    return found


def _extras() -> list[str]:
    names = re.findall(r"extra\s*==\s*['\"]([^'\"]+)", " ".join(requires("tailoff") or []))
    return [name for name in dict.fromkeys(names) if name != "dev"]


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _compiled_code() -> str:
    """Say where the machine code of the simulations is kept."""
    from sim.machinery.jit import code_folder  # numba with it: not before it is asked for
    from sim.walks.kernel import fill_gaussian

    folder = code_folder(fill_gaussian)
    if folder is None:
        return "kept nowhere: made anew in every process; NUMBA_CACHE_DIR names a folder"
    return f"in {folder}, {len(list(folder.glob('*.nbc')))} pieces"


def _terminal() -> str:
    shape = f"{shutil.get_terminal_size().columns} columns" if sys.stdout.isatty() else "none"
    return f"{shape}, {sys.stdout.encoding}"
