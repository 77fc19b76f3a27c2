"""The PDF of one recorded run: what will become of each layer, in plain sentences, a table and a figure a layer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import typst
import xarray as xr

from reports.runs.forecast_figure import forecast_figure
from reports.runs.forecasts import LayerForecast, forecasts_of
from reports.runs.recorded import Plan, record_of
from sim.machinery.saving import refuse_unwritable, work_folder, write
from theory import CALIBRATED
from theory.run.drive import Drive, blocks_of

__all__ = ["write_run_report"]

MOST_NAMED = 6


def write_run_report(path: Path, run: xr.Dataset, plan: Plan, name: str, notes: Sequence[str]) -> Path:
    """Write the report and return its path.

    Parameters
    ----------
    path : Path
        The PDF.
    run : Dataset
        Of `sim.read_trace`.
    plan : Plan
        The steps ahead.
    name : str
        Of the run, for the title.
    notes : sequence of str
        What was assumed in reading it.

    Raises
    ------
    DataError
        If nothing can be written there.
    """
    refuse_unwritable(path)
    found = forecasts_of(run, plan)
    with work_folder() as folder:
        template = files("reports") / "runs" / "run_report.typ"
        (folder / "report.typ").write_text(template.read_text(encoding="utf-8"), encoding="utf-8")
        layers = []
        for place, own in enumerate(found):
            picture = None if own.now is None else f"layer-{place}.svg"
            if picture is not None:
                (folder / picture).write_bytes(forecast_figure(run, own, _drives(run, own, plan)))
            layers.append({"name": own.name, "picture": picture, "sentences": _sentences(own, plan),
                           "alt": f"The norm of {own.name} along the run and ahead, and what drives it."})  # fmt: skip
        content = _words(found, run, plan, name) | {"layers": layers, "notes": [*map(_sentence, notes), BAND]}
        (folder / "data.json").write_text(json.dumps(content), encoding="utf-8")
        write(path, bytes(typst.compile(str(folder / "report.typ"), root=str(folder), ignore_system_fonts=True)))
    return path


BAND = f"The band is calibrated on {CALIBRATED.made_on}. It is no confidence interval."


def _drives(run: xr.Dataset, own: LayerForecast, plan: Plan) -> Drive | None:
    record = record_of(run, own.name, plan.invariant)
    if isinstance(record, str) or own.forecast is None:
        return None
    drives = blocks_of(record)
    return drives if np.size(drives.time) > 1 else None


def _words(found: list[LayerForecast], run: xr.Dataset, plan: Plan, name: str) -> dict[str, Any]:
    """Return title, first paragraph and table."""
    last = int(run.step.max())
    quantity = "norm" if "norm_sq" in run else "rms"
    return {
        "title": f"The run {name}",
        "subtitle": f"{len(found)} layers, recorded to step {last:,}, forecast for {plan.steps:,} more",
        "first": _first(found, plan.steps),
        "rest": _rest(found),
        "caption": f"The {quantity} of each layer's weights now, after {plan.steps:,} more steps with its band, and "
        "where the present drive at the present rates would hold it. The two differ: drives and rates move.",
        "rows": [_row(own) for own in found],
    }


def _first(found: list[LayerForecast], steps: int) -> str:
    """Return the first paragraph: who will not settle before the run ends, and of whom that cannot be known."""
    known = [own for own in found if own.knows and own.forecast is not None]
    late = [own.name for own in known if own.forecast is not None and own.forecast.settles_after is None]
    unknown = [own.name for own in found if not own.knows]
    parts = []
    if late:
        its = "its" if len(late) == 1 else "their"
        parts.append(
            f"{_named(late)} will not settle within the {steps:,} steps ahead, that is, come within 5% of where {its} "
            f"present drive would hold {'it' if len(late) == 1 else 'them'}."
        )
    elif known:
        parts.append(f"{_all(len(known), len(found))} will have settled within the {steps:,} steps ahead.")
    if unknown:
        parts.append(f"It cannot be known of {_named(unknown)}.")
    return " ".join(parts)


def _all(some: int, every: int) -> str:
    return f"All {every} layers" if some == every else f"{some} of {every} layers"


def _named(names: list[str]) -> str:
    shown = names[:MOST_NAMED]
    more = f" and {len(names) - MOST_NAMED} others" if len(names) > MOST_NAMED else ""
    return ", ".join(shown) + more


def _rest(found: list[LayerForecast]) -> list[str]:
    grows = [own for own in found if own.knows and own.norm_sq and own.now and own.norm_sq[1] > own.now]
    falls = [own for own in found if own.knows and own.norm_sq and own.now and own.norm_sq[2] < own.now]
    before = [own.name for own in found if own.invariant]
    sentences = []
    if grows:
        sentences.append(f"Certain to keep growing, as far as the band tells: {_named([own.name for own in grows])}.")
    if falls:
        sentences.append(f"Certain to keep shrinking: {_named([own.name for own in falls])}.")
    if before:
        sentences.append(f"Before a normalisation, where only noise can hold a norm: {_named(before)}.")
    return sentences


def _row(own: LayerForecast) -> list[str]:
    numbers = [f"{part**0.5:.3g}" for part in own.norm_sq] if own.norm_sq else ["–"] * 3
    now, held = (f"{part**0.5:.3g}" if part is not None else "–" for part in (own.now, own.equilibrium))
    return [own.name, now, numbers[0], f"{numbers[1]} to {numbers[2]}", held, own.reason]


def _sentences(own: LayerForecast, plan: Plan) -> list[str]:
    said = [_sentence(own.reason)]
    if own.law is not None:
        said.append(_sentence(str(own.law)))
    if own.forecast is not None:
        after = own.forecast.settles_after
        said.append(
            "It is where the present drive holds it." if after == 0
            else f"It comes within 5% of where the present drive holds it after {after:,} more steps." if after
            else f"It does not come within 5% of where the present drive would hold it in {plan.steps:,} steps."
            if own.equilibrium is not None else ""
        )  # fmt: skip
        low, high = own.forecast.norm_with_half_the_decay
        times = f"{low:.2f} times" if low == high else f"between {low:.0f} and {high:.2f} times"
        said.append(f"With half the decay its norm would settle at {times} as much.")
    return [sentence for sentence in said if sentence]


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")
