"""A sweep as a TOML file: which simulation, what all points share, and the grid.

run = "walk"                  # or sphere, least_squares, train, online, or "your.module:function"
seed = 1

[fixed]
n = 100
optimizer = "adamw"           # or {name = "adamw", betas = [0.9, 0.95]}

[grid]
lam = [5, 12, 30]
eta = {from = 0.05, to = 1.5, points = 9, spaced = "log"}
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from sim.errors import DataError
from sim.sweeps.plan import BadSweep, Plan, planned
from theory.settings import OnlineRule, Overlaps, TailoffError, whole_number
from theory.settings.optimizers.named import named_optimizer

__all__ = ["read_grid_file"]

KEYS = ("run", "seed", "fixed", "grid")
SIMULATIONS = ("walk", "sphere", "least_squares", "train", "online")
RANGE = {"from", "to", "points"}


def read_grid_file(path: str | Path) -> Plan:
    """Return the sweep that a file describes, checked as a whole.

    Raises
    ------
    DataError
        If the file cannot be read or is no TOML.
    InvalidArgument
        Lists all that is wrong in it.
    """
    content = _toml(Path(path))
    problems = [_unknown(key) for key in content if key not in KEYS]
    run = _try(problems, _simulation, content.get("run"))
    seed = _try(problems, whole_number, "seed", content.get("seed", 0), 0)
    fixed = {n: _try(problems, _value, n, v) for n, v in _table(problems, content, "fixed").items()}
    grid = {n: _try(problems, _values, n, v) for n, v in _table(problems, content, "grid").items()}
    plan = None
    if run is not None and not any(value is None for value in grid.values()):
        plan = _try(problems, planned, run, grid, fixed, seed or 0)
    if problems or plan is None:
        raise BadSweep(problems, where=f"{path}: ")
    return plan


def _try(problems: list[str], make: Callable[..., Any], *arguments: Any) -> Any:
    """Return what is made, or note what is wrong with it."""
    try:
        return make(*arguments)
    except BadSweep as error:
        problems += error.problems
    except (TailoffError, TypeError, OSError) as error:
        problems.append(str(error))
    return None


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is no TOML: {error}.") from error


def _table(problems: list[str], content: Mapping[str, Any], key: str) -> dict[str, Any]:
    table = content.get(key, {})
    if not isinstance(table, dict):
        problems.append(f"{key} must be a table, [{key}], got {table!r}")
        return {}
    return table


def _unknown(key: str) -> str:
    near = difflib.get_close_matches(key, KEYS, 1)
    hint = f"the nearest is {near[0]!r}" if near else "settings go under [fixed] or [grid]"
    return f"{key!r} is no entry of such a file; {hint}"


def _simulation(name: Any) -> Callable[..., Any]:
    import sim

    if name in SIMULATIONS:
        return getattr(sim, name)
    module, colon, function = str(name).partition(":")
    if not colon:
        raise BadSweep([f"run must be one of {', '.join(SIMULATIONS)}, or 'module:function', got {name!r}"])
    try:
        return getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise BadSweep([f"run must be a function that can be imported, got {name!r}: {error}"]) from error


def _values(name: str, values: Any) -> list[Any]:
    """Return the values of one keyword of the grid."""
    if isinstance(values, list):
        return [_value(name, value) for value in values]
    if not isinstance(values, dict) or not set(values) >= RANGE or set(values) - RANGE - {"spaced"}:
        raise BadSweep([f"{name} must be a list or {{from, to, points, spaced}} in [grid], got {values!r}"])
    spaced = values.get("spaced", "linear")
    low, high, points = values["from"], values["to"], whole_number("points", values["points"])
    if spaced not in {"linear", "log"} or (spaced == "log" and not (low > 0 and high > 0)):
        raise BadSweep([f"{name} must be spaced 'linear', or 'log' between positive numbers, got {values!r}"])
    return (np.geomspace if spaced == "log" else np.linspace)(low, high, points).tolist()


def _value(name: str, value: Any) -> Any:
    """Return a setting as the simulation takes it."""
    import sim

    if isinstance(value, list):
        return tuple(_value("", part) for part in value)
    if name == "optimizer" and isinstance(value, str):
        return named_optimizer(value)
    if name == "optimizer" and isinstance(value, dict):
        settings = {key: _value("", part) for key, part in value.items() if key != "name"}
        return type(named_optimizer(str(value.get("name"))))(**settings)
    if name == "data":
        return sim.load_data(value)
    if isinstance(value, dict) and name in {"rule", "start"}:
        return (OnlineRule if name == "rule" else Overlaps)(**value)
    return value
