"""Write docs/optimizers.md, the table of who couples and who does not: `python -m benchmarks.who_couples`.

Where each optimizer's decay enters, where that holds a weight, predicted beside simulated, and what each law leaves
open. Everything on the page is computed: the predictions from `theory`, the conventions from `theory.conventions`, the
ranges and errors from where the laws state them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import sim
import theory
from reports.comparison import Comparison
from reports.sections.optimizers.catalogue import CASES, STEPS, Case
from theory.settings.optimizers.named import WITHOUT_DECAY
from theory.weight.problem import posed

__all__ = ["PAGE", "comparisons", "page", "read_measured", "simulate"]

PAGE = Path(__file__).parents[1] / "docs" / "optimizers.md"
WEIGHTS, LENGTH = 4800, 1600
PRECISION = 0.01
Measured = Mapping[str, tuple[float, float]]

HEAD = """# Who couples weight decay, and who does not

`weight_decay` means a different thing in almost every optimizer. The table says where it enters, where it holds the
rms of a weight under white gradient noise, and how that compares with the rule taken step by step. No number is
fitted. `python -m benchmarks.who_couples` writes this page; the tests compute its predictions again, and the slow ones
simulate every row again with other random numbers.

*In the gradient*: the decay is added to the gradient, and momentum and normalisation act on it (coupled, L2).
*Beside it*: the weight is multiplied by one minus lr weight_decay (decoupled). Default: PyTorch's `weight_decay`, a
dash where PyTorch has no such class. Stated: the relative error of the rms that the law gives for itself, a dash where
it is exact or below 0.01%. z: (simulated - predicted) / standard error. Where nothing is stationary the rms
is that after {steps} steps.
"""


def simulate(seed: int) -> dict[str, tuple[float, float]]:
    """Walk every optimizer of the catalogue; return measured rms and standard error by its name."""
    measured = {}
    for number, case in enumerate(CASES):
        walk = sim.walk(**case.walk(WEIGHTS, LENGTH), seed=1000 * seed + number)
        measured[case.name] = case.measured(walk)
    return measured


def comparisons(measured: Measured) -> list[Comparison]:
    """Return every row's prediction beside what was measured."""
    found = []
    for case in CASES:
        predicted, accuracy = case.predict()
        found.append(Comparison(case.name, predicted, *measured[case.name], PRECISION, accuracy))
    return found


def page(measured: Measured) -> str:
    """Return the page in Markdown, for these simulations."""
    rows = [_row(case, c) for case, c in zip(CASES, comparisons(measured), strict=True)]
    names = ", ".join(WITHOUT_DECAY.values())
    return "\n".join(
        [
            HEAD.format(steps=STEPS),
            *_table("optimizer|default|decay|stationary|predicted|simulated|z|stated|verdict", rows),
            f"\n{names} have no `weight_decay` argument: nothing holds a weight under them, and tailoff refuses them.",
            "\n## The settings of the rows\n",
            *_table("optimizer|settings|lr|weight_decay|noise|start|shape", map(_settings, CASES)),
            "\n## What weight_decay means in each framework\n",
            "`theory.conventions`: the fraction of a weight that one step takes (coupled: that plain gradient descent "
            "would take).\n",
            *_table("name|kind|taken per step|note|source", map(_convention, theory.conventions.values())),
            "\n## How far each law holds\n",
            "As the laws state it. x: eta lam/n over the noise; b_1, b_2: betas.\n",
            *_ranges(),
            "",
        ]
    )


def read_measured(text: str) -> dict[str, tuple[float, float]]:
    """Return the simulated numbers of a page by the optimizer's name."""
    found = re.findall(r"^\| ([^|]+) \|(?:[^|]*\|){4} ([\d.e-]+) ± ([\d.e-]+) \|", text, re.MULTILINE)
    return {name: (float(value), float(error)) for name, value, error in found}


def _table(head: str, rows: Iterable[tuple[str, ...]]) -> list[str]:
    names = head.split("|")
    lines = [names, ["---"] * len(names), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _row(case: Case, c: Comparison) -> tuple[str, ...]:
    default = "-" if case.default is None else f"{case.default:g}"
    stated = f"{100 * c.accuracy:.2g}%" if c.accuracy >= 1e-4 else "-"
    stationary = "yes" if case.settles else "no"
    simulated = f"{c.measured:.6g} ± {c.standard_error:.3g}"
    return (
        case.name,
        default,
        case.decay,
        stationary,
        f"{c.predicted:.5g}",
        simulated,
        f"{c.z:+.1f}",
        stated,
        c.verdict,
    )


def _settings(case: Case) -> tuple[str, ...]:
    shape = "x".join(map(str, case.shape)) if case.shape else "-"
    numbers = (f"{number:g}" for number in (case.lr, case.weight_decay, case.noise, case.start))
    return (case.name, f"`{_unlike_default(case.optimizer)}`", *numbers, shape)


def _unlike_default(optimizer: Any) -> str:
    """Return an optimizer as it is written: what is not the default."""
    kind = type(optimizer)
    given = [(f.name, getattr(optimizer, f.name)) for f in fields(kind) if f.init]
    words = [f"{name}={value!r}" for name, value in given if value != getattr(kind(), name)]
    return f"{kind.__name__}({', '.join(words)})"


def _convention(row: theory.words.convention.Convention) -> tuple[str, ...]:
    source = row.source + ("" if row.verified else " (not verified)")
    return (row.name, row.kind, f"`{row.formula}`", row.note or "-", source)


def _ranges() -> list[str]:
    """Return range and error of every law in the catalogue, from the docstring of the module that states them."""
    users: dict[str, list[str]] = {}
    for case in CASES:
        users.setdefault(_stated(case), []).append(case.name)
    return [f"- **{'; '.join(names)}.** {words}" for words, names in users.items()]


def _stated(case: Case) -> str:
    """Return what the law says of its range and error; along a path that is said where its error is defined."""
    lineage = type(theory.law_of(case.optimizer)(posed(_problem(case), case.optimizer, case.shape))).__mro__
    known = [kind for kind in lineage if "accuracy" in vars(kind) and kind is not theory.Law]
    for kind in (*(() if case.settles else known), *lineage):
        docstring = sys.modules[kind.__module__].__doc__ or ""
        found = re.search(r"^(Assumptions and range|Range): .*?(?=\n\n|\Z)", docstring, re.MULTILINE | re.DOTALL)
        if found:
            return " ".join(found.group().split())
        if "Exact" in docstring:
            return "Exact: no error order."
    return "Exact: no error order."


def _problem(case: Case) -> dict[str, float | None]:
    asked = {"n": None, "lam": None, "eta": None, "lr": case.lr, "weight_decay": case.weight_decay}
    return asked | {"noise": case.noise, "correlation": 0.0, "curvature": 0.0}


if __name__ == "__main__":
    PAGE.write_text(page(simulate(seed=1)), encoding="utf-8")
