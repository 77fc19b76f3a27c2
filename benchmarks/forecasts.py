"""How good the forecasts of `theory.run` are on real training: `python -m benchmarks.forecasts`.

Trains the runs of `benchmarks.forecast_runs` (a quarter of an hour of one core; torch is needed), forecasts the norm of
each layer at the end from the first third and from the first tenth, and writes docs/forecasts.md. The constants were
chosen on other runs: `--calibration` trains and scores those instead, and writes nothing. A folder keeps the runs for
the next time.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

import sim
from reports.runs.forecasts import forecasts_of
from reports.runs.recorded import Plan
from theory import CALIBRATED

__all__ = ["Score", "page", "scores", "table"]

PAGE = Path(__file__).parents[1] / "docs" / "forecasts.md"
CUTS = {"first third": 1 / 3, "first tenth": 1 / 10}
MOVES = 0.08  # "the norm stays" must err by as much in a run's median, or the run is no test
CHECKED = 10  # places on the way at which the band must hold the norm
GRADIENTS = ("grad_sq", "alignment", "scaled_grad_sq", "scaled_alignment")
BEFORE_NORMALISATION = {"conv": ("2.weight", "5.weight", "8.weight")}  # the convolutions of forecast_runs.conv


@dataclass(frozen=True)
class Score:
    """How well one layer was forecast. Errors are of the norm, not of its square, relative."""

    kind: str
    schedule: str
    run: str
    layer: str
    knows: bool
    invariant: bool  # in truth
    told: bool | None  # by the forecast
    error: float
    stays: float
    fit: float
    covered: float
    end_covered: bool
    half_width: float


def scores(run: xr.Dataset, about: tuple[str, str, str], cut: float, *, gradients: bool = True) -> Iterator[Score]:
    """Score each layer of a run that is cut off.

    Parameters
    ----------
    run : Dataset
        The whole run.
    about : tuple of str
        Its kind, schedule and name.
    cut : float
        Which part of it is shown.
    gradients : bool
        Whether what was recorded of them is shown; without, invariant layers are named, and no fit is made.
    """
    last = int(run.step.max())
    seen = run.isel(step=run.step.values <= cut * last)
    named = BEFORE_NORMALISATION.get(about[0].split()[0], ())
    if not gradients:
        seen = seen.drop_vars([name for name in GRADIENTS if name in seen])
    plan = Plan(last - int(seen.step.max()), invariant=() if gradients else named)
    for found in forecasts_of(seen, plan):
        own = found.forecast
        if own is None or found.now is None:
            continue
        norms = run.norm_sq.sel(layer=found.name)
        at = np.linspace(0, plan.steps, CHECKED + 1)[1:]
        true = np.interp(at + int(seen.step.max()), run.step, np.sqrt(norms))
        low, high = (np.interp(at, own.path["step"], np.sqrt(own.path[name])) for name in ("low", "high"))
        inside = (low <= true) & (true <= high)
        yield Score(
            *about, found.name, found.knows, found.name in named, found.invariant,
            abs(np.sqrt(own.norm_sq) / true[-1] - 1), abs(np.sqrt(found.now) / true[-1] - 1),
            _fitted(seen.sel(layer=found.name), plan.steps, true[-1]) if gradients else np.nan,
            float(inside.mean()), bool(inside[-1]), float((high[-1] - low[-1]) / 2 / np.sqrt(own.norm_sq)),
        )  # fmt: skip


def _fitted(seen: xr.Dataset, steps: int, true: float) -> float:
    """Return the error of `sim.fit_decay`'s curve; where it has none, of the norm that stays."""
    time, norm = seen.step.values, np.sqrt(seen.norm_sq.values)
    try:
        fit = sim.fit_decay(time, norm)
    except sim.FitError:
        return float(abs(norm[-1] / true - 1))
    scale, rate = fit.scale.value, fit.rate.value
    if not np.isfinite(scale):
        return float(abs(norm[-1] / true - 1))
    left = np.exp(-2 * rate * steps) if np.isfinite(rate) else 1.0
    return float(abs(np.sqrt(scale**2 + (norm[-1] ** 2 - scale**2) * left) / true - 1))


