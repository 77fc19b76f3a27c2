"""What a sweep will run: every point with its seed and its key, refused as a whole if anything in it is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.sweeps.batch import Call
from sim.sweeps.checks import parameters, problem_with, unknown_names
from sim.sweeps.description import as_text, described, digest, name_of
from sim.sweeps.grid import Grid, as_grid
from sim.sweeps.version import version_of
from theory.settings import InvalidArgument, whole_number

__all__ = ["BadSweep", "Plan", "Point", "key_of", "planned"]

SHOWN = 10  # of the problems of a grid


class BadSweep(InvalidArgument):
    """All that is wrong with a sweep.

    Attributes
    ----------
    problems : list of str
    """

    def __init__(self, problems: list[str], where: str = "") -> None:
        self.problems = problems
        more = [f"and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
        said = "; ".join(problem.rstrip(".") for problem in [*problems[:SHOWN], *more])
        super().__init__(f"{where}the sweep cannot be run: {said}.")


@dataclass(frozen=True, slots=True)
class Point:
    """One point.

    Attributes
    ----------
    settings : dict
        What the simulation is given beside what all points share; the seed included.
    key, base : bytes
        As in `sim.sweeps.store.Row`.
    """

    settings: dict[str, Any]
    key: bytes
    base: bytes


@dataclass(frozen=True)
class Plan:
    """A sweep before it is run.

    Attributes
    ----------
    call : Call
        The simulation and what all points share.
    points : list of Point
    version : str
        Of the simulation.
    spec : str
        What the store keeps of the grid, as JSON.
    """

    call: Call
    points: list[Point]
    version: str
    spec: str


def planned(run: Callable[..., Any], grid: object, fixed: Mapping[str, Any] | None = None, seed: int = 0) -> Plan:
    """Return the plan of a sweep (see `sim.sweep`).

    Raises
    ------
    InvalidArgument
        Lists everything that is wrong with the grid.

    Examples
    --------
    >>> import sim
    >>> planned(sim.walk, {"lam": [5.0], "neta": [0.1]}, {"n": 100.0})
    Traceback (most recent call last):
    sim.sweeps.plan.BadSweep: the sweep cannot be run: walk takes no 'neta'; the nearest that it takes is 'eta';
    walk needs 'eta'.
    """
    if not callable(run) or not hasattr(run, "__qualname__"):
        raise InvalidArgument(f"run must be a simulation such as sim.walk, or a function of yours, got {run!r}.")
    shared = dict(fixed or {})
    points, whole_seed = as_grid(grid), whole_number("seed", seed, least=0)
    unknown = unknown_names(run, [*points.names, *shared])
    both = [f"{name!r} is in the grid and among what is fixed" for name in points.names if name in shared]
    seeded = "seed" in parameters(run) and "seed" not in {*points.names, *shared}
    sown = whole_seed if seeded else None
    common, version = described(shared), version_of(run)
    made = [_point(run, common, settings, sown, version) for settings in points.settings]
    if problems := unknown + both + _repeated(made, points) + _impossible(run, shared, made):
        raise BadSweep(problems)
    spec = {
        "run": name_of(run), "seed": seed, "fixed": common, "version": version, "dims": list(points.dims.items()),
        "labels": {name: list(label) for name, label in points.labels.items()},
    }  # fmt: skip
    return Plan(Call(run, shared), made, version, as_text(spec))


def key_of(run: Callable[..., Any], settings: Mapping[str, Any]) -> Point:
    """Return one point by itself, all its settings given."""
    return _point(run, {}, dict(settings), None, version_of(run))


def _point(run: Callable[..., Any], common: Any, settings: dict[str, Any], seed: int | None, version: str) -> Point:
    own = described(settings)
    if seed is not None:
        settings = settings | {"seed": _child(seed, digest(name_of(run), as_text(common | own)))}
        own["seed"] = settings["seed"]
    base = digest(name_of(run), as_text(common | own))
    return Point(settings, digest(base, version), base)


def _child(seed: int, settings: bytes) -> int:
    """Return the seed of a point, from its settings and the sweep's seed alone."""
    entropy = [seed, *np.frombuffer(settings, np.uint32).tolist()]
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> 11)  # 53 bits: exact in any double


def _repeated(points: list[Point], grid: Grid) -> list[str]:
    counts = Counter(point.base for point in points)
    if len(counts) == len(points):
        return []
    twice = dict.fromkeys(as_text(described(grid.settings[i])) for i, p in enumerate(points) if counts[p.base] > 1)
    return [f"the point {text} is there more than once" for text in twice]


def _impossible(run: Callable[..., Any], shared: dict[str, Any], points: list[Point]) -> list[str]:
    return [*dict.fromkeys(filter(None, (problem_with(run, shared | point.settings) for point in points)))]
