"""Several points run one after another in one process: the unit of work that is handed to a worker."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import xarray as xr

from sim.sweeps.pack import Packed, pack
from theory.settings import TailoffError

__all__ = ["Call", "End", "Outcome", "run_batch"]

WORTH_ANOTHER_TRY = (MemoryError, OSError)  # what else is on the machine decides these


@dataclass(frozen=True)
class Call:
    """A simulation and the arguments that all points share: what travels to a worker once."""

    run: Callable[..., Any]
    shared: dict[str, Any]

    @property
    def carried_out(self) -> dict[str, Any]:
        """How a worker carries it out: on one core, for the others have workers of their own."""
        return {"threads": 1} if "threads" in inspect.signature(self.run).parameters else {}


@dataclass(frozen=True, slots=True)
class End:
    """How a point ended: its status, the reason if it failed, the seconds that it took, and where its result is."""

    status: str
    reason: str
    seconds: float
    piece: int | None = None
    position: int | None = None
    again: bool = False


@dataclass(frozen=True)
class Outcome:
    """How the points of a batch ended, in order, and the files of their results."""

    ends: list[End]
    pieces: list[Packed]


def run_batch(call: Call, batch: Sequence[dict[str, Any]]) -> Outcome:
    """Run the points of a batch; what a point raises is its end and not the batch's.

    Examples
    --------
    >>> import sim
    >>> outcome = run_batch(Call(sim.walk, {"n": 100, "lam": 1.0, "eta": 0.5}), [{"weights": 2}, {"weights": 1}])
    >>> [(end.status, end.reason) for end in outcome.ends]
    [('done', ''), ('failed', 'InvalidArgument: weights must be a whole number of at least 2, got 1.')]
    """
    arguments = call.shared | call.carried_out
    ended = [_run(call.run, arguments | settings) for settings in batch]
    ends, pieces = [end for end, _ in ended], list[Packed]()
    for found in _packed({place: result for place, (_, result) in enumerate(ended) if result is not None}):
        if isinstance(found, Packed):
            for position, place in enumerate(found.places):
                ends[place] = replace(ends[place], piece=len(pieces), position=position)
            pieces.append(found)
        else:
            ends[found.place] = replace(ends[found.place], status="failed", reason=found.reason)
    return Outcome(ends, pieces)


def _run(run: Callable[..., Any], arguments: dict[str, Any]) -> tuple[End, xr.Dataset | None]:
    begun = time.perf_counter()
    try:
        result = run(**arguments)
    except Exception as error:  # noqa: BLE001 - whatever a simulation raises is recorded as the point's end
        again = isinstance(error, WORTH_ANOTHER_TRY) and not isinstance(error, TailoffError)
        reason = f"{type(error).__name__}: {error}"
        return End("failed", reason, time.perf_counter() - begun, again=again), None
    end = _end_of(result, time.perf_counter() - begun)
    return end, None if end.status == "failed" else result


@dataclass(frozen=True)
class _Unwritten:
    place: int
    reason: str


def _packed(results: dict[int, xr.Dataset]) -> Iterator[Packed | _Unwritten]:
    """Yield the files of the results and whose they are; a result that no file can hold spoils no other's."""
    places = [*results]
    try:
        yield from [replace(p, places=[places[i] for i in p.places]) for p in pack([*results.values()])]
    except Exception as error:  # noqa: BLE001 - of what a function returns, anything may be unwritable
        if len(places) == 1:
            yield _Unwritten(places[0], f"its result cannot be written as netCDF: {error}")
            return
        for place, result in results.items():
            yield from _packed({place: result})


def _end_of(result: Any, seconds: float) -> End:
    if not isinstance(result, xr.Dataset):
        return End("failed", f"it returned {type(result).__name__} and no Dataset", seconds)
    diverged = str(result.attrs.get("diverged", ""))
    return End("diverged" if diverged else "done", diverged, seconds)
