"""Forecasts against training that goes on: a few of the runs of `python -m benchmarks.forecasts`, trained anew."""

import re
from pathlib import Path

import numpy as np
import pytest

import sim
from benchmarks import forecasts

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "forecast-your-run.md"
RUNS = [("mlp momentum", "constant"), ("mlp adamw", "cosine"), ("conv momentum", "constant")]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Train them; yields each run and its record."""
    pytest.importorskip("torch")
    from benchmarks.forecast_runs import HELD_OUT, train

    folder = tmp_path_factory.mktemp("runs")
    chosen = [run for run in HELD_OUT if (run.kind, run.schedule) in RUNS and run.seed == 0]
    return [((run.kind, run.schedule, run.name), sim.read_trace(train(run, folder))) for run in chosen]


def scored(runs, cut, **options):
    return [score for about, run in runs for score in forecasts.scores(run, about, cut, **options)]


def passes(errors, stays, bound):
    """Small, and by far better than the norm that stays."""
    return np.median(errors) <= bound and np.median(errors) <= 0.6 * np.median(stays)


@pytest.mark.slow
@pytest.mark.parametrize(("cut", "bound"), [(1 / 3, 0.06), (1 / 10, 0.13)])
def test_the_norm_at_the_end(runs, cut, bound):
    found = scored(runs, cut)
    errors, stays = (np.array([getattr(score, name) for score in found]) for name in ("error", "stays"))
    assert len(found) == 3 + 3 + 4
    assert passes(errors, stays, bound)
    assert not passes(stays, stays, bound)  # the norm that stays must lose
    assert np.mean([score.covered for score in found]) >= 0.85
    assert np.median([score.half_width for score in found]) <= (0.15 if cut > 0.2 else 0.35)


@pytest.mark.slow
def test_layers_before_a_normalisation_are_told_by_their_gradients(runs):
    found = scored(runs, 1 / 10)
    assert [score.told for score in found] == [score.invariant for score in found]
    assert sum(score.invariant for score in found) == 3


@pytest.mark.slow
def test_norms_and_settings_alone_are_hardly_worse(runs):
    with_gradients = np.median([score.error for score in scored(runs, 1 / 3)])
    alone = np.median([score.error for score in scored(runs, 1 / 3, gradients=False)])
    assert alone <= 1.2 * with_gradients + 0.01


def test_the_page_is_of_the_present_constants():
    page = forecasts.PAGE.read_text()
    assert forecasts.CALIBRATED.made_on in page
    assert "| **known** |" in page
    assert page.count(forecasts.HEAD) == 3
    known = next(line for line in page.splitlines() if line.startswith("| **known** |"))
    said = re.search(
        r"median error of (\S+%), where the norm that stays has 10%", " ".join(HOW_TO.read_text().split())
    )[1]
    assert f"| {said}, " in known
