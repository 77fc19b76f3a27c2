"""A file or folder of the user's own that is called theory, sim or reports, and stands before tailoff's in the path.

Python takes the first one that it finds, and what is missing in it would be the error. It is named here instead.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

__all__ = ["PACKAGES", "refuse_namesakes"]

PACKAGES = ("theory", "sim", "reports")


def refuse_namesakes(*names: str) -> None:
    """Raise ImportError if any of these packages is not the one that was installed with this module.

    Parameters
    ----------
    *names : str
        Of `PACKAGES`.

    Raises
    ------
    ImportError
        It names the file that stands in the way, and what to do.

    Examples
    --------
    >>> refuse_namesakes("theory", "sim")
    """
    for name in names:
        ours = Path(__file__).parents[1] / name / "__init__.py"
        found = _found(name)
        if found is None or not found.exists() or not ours.samefile(found):
            raise ImportError(
                f"tailoff needs its own package '{name}', and Python finds {found or 'none'} first. Rename that file "
                "or folder, or run from another folder."
            )


def _found(name: str) -> Path | None:
    """Return what `import name` runs, or has run."""
    loaded = sys.modules.get(name)
    if loaded is not None:
        file = getattr(loaded, "__file__", None)
        return Path(file) if file else None
    spec = find_spec(name)
    if spec is None:
        return None
    places = list(spec.submodule_search_locations or ())  # a folder without __init__.py has no file
    return Path(spec.origin) if spec.origin else Path(places[0]) if places else None