def moving(found: Iterable[Score]) -> list[Score]:
    """Return the scores of the runs that are a test."""
    found = list(found)
    by_run = {score.run: [other.stays for other in found if other.run == score.run] for score in found}
    return [score for score in found if np.median(by_run[score.run]) >= MOVES]


HEAD = (
    "| set | runs, layers | error: median, p90 | stays: median | fit: median, p90 | coverage | at the end "
    "| half-width |\n"
    "|---|---:|---:|---:|---:|---:|---:|---:|"
)


def row(name: str, found: list[Score]) -> str:
    """Return a row of the table."""
    if not found:
        return f"| {name} | 0, 0 | | | | | | |"
    error, stays, fit = (np.array([getattr(own, part) for own in found]) for part in ("error", "stays", "fit"))
    covered, ends = np.mean([own.covered for own in found]), np.mean([own.end_covered for own in found])
    runs, half = len({own.run for own in found}), np.median([own.half_width for own in found])
    return (
        f"| {name} | {runs}, {len(found)} | {_percent(np.median(error))}, {_percent(np.quantile(error, 0.9))} | "
        f"{_percent(np.median(stays))} | {_percent(np.median(fit))}, {_percent(np.quantile(fit, 0.9))} | "
        f"{_percent(covered)} | {_percent(ends)} | {_percent(half)} |"
    )


def _percent(value: float) -> str:
    return f"{100 * value:.1f}%" if np.isfinite(value) else "–"


BOUNDS = {"first third": (0.04, 0.10, 0.93, 0.125), "first tenth": (0.10, 0.22, 0.92, 0.28)}


def demands(cut: str, found: list[Score], alone: list[Score]) -> Iterator[str]:
    """Yield what was demanded of the forecasts beside what was reached, row by row."""
    tests = moving(found)
    known, runs = [own for own in tests if own.knows], {own.run for own in tests}
    error, stays, fit = (np.array([getattr(own, name) for own in known]) for name in ("error", "stays", "fit"))
    covered, half = (np.array([getattr(own, name) for own in known]) for name in ("covered", "half_width"))
    of_alone, of_all = (np.median([own.error for own in part if own.run in runs]) for part in (alone, tests))
    median, p90, coverage, width = BOUNDS[cut]
    reached = [
        ("median error", np.median(error), "at most", median),
        ("90th percentile", np.quantile(error, 0.9), "at most", p90),
        ("median error over that of the norm that stays", np.median(error) / np.median(stays), "at most", 0.6),
        ("median error over the fit's", np.median(error) / np.median(fit), "at most", 1.0),
        ("coverage", covered.mean(), "at least", coverage),
        ("half-width", np.median(half), "at most", width),
        ("refused", 1 - len(known) / len(tests), "at most", 0.1),
        ("from norms and settings alone: median error over this", of_alone / of_all, "at most", 1.2),
    ]
    free = [own for own in known if own.invariant]
    if cut == "first third":
        reached.append(("invariant layers: median error", np.median([own.error for own in free]), "at most", 0.03))
        reached.append(("invariant layers: half-width", np.median([own.half_width for own in free]), "at most", 0.08))
    for name, value, way, bound in reached:
        met = value <= bound if way == "at most" else value >= bound
        yield f"| {cut}: {name} | {way} {100 * bound:g}% | {_percent(float(value))} | {'yes' if met else '**no**'} |"


def table(found: list[Score], alone: list[Score]) -> str:
    """Return the table of one cut; `alone` are the scores from norms and settings alone."""
    tests = moving(found)
    known = [own for own in tests if own.knows]
    runs = {own.run for own in tests}
    of_kind: dict[str, Callable[[Score], bool]] = {
        **{kind: (lambda own, kind=kind: own.kind == kind) for kind in sorted({own.kind for own in tests})},
        **{f"{name} rate": (lambda own, name=name: own.schedule == name) for name in ("constant", "cosine")},
        "invariant layers": lambda own: own.invariant,
    }
    rows = [row("**known**", known), row("refused: cannot know", [own for own in tests if not own.knows])]
    rows.append(row("norms and settings alone, all", [own for own in alone if own.run in runs]))
    rows.append(row("all", tests))
    rows += [row(name, [own for own in known if within(own)]) for name, within in of_kind.items()]
    rows.append(row("every run, moving or not", found))
    return "\n".join([HEAD, *rows])


