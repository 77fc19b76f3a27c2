"""`sim.walk` under any optimizer: its written-out rule takes the steps, on the line or for scale-invariant vectors.

The rules are those of `sim.optimizers.rule`, memory and bias corrections included. No formula for the outcome is used.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import xarray as xr

from sim.machinery.provenance import versions
from sim.optimizers.rule import rule
from sim.walks.sphere import sphere
from theory.settings import SGD, InvalidArgument, Optimizer, check_range, whole_number

__all__ = ["check_optimizer", "described", "is_plain", "optimizer_steps", "sphere_walk"]

Steps = Callable[[np.ndarray, np.ndarray, np.ndarray], None]


def check_optimizer(optimizer: Any) -> None:
    """Refuse what has no written-out rule."""
    if not isinstance(optimizer, Optimizer):
        raise InvalidArgument(f"optimizer must be a theory.SGD, theory.Adam or theory.Lion, got {optimizer!r}.")


def is_plain(optimizer: Optimizer) -> bool:
    """Whether an optimizer is SGD without momentum, where coupled and decoupled decay are the same step."""
    return isinstance(optimizer, SGD) and optimizer.momentum == 0


def described(optimizer: Optimizer) -> dict[str, Any]:
    """Return an optimizer as attributes that netCDF can hold: its name and its settings, truth values as 0 and 1."""
    settings = {name: int(v) if isinstance(v, bool) else v for name, v in asdict(optimizer).items()}
    return {"optimizer": type(optimizer).__name__} | settings


def optimizer_steps(optimizer: Optimizer, settings: dict[str, Any], shape: tuple[int, ...]) -> Steps:
    """Return a function that takes one step for every row of unit noise, adding up w^2; its memory starts empty.

    Parameters
    ----------
    optimizer : SGD, Adam or Lion
        Whose rule takes the steps.
    settings : dict
        Of the walk: n, lam, eta, noise, curvature.
    shape : tuple of int
        Of the weights.

    Returns
    -------
    callable
        (w, noise, total): changes w and total in place; raises InvalidArgument if the weights run away.
    """
    update = rule(optimizer, settings["lam"] / settings["n"], settings["eta"], shape)
    size, curvature = settings["noise"], settings["curvature"]

    def take(w: np.ndarray, noise: np.ndarray, total: np.ndarray) -> None:
        with np.errstate(over="ignore", invalid="ignore"):
            for row in noise:
                gradient = size * row
                if curvature:
                    gradient += curvature * w
                update.step(w, gradient)
                total += w * w
        if not np.isfinite(total).all():
            raise InvalidArgument(
                f"the weights ran away under {optimizer}: eta must be smaller, got {settings['eta']!r}."
            )

    return take


def sphere_walk(optimizer: Optimizer, settings: dict[str, Any], dimension: int, lags: tuple[int, ...]) -> xr.Dataset:
    """Let scale-invariant vectors walk (see `sim.walk` with geometry="sphere"); `settings` are those of the walk.

    Raises
    ------
    InvalidArgument
        If the settings ask for what a scale-invariant vector does not have: curvature, noise with memory or of signs.
    """
    for name, default in (("correlation", 0), ("curvature", 0), ("distribution", "gaussian")):
        if settings[name] != default:
            raise InvalidArgument(f"{name} must be {default!r} with geometry='sphere', got {settings[name]!r}.")
    dimension = whole_number("dimension", dimension, least=2)
    check_range("start", settings["start"], 0, np.inf, must="positive, a norm, with geometry='sphere'")
    steps, burn_in = settings["steps"], settings.pop("given_burn_in")
    left_out = steps // 2 if burn_in < 0 else burn_in
    found = sphere(
        optimizer, settings["n"], settings["lam"], settings["eta"], dimension=dimension,
        grad_sq=(dimension - 1) * settings["noise"] ** 2, vectors=settings["weights"], steps=steps - left_out,
        burn_in=left_out, lags=lags, start=settings["start"], seed=settings["seed"],
    )  # fmt: skip
    chosen = "half of the steps" if burn_in < 0 else "given"
    return xr.Dataset(
        {
            "variance": ((), found.norm_sq / dimension, {"long_name": "E w^2 per weight after the burn-in"}),
            "variance_error": ((), found.norm_sq_error / dimension, {"long_name": "its standard error"}),
            "norm_sq": ((), found.norm_sq, {"long_name": "E ||w||^2 of a vector"}),
            "norm_sq_error": ((), found.norm_sq_error, {"long_name": "its standard error"}),
            "turn": ("lag", found.turn, {"long_name": "mean of 1 - cosine of the angle turned in so many steps"}),
            "turn_error": ("lag", found.turn_error, {"long_name": "its standard error"}),
            "burn_in": ((), float(left_out), {"long_name": "steps left out"}),
        },
        {"lag": list(found.lags)},
        settings | described(optimizer) | {"geometry": "sphere", "dimension": dimension, "stationary": 1,
                                           "burn_in_chosen": chosen, "versions": versions()},
    )  # fmt: skip
