"""The report's layers: what holds each at its scale, where decay really tails off, and which n is right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.comparison import SIGMAS, z_summary
from reports.document.section import Chapter, Picture, Results, Section, SectionSpec
from reports.sections.layers.claims import textbook_facts, textbook_verdicts
from reports.sections.layers.experiments import REPLICAS, SAMPLED, TEXTBOOK_LAM, TIME_CONSTANTS, WIDE, tasks
from reports.sections.layers.facts import Settled, budget_facts, field_facts, settled
from reports.sections.layers.figures import balance_figure, budget_figure, forecast_figure, which_n_figure
from reports.sections.layers.forecast import forecast_facts, forecast_verdicts
from reports.sections.layers.settling import DOUBT, common_drifts, end_gaps, rest_of, same_ends
from reports.sections.layers.which_n import (
    as_facts,
    hidden_facts,
    inputs_facts,
    lam_laws,
    readings,
    saturation_facts,
)
from reports.sections.mnist_run.section import HIDDEN, MNIST_RUN, STARTS

__all__ = ["LAYERS"]


def report(results: Mapping[str, Results], quick: bool) -> Section:
    """Balance every stationary run, find the law of the inputs, time the forecast, and check the mean field."""
    mine, question = results[LAYERS.name], results[MNIST_RUN.name]
    grid = mine.where(experiment="lam")
    rows, drifts, gaps = settled(grid), common_drifts(grid), end_gaps(grid)
    field, field_comparisons = field_facts(mine, question)
    balances = [row.comparison() for row in rows]
    facts: dict[str, Any] = {
        "quick": quick,
        "equations": _equations(),
        "replicas": REPLICAS,
        "sampled": SAMPLED,
        "time_constants": TIME_CONSTANTS,
        "doubt": DOUBT,
        "sigmas": SIGMAS,
        "shortest": min(row.epochs for row in rows),
        "rows": [row.as_dict() for row in rows],
        "rest": [
            {
                "lam": gap.lam,
                "layer": gap.layer,
                "drift": drift.as_dict(),
                "gap": gap.as_dict(),
                "verdict": rest_of(drift, gap),
            }
            for drift, gap in zip(drifts, gaps, strict=True)
        ],
        "budget": budget_facts(question),
        "field": field,
        "width": int(question.one(init=STARTS[0]).fan_in[-1]),
        "balance_summary": z_summary(balances),
        "differ": sum(c.verdict == "differs" for c in balances),
        "summary": z_summary(field_comparisons),
        "verdicts": {"same_ends": same_ends(gaps), "field_one_side": abs(field["together"]) > DOUBT},
    }
    pictures = {
        "budget": Picture(
            budget_figure({init: question.one(init=init) for init in STARTS}),
            "Change of the squared norm per epoch by decay, noise and signal, for both layers and both starts.",
        ),
    }
    if not quick:
        more, drawn = _full(mine, question, rows)
        facts["verdicts"] |= more.pop("verdicts")
        facts |= more
        pictures |= drawn
    runs = {f"lam-{labels['lam']:g}-{labels['init']}": run for labels, run in grid}
    return Section(LAYERS.name, facts, balances + field_comparisons, pictures, runs)


def _full(mine: Results, question: Results, rows: list[Settled]) -> tuple[dict[str, Any], dict[str, Picture]]:
    """Return what only the full report has: the search for n, the forecast, the textbook's two examples."""
    inputs, hidden, laws = inputs_facts(mine), hidden_facts(mine), lam_laws(rows)
    forecast = forecast_facts(mine, TEXTBOOK_LAM)
    examples = {
        HIDDEN: {init: question.one(init=init) for init in STARTS},
        WIDE: {init: mine.one(experiment="textbook", init=init) for init in STARTS},
    }
    textbook = textbook_facts(examples)
    facts = as_facts(inputs | hidden) | {
        "lam_law": as_facts({"2": laws[2]})["2"],
        "forecast": forecast,
        "forecast_lam": TEXTBOOK_LAM,
        "textbook": textbook,
        "verdicts": {
            "readings": readings(laws, inputs["input_laws"], hidden["hidden_law"]),
            "saturation": saturation_facts(rows, inputs["squared_norm"]),
            "forecast": forecast_verdicts(forecast),
            "textbook": textbook_verdicts(textbook),
        },
    }
    pictures = {
        "balance": Picture(
            balance_figure(rows),
            "Measured rms of both layers over lambda, from both starts, and the noise's part of what holds them.",
        ),
        "which_n": Picture(
            which_n_figure(facts, rows),
            "Scale of layer 2 over the mean squared norm of the inputs, the number of hidden neurons and lambda.",
        ),
        "forecast": Picture(
            forecast_figure(forecast["default"]),
            "The balance's forecast of the final rms, epoch by epoch, beside the rms itself, for both layers.",
        ),
    }
    return facts, pictures


def _equations() -> dict[str, str]:
    """Return the budget and the stationary norm as Typst mathematics, from the derivation."""
    from theory.algebra.typst_math import typst_math
    from theory.layer.budget import derive_norm_balance

    derivation = derive_norm_balance()
    return {key: typst_math(derivation[name]) for key, name in (("budget", "budget"), ("norm", "stationary norm"))}


LAYERS = SectionSpec(
    name="layers",
    words=(Chapter("The layers", "sec-layers", "layers.typ"),),
    tasks=tasks,
    report=report,
    needs=("mnist_run",),
    scan={"experiment": "lam"},
)
