"""The report's whole network: its norm from costs alone, over widths, and the decay at which learning ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.document.section import Chapter, Picture, Results, Section, SectionSpec
from reports.sections.envelope.at_rest import AtRest, at_rest
from reports.sections.envelope.collapse import (
    alone_facts,
    collapse_facts,
    convex_facts,
    convex_rows,
    network_row,
)
from reports.sections.envelope.costs import cost_facts, scaling_facts, slope_facts
from reports.sections.envelope.experiments import ETA, MANY, tasks
from reports.sections.envelope.figures import collapse_figure, norm_figure
from reports.sections.envelope.widths import width_facts
from reports.sections.layers.experiments import HIDDEN_LAM, TEXTBOOK_LAM
from reports.sections.layers.section import LAYERS
from reports.sections.mnist_run.section import HIDDEN

__all__ = ["ENVELOPE"]

WELL_BELOW = 0.9  # of the critical decay: so far there is more than noise in the weights


def report(results: Mapping[str, Results], quick: bool) -> Section:
    """Predict the norm of all weights from costs, over widths and up to the end of learning."""
    mine, layers = results[ENVELOPE.name], results[LAYERS.name]
    strong = mine.where(experiment="strong")
    if not strong.datasets:  # no critical decay: see the tasks
        facts: dict[str, Any] = {"quick": quick, "collapse": None, "equations": _equations()}
        return Section(ENVELOPE.name, facts, [], {}, {})
    first = strong.datasets[0].attrs
    critical, chance = first["critical"], first["chance"]
    ends = [at_rest([run]) for run in strong.datasets]
    rows = [network_row(end, critical, chance) for end in ends]
    facts = {
        "quick": quick, "eta": ETA, "batch_size": first["batch_size"], "hidden": HIDDEN,
        "many": MANY, "equations": _equations(), "unseen": first["unseen"],
        "collapse": collapse_facts([row for row in rows if row["hidden"] == HIDDEN], critical, first["n"], chance),
    }  # fmt: skip
    pictures: dict[str, Picture] = {}
    if not quick:
        weak = layers.where(experiment="lam")
        lams = sorted({run.attrs["lam"] for run in weak.datasets})
        question = [at_rest(weak.where(lam=lam).datasets) for lam in lams]
        own = question + [end for end in ends if end.hidden == HIDDEN]
        more, pictures = _full(mine, layers, own, question, rows, critical)
        facts |= more
    runs = {f"strong-{labels['hidden']}-{labels['fraction']:g}": run for labels, run in strong}
    return Section(ENVELOPE.name, facts, [], pictures, runs)


def _full(
    mine: Results,
    layers: Results,
    own: list[AtRest],
    question: list[AtRest],
    rows: list[dict[str, Any]],
    critical: float,
) -> tuple[dict[str, Any], dict[str, Picture]]:
    """Return what only the full report has; `own` is the question's network at every decay."""
    widths = [at_rest([run]) for run in layers.where(experiment="hidden").datasets]
    at_70 = next(end for end in question if end.lam == HIDDEN_LAM)
    convex, chance = (
        convex_rows(mine.where(experiment="convex")),
        mine.where(experiment="strong").datasets[0].attrs["chance"],
    )
    ratios = convex_facts(convex, rows)
    costs, over_widths = cost_facts(own, critical), width_facts([at_70, *widths])
    facts = {
        "costs": costs, "widths": over_widths, "alone": alone_facts(own, critical),
        "scaling": scaling_facts(question, critical), "slope": slope_facts(question, critical),
        "norms": {f"{lam:g}": _norm(question, lam) for lam in (TEXTBOOK_LAM, HIDDEN_LAM)},
        "drift": max(abs(row["drift"]) for row in rows if row["fraction"] < WELL_BELOW), "well_below": WELL_BELOW,
        "convex": ratios,
        "temperature": {"weak": _temperature(layers, "lam"), "strong": _temperature(mine, "strong")},
    }  # fmt: skip
    everywhere = [network_row(end, critical, chance) for end in question] + rows
    pictures = {
        "norm": Picture(
            norm_figure(costs, over_widths, critical),
            "Left: the regularised cost over lambda with tangents whose slope is the penalty's share, and the norm "
            "that the costs predict over the measured one. Right: rms of each layer and of all weights over their "
            "number.",
        ),
        "collapse": Picture(
            collapse_figure(everywhere, convex, ratios["ratios"], critical),
            "Squared norm of both layers over lambda up to and beyond the critical decay, on the convex theory's line.",
        ),
    }
    return facts, pictures


def _norm(points: list[AtRest], lam: float) -> float:
    return next(end.norm_sq.root.value for end in points if end.lam == lam)


def _temperature(runs: Results, experiment: str) -> float:
    at = runs.where(experiment=experiment).datasets[0].attrs
    return float(at["eta"] / at["batch_size"])


def _equations() -> dict[str, str]:
    """Return the two laws as Typst mathematics, from their derivations."""
    import sympy as sp

    from theory.algebra.typst_math import typst_math
    from theory.network.critical_decay_derivation import derive_critical_decay
    from theory.network.envelope_derivation import cost, derive_envelope

    norm = derive_envelope()["norm"].subs(cost, sp.Symbol("C^*", positive=True))
    return {
        "norm": typst_math(norm).replace('"C^*"', "C^*"),
        "critical": typst_math(derive_critical_decay()["critical decay"]),
    }


ENVELOPE = SectionSpec(
    name="envelope",
    words=(Chapter("Where the whole network settles", "sec-envelope", "envelope.typ"),),
    tasks=tasks,
    report=report,
    needs=(LAYERS.name,),
)
