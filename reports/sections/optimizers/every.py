"""All optimizers of the catalogue: their walks, the comparisons, and the wrong laws that the same gate must reject."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt
from typing import Any

import sim
import theory
from reports.comparison import Comparison
from reports.document.section import Results, Task
from reports.sections.optimizers.catalogue import BETAS, CASES, MOMENTUM, STEPS, Case
from theory import SGD, Adam

__all__ = ["case_named", "controls", "every_facts", "every_rows", "every_tasks", "white_steps"]


def every_tasks(quick: bool) -> list[Task]:
    """Return a walk for every optimizer; quick: for some of them, and shorter."""
    weights, steps = (2400, 960) if quick else (4800, 1600)
    made = []
    for case in CASES:
        if quick and not case.quick:
            continue
        settings = case.walk(weights, steps)
        cost = 4.5e-4 * settings["weights"] * settings["steps"] if case.shape else 5e-8 * weights * settings["steps"]
        made.append(Task({"experiment": "every", "case": case.name}, sim.walk, settings, cost, "every optimizer"))
    return made


def every_rows(mine: Results, precision: float) -> list[tuple[Case, Comparison]]:
    """Compare every walk with the law of its optimizer."""
    walks = mine.where(experiment="every")
    return [
        (case, case.comparison(walk, precision))
        for case in CASES
        for walk in walks.where(case=case.name).datasets
    ]  # fmt: skip


def every_facts(rows: list[tuple[Case, Comparison]]) -> list[dict[str, Any]]:
    """Return the rows of the table."""
    return [
        c.as_dict() | {"optimizer": case.name, "decay": case.decay, "settles": case.settles, "steps": STEPS}
        for case, c in rows
    ]


def case_named(name: str) -> Case:
    """Return one optimizer of the catalogue."""
    return next(case for case in CASES if case.name == name)


def white_steps(case: Case) -> float:
    """Return the scale that Muon would have if its steps did not know of each other."""
    eq = theory.equilibrium(**case.settings)
    law: Any = eq.law
    return float(eq.scale) * sqrt(law.series.alone / float(law.summed(law.shrink)))


def controls(mine: Results, precision: float) -> list[Comparison]:
    """Return wrong laws beside the same walks: each must differ."""
    sgdw, adamw, muon = (case_named(name) for name in ("SGDW, momentum", "AdamW", "Muon, 1:4"))
    wrong = (
        (sgdw, "the coupled law on SGDW", replace(sgdw, optimizer=SGD(MOMENTUM)).predict()[0]),
        (adamw, "coupled Adam's law on AdamW", replace(adamw, optimizer=Adam(BETAS)).predict()[0]),
        (muon, "Muon's law with white steps", white_steps(muon)),
    )
    return [
        Comparison(
            name, predicted, *case.measured(mine.one(experiment="every", case=case.name)), precision, case.predict()[1]
        )
        for case, name, predicted in wrong
    ]
