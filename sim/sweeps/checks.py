"""Which settings a simulation would refuse, found without running it."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

__all__ = ["EXECUTION", "parameters", "problem_with", "unknown_names"]

EXECUTION = ("threads", "progress", "checkpoint", "checkpoint_every", "resume")
"""Arguments that say how a run is carried out and not what it is."""


@cache
def parameters(run: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Return what a simulation takes, but for how it is carried out."""
    taken = inspect.signature(run).parameters
    return {name: parameter for name, parameter in taken.items() if name not in EXECUTION}


def unknown_names(run: Callable[..., Any], names: list[str]) -> list[str]:
    """Return a sentence for each name that the simulation does not take.

    Examples
    --------
    >>> import sim
    >>> unknown_names(sim.walk, ["lambda", "eta"])
    ["walk takes no 'lambda'; the nearest that it takes is 'lam'"]
    """
    known = parameters(run)
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in known.values()):
        return []
    said = []
    for name in names:
        if name in EXECUTION:
            said.append(f"{name!r} says how a run is carried out and is no setting of a point; leave it out")
        elif name not in known:
            near = difflib.get_close_matches(name, known, 1, cutoff=0.4)
            hint = f"the nearest that it takes is {near[0]!r}" if near else f"it takes {', '.join(known)}"
            said.append(f"{run.__name__} takes no {name!r}; {hint}")
    return said


def problem_with(run: Callable[..., Any], settings: Mapping[str, Any]) -> str:
    """Return what is wrong with the settings of one point; nothing if the simulation can be run with them.

    Only the simulations of `sim` know it beforehand.

    Examples
    --------
    >>> import sim
    >>> problem_with(sim.walk, {"n": 100, "lam": 1.0, "eta": 0.5, "weights": 1})
    'weights must be a whole number of at least 2, got 1.'
    >>> problem_with(sim.walk, {"n": 100, "lam": 1.0})
    "walk needs 'eta'"
    """
    missing = [name for name, parameter in parameters(run).items() if _needed(parameter) and name not in settings]
    if missing:
        return f"{run.__name__} needs {', '.join(map(repr, missing))}"
    check, known = _checks().get(run), parameters(run)
    try:
        if check:
            check(**{name: value for name, value in settings.items() if name in known})
    except (ValueError, TypeError, ArithmeticError, LookupError) as error:
        return str(error)
    return ""


def _needed(parameter: inspect.Parameter) -> bool:
    ordinary = parameter.kind in {inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY}
    return ordinary and parameter.default is inspect.Parameter.empty


@cache
def _checks() -> dict[Callable[..., Any], Callable[..., Any]]:
    """Return what makes the settings of each simulation of `sim`, and so checks them."""
    import sim
    from sim.committee.settings import OnlineSettings
    from sim.training.settings import TrainingSettings, decays, sampling
    from sim.walks.settings import LeastSquaresSettings, SphereSettings, WalkSettings

    def train(
        data: Any, *, sizes: Any = (784, 30, 10), lam: Any = 5.0, statistics: Any = "every", seed: int = 0, **rest: Any
    ) -> None:
        from theory.settings import whole_number

        whole_number("seed", seed, least=0)
        TrainingSettings(sizes=tuple(sizes), lam=decays(lam), every=sampling(statistics), **rest).check_fit(data)

    return {
        sim.walk: WalkSettings,
        sim.sphere: SphereSettings,
        sim.least_squares: LeastSquaresSettings,
        sim.online: OnlineSettings,
        sim.train: train,
    }
