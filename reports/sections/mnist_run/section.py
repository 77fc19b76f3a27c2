"""The question's experiment: both starts, measured against pure decay and the textbook's three claims."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sim
import theory
from reports.document.section import Chapter, Picture, Results, Section, SectionSpec, Task
from reports.runs.averages import over_replicas
from reports.sections.mnist_run.facts import (
    AROUND,
    NEAR,
    claims_of,
    fit_facts,
    fit_of,
    network_facts,
    published_table,
    verdicts,
    what_was_missing,
)
from reports.sections.mnist_run.figures import accuracy_figure, layers_figure
from reports.sections.mnist_run.published import INDEPENDENT_ACCURACY, QUESTION_SETTINGS, TEXTBOOK_ACCURACIES

__all__ = ["HIDDEN", "MNIST_RUN", "STARTS", "sizes_for"]

EPOCHS, HIDDEN = 30, 30
SETTINGS: dict[str, Any] = {"epochs": EPOCHS, "batch_size": 10, "eta": 0.1, "lam": 5.0}
STARTS = ("large", "default")
REPLICAS, QUICK_REPLICAS = 4, 2


def sizes_for(data: sim.Data, hidden: int = HIDDEN) -> tuple[int, int, int]:
    """Return the question's network for these data: as many inputs as pixels, as many outputs as classes."""
    return data.inputs.shape[1], hidden, data.classes


def tasks(quick: bool, seed: int, data: sim.Data) -> list[Task]:
    """Return the training runs, one task for each start."""
    replicas = QUICK_REPLICAS if quick else REPLICAS
    return [
        Task(
            {"init": init},
            sim.train,
            SETTINGS
            | {"data": data, "sizes": sizes_for(data), "init": init, "replicas": replicas, "seed": seed}
            | {"evaluate_every": 6 if quick else 1, "statistics": 4 if quick else "every"},
            cost=0.08 * EPOCHS * replicas,
            what=f"training, {init} start",
            ticks=EPOCHS * replicas,
        )
        for init in STARTS
    ]


def report(results: Mapping[str, Results], quick: bool) -> Section:
    """Fit the decay, judge the claims and put the published numbers beside ours."""
    del quick  # the same comparisons, with fewer replicas
    runs = {init: results[MNIST_RUN.name].one(init=init) for init in STARTS}
    large = runs["large"]
    fits = {int(layer): fit_of(large, int(layer)) for layer in large.layer}
    claims, comparisons = claims_of(large)
    published = large.attrs["data"] == "mnist"
    ends = {
        init: {str(layer): over_replicas(run.rms.sel(layer=layer).isel(epoch=-1)).as_dict() for layer in fits}
        for init, run in runs.items()
    }
    accuracy = {
        init: over_replicas(100 * run.accuracy.sel(split="validation").isel(epoch=-1)) for init, run in runs.items()
    }
    facts = {
        "settings": {name: large.attrs[name] for name in ("epochs", "batch_size", "eta", "lam", "n", "seed")},
        "network": network_facts(large),
        "question": QUESTION_SETTINGS,
        "replicas": large.sizes["replica"],
        "epochs": int(large.epoch[-1]),
        "near_percent": round(100 * NEAR),
        "around": AROUND,
        "claims": claims,
        "fits": {str(layer): fit_facts(fit, large, layer) for layer, fit in fits.items()},
        "table": published_table(large),
        "accuracy": {init: average.as_dict() for init, average in accuracy.items()},
        "textbook_accuracy": {init: 100 * value for init, value in TEXTBOOK_ACCURACIES[HIDDEN].items()},
        "independent_accuracy": 100 * INDEPENDENT_ACCURACY,
        "missing": what_was_missing(large),
        "default_end": ends["default"],
        "large_end": ends["large"],
        "equilibrium": theory.equilibrium(large.attrs["n"], large.attrs["lam"], large.attrs["eta"]).scale,
        "verdicts": verdicts(runs),
    }
    pictures = {
        "layers": Picture(
            layers_figure(runs, fits),
            f"Root mean square weight of each layer over the epochs, beside pure decay: {_way(ends)}.",
        ),
        "accuracy": Picture(
            accuracy_figure(runs, published),
            "Validation accuracy over the epochs; it ends at "
            + " and ".join(f"{average.value:.1f}% from the {init} start" for init, average in accuracy.items())
            + ".",
        ),
    }
    return Section(
        MNIST_RUN.name, facts, comparisons, pictures, {f"training-{init}": run for init, run in runs.items()}
    )


def _way(ends: dict[str, dict[str, dict[str, float]]]) -> str:
    """Say where each layer ends, for those who cannot see the figure."""
    return "; ".join(
        f"from the {init} start "
        + " and ".join(f"layer {layer} ends at {end['value']:.2g}" for layer, end in at.items())
        for init, at in ends.items()
    )


MNIST_RUN = SectionSpec(
    name="mnist_run",
    words=(
        Chapter("The experiment of the question", "sec-experiment", "mnist_run.typ"),
        Chapter("What the asker was missing", "sec-missing", "missing.typ"),
    ),
    tasks=tasks,
    report=report,
)
