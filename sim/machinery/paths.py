"""What callers give as the name of a file: a path, or an error that names the argument; `~` is the home folder."""

from __future__ import annotations

import os
from pathlib import Path

from theory.settings import InvalidArgument

__all__ = ["as_path"]


def as_path(name: str, value: object) -> Path:
    """Return the path.

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    value : str or path

    Raises
    ------
    InvalidArgument
        If it is neither, or has a zero byte in it.

    Examples
    --------
    >>> as_path("path", "run.nc").name
    'run.nc'
    >>> as_path("path", 3)
    Traceback (most recent call last):
    ...
    theory.errors.InvalidArgument: path must be the name of a file, such as 'run.nc', got int. Give a str or a Path.
    """
    if not isinstance(value, str | os.PathLike) or not isinstance(os.fspath(value), str):
        raise InvalidArgument(
            f"{name} must be the name of a file, such as 'run.nc', got {type(value).__name__}. Give a str or a Path."
        )
    if "\0" in str(value):
        raise InvalidArgument(f"{name} must be the name of a file, got {str(value)!r}. Give a str or a Path.")
    try:
        return Path(value).expanduser()
    except RuntimeError as error:
        raise InvalidArgument(f"{name} begins with ~, got {str(value)!r}; no home is known. Write it out.") from error
