"""What the results of a sweep have in common: their arrays, with the longest of every dimension, and coordinates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from sim.errors import DataError
from sim.sweeps.store import Store

__all__ = ["Layout", "Variable", "merged"]


@dataclass
class Variable:
    """One array of every result.

    Attributes
    ----------
    source : str
        Its name in a single result.
    dims, shape, dtype, attrs
        Of a single result; the longest shape, and a type that holds them all.
    ragged : bool
        Whether it is shorter, or is not there, in some results.
    """

    source: str
    dims: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    attrs: dict[str, Any]
    ragged: bool = False


@dataclass
class Layout:
    """What a sweep's Dataset is made of, beside the grid."""

    variables: dict[str, Variable] = field(default_factory=dict)
    coords: dict[str, xr.Variable] = field(default_factory=dict)


def merged(store: Store, pieces: list[int], taken: set[str]) -> Layout:
    """Return the layout that all these pieces fit into.

    Parameters
    ----------
    store : Store
    pieces : list of int
    taken : set of str
        Names that the grid has; the results' own become NAME_result.

    Raises
    ------
    DataError
        If an array has other dimensions in one result than in another.
    """
    kinds: dict[str, int] = {}
    for piece, text in store.layouts(pieces).items():
        kinds.setdefault(text, piece)
    examples = [store.piece(piece).example() for piece in kinds.values()]
    layout = Layout()
    for name in dict.fromkeys(str(name) for example in examples for name in example.variables):
        found = [example.variables[name] for example in examples if name in example.variables]
        first, label = found[0], name if name not in taken else f"{name}_result"
        if any(other.dims != first.dims for other in found):
            raise DataError(f"{name!r} has dimensions {first.dims} in one result and others in another: open no such "
                            "sweep as a whole, or make two of it.")  # fmt: skip
        dims = tuple(str(dim) if dim not in taken else f"{dim}_result" for dim in first.dims)
        everywhere = len(found) == len(examples)
        if name in examples[0].coords and everywhere and all(map(first.equals, found)):
            layout.coords[label] = xr.Variable(dims, first.values, first.attrs)
            continue
        if label in dims:  # a coordinate that differs from point to point labels none of its dimensions
            label = f"{label}_of_point"
        shape = tuple(max(lengths) for lengths in zip(*(other.shape for other in found), strict=True))
        dtype = np.result_type(*(other.dtype for other in found))
        ragged = not everywhere or any(other.shape != shape for other in found)
        layout.variables[label] = Variable(name, dims, shape, dtype, dict(first.attrs), ragged)
    return layout
