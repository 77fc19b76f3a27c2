"""A grid: the settings of every point, and how they are labelled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from theory.settings import InvalidArgument

__all__ = ["POINT", "Grid", "as_grid"]

POINT = "point"  # the dimension of a grid that is a list of settings


@dataclass(frozen=True)
class Grid:
    """Points by their settings.

    Attributes
    ----------
    settings : list of dict
        Of every point, the last dimension fastest.
    dims : dict
        Length of each dimension.
    labels : dict
        (dimension, values) of each coordinate; values as they are written into results.
    """

    settings: list[dict[str, Any]]
    dims: dict[str, int]
    labels: dict[str, tuple[str, list[Any]]]

    @property
    def names(self) -> list[str]:
        """The settings that the grid gives."""
        return [*self.labels]


def as_grid(grid: object) -> Grid:
    """Return a grid from lists by keyword, or from the settings of every point.

    Parameters
    ----------
    grid : dict of lists, or iterable of dicts
        Of a dict, every combination is a point and every keyword a dimension. Of an iterable, each dict is a point.

    Raises
    ------
    InvalidArgument
        If it is neither, or has no point.

    Examples
    --------
    >>> grid = as_grid({"lam": [5.0, 12.0], "eta": (0.1, 0.5, 1.0)})
    >>> grid.dims, len(grid.settings), grid.settings[1]
    ({'lam': 2, 'eta': 3}, 6, {'lam': 5.0, 'eta': 0.5})
    >>> as_grid([{"lam": 5.0, "eta": 0.1}, {"lam": 12.0, "eta": 0.3}]).dims
    {'point': 2}
    """
    if isinstance(grid, Mapping):
        return _product({str(name): _values(str(name), values) for name, values in grid.items()})
    if isinstance(grid, Iterable) and not isinstance(grid, (str, bytes)):
        return _listed(list(grid))
    raise InvalidArgument(
        f"grid must be lists by keyword, such as dict(lam=[5.0, 12.0]), or an iterable of settings, got {grid!r}."
    )


def _product(values: dict[str, list[Any]]) -> Grid:
    empty = [name for name, of_name in values.items() if not of_name]
    if empty or not values:
        raise InvalidArgument(f"grid must have a point, got {'no value of ' + empty[0] if empty else 'no keyword'}.")
    settings = [dict(zip(values, point, strict=True)) for point in product(*values.values())]
    labels = {name: (name, [_label(value) for value in of_name]) for name, of_name in values.items()}
    return Grid(settings, {name: len(of_name) for name, of_name in values.items()}, labels)


def _listed(points: list[Any]) -> Grid:
    wrong = next((point for point in points if not isinstance(point, Mapping)), None)
    if wrong is not None or not points:
        got = f"got {wrong!r}" if points else "got none"
        raise InvalidArgument(f"grid must have settings for each point, such as dict(lam=5.0), {got}.")
    settings = [{str(name): value for name, value in point.items()} for point in points]
    names = dict.fromkeys(name for point in settings for name in point)
    labels = {name: (POINT, [_label(point.get(name)) for point in settings]) for name in names}
    return Grid(settings, {POINT: len(settings)}, labels)


def _values(name: str, values: Any) -> list[Any]:
    if isinstance(values, np.ndarray) and values.ndim == 1:
        return list(values.tolist())
    if isinstance(values, (list, tuple, range)):
        return list(values)
    raise InvalidArgument(
        f"grid must give a list of values for each keyword, got {name}={values!r}. What all points share is fixed=."
    )


def _label(value: Any) -> Any:
    """Return a value as a coordinate can hold it: a number, or words."""
    if isinstance(value, np.generic):
        value = value.item()
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