PROSE = """# How good the forecasts are

`tailoff forecast` and `theory.forecast` on real training: {runs} short runs of small networks (an MLP with SGD, with
momentum and with AdamW, a convolutional net with batch normalisation, a small transformer; constant and cosine learning
rates; three seeds each; MNIST, and the text of Python's own documentation), recorded by `sim.torch_recorder`. From the
first part of each run the norm of every layer at its end is forecast, the schedule being known.
`python -m benchmarks.forecasts` trains them again and writes this page; other machines differ in the last digits.

The constants of the method and its band were chosen on {made_on}, and then frozen. None of the runs
scored here was among them; they have the same networks at other learning rates and decays, and other seeds: this says
little of large models.

Errors are of the norm, not of its square. A run counts where "the norm stays" errs by {moves:.0f}% or more in the
median of its layers. *Fit*: the curve of `sim.fit_decay`. *Coverage*: how much of the way, at ten places of each, lies
within the band; *half-width*: median of half the band over the norm at the end. The band is calibrated, not derived: it
is no confidence interval. *Refused*: layers of which the forecast says that it cannot know.
"""


def page(by_cut: dict[str, tuple[list[Score], list[Score]]], others: dict[str, list[Score]]) -> str:
    """Return docs/forecasts.md."""
    first = next(iter(by_cut.values()))[0]
    parts = [PROSE.format(runs=len({own.run for own in first}), made_on=CALIBRATED.made_on, moves=100 * MOVES)]
    rows = [row for name, both in by_cut.items() for row in demands(name, *both)]
    parts.append(
        "\n".join(["| of the layers that it claims to know | demanded | reached | met |", "|---|---|---|---|", *rows])
    )
    parts[-1] += "\n"
    for name, (found, alone) in by_cut.items():
        parts.append(f"## From the {name}\n\n{table(found, alone)}\n")
    wrong = sum(bool(own.told) != own.invariant for found, _ in by_cut.values() for own in found)
    total = sum(len(found) for found, _ in by_cut.values())
    parts.append(
        f"Layers before a normalisation were told from others by their gradients with {wrong} errors in {total}.\n"
    )
    parts.append("## Of kinds on which nothing was chosen\n\nStep schedules, and Adam with L2.\n\n" + HEAD)
    parts[-1] += "".join(f"\n{row(f'from the {name}', found)}" for name, found in others.items()) + "\n"
    return "\n".join(parts)


def main() -> None:
    from benchmarks.forecast_runs import CALIBRATION, HELD_OUT, OTHERS, Run, train

    parser = argparse.ArgumentParser(prog="python -m benchmarks.forecasts", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="keeps the runs; default: a temporary one")
    parser.add_argument("--calibration", action="store_true")
    words = parser.parse_args()

    def scored(runs: list[Run], cut: float, gradients: bool = True) -> list[Score]:
        return [
            own
            for run in runs
            for own in scores(traces[run], (run.kind, run.schedule, run.name), cut, gradients=gradients)
        ]

    with tempfile.TemporaryDirectory() as temporary:
        folder = words.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        runs = CALIBRATION if words.calibration else [*HELD_OUT, *OTHERS]
        traces = {run: sim.read_trace(train(run, folder)) for run in runs}
    if words.calibration:
        for name, cut in CUTS.items():
            print(f"\n{name}\n{table(scored(CALIBRATION, cut), scored(CALIBRATION, cut, False))}")
        return
    by_cut = {name: (scored(HELD_OUT, cut), scored(HELD_OUT, cut, False)) for name, cut in CUTS.items()}
    text = page(by_cut, {name: scored(OTHERS, cut) for name, cut in CUTS.items()})
    PAGE.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
