"""Draw what was measured: points with their standard errors, on axes on which a prediction may already stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from sim.estimates.spread import mean_and_error
from theory.settings import InvalidArgument
from theory.settings.axes import axes_or_current

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot"]

ALONG = {"step": "steps", "epoch": "epoch", "alpha": "steps / N", "lag": "lag in steps", "block": "block"}


def plot(result: xr.Dataset, name: str = "rms", *, axes: Axes | None = None, **points: Any) -> Axes:
    """Draw a quantity of a result along its steps, epochs or lags, as points with standard errors.

    Parameters
    ----------
    result : Dataset
        What `sim.walk`, `sim.train`, `sim.online`, `sim.sphere` or `sim.load` returned, or a part of it.
    name : str
        Of one of its variables. Over two or more replicas: their mean and its standard error. Otherwise the error is
        the variable of the same name with `_error`, if there is one. Each layer or unit is drawn by itself.
    axes : Axes, optional
        Of Matplotlib. Default: the current ones.
    **points
        Passed on to `Axes.errorbar`.

    Returns
    -------
    Axes

    Raises
    ------
    InvalidArgument
        If there is no such variable, or it does not run along steps, epochs or lags.

    Examples
    --------
    >>> import sim, theory
    >>> from matplotlib.figure import Figure
    >>> walk = sim.walk(100, 50.0, 0.4, weights=200, steps=640, start=0.5)
    >>> axes = sim.plot(walk, axes=Figure().subplots())
    >>> axes = theory.equilibrium(100, 50.0, 0.4).plot(start=0.5, steps=640, axes=axes)
    >>> axes.get_xlabel(), len(axes.lines)
    ('steps', 3)
    """
    axes = axes_or_current(axes)
    if name not in result.data_vars:
        raise InvalidArgument(f"name must be one of {', '.join(map(str, result.data_vars))}, got {name!r}.")
    along = next((dim for dim in ALONG if dim in result[name].dims), None)
    if along is None:
        raise InvalidArgument(f"name must be a quantity that runs along {', '.join(ALONG)}, got {name!r}: one number.")
    values, errors = _with_errors(result, name)
    others = [dim for dim in values.dims if dim != along]
    for where in np.ndindex(*(values.sizes[dim] for dim in others)):
        at = dict(zip(others, where, strict=True))
        said = [f"{dim} {values[dim].values[at[dim]]}" for dim in others if values.sizes[dim] > 1]
        yerr = None if errors is None else errors.isel(at).values
        look: dict[str, Any] = {"fmt": "o", "mfc": "white", "label": ", ".join(["measured", *said])}
        axes.errorbar(values[along].values, values.isel(at).values, yerr, **(look | points))
    axes.set(xlabel=ALONG[along], ylabel=name.replace("_", " "))
    return axes


def _with_errors(result: xr.Dataset, name: str) -> tuple[xr.DataArray, xr.DataArray | None]:
    """Return a variable's mean over the replicas, and its standard error if it is known."""
    values = result[name]
    if values.sizes.get("replica", 1) > 1:
        each = values.transpose("replica", ...)
        mean, error = mean_and_error(each.values)
        like = each.isel(replica=0, drop=True)
        return like.copy(data=mean), like.copy(data=error)
    errors = result.get(f"{name}_error")
    if "replica" in values.dims:
        values, errors = values.isel(replica=0), None if errors is None else errors.isel(replica=0)
    return values, errors
