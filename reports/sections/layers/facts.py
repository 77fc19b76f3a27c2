"""The numbers that the section on layers quotes in every report: budgets, stationary scales, and the mean field."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

import theory
from reports.comparison import Comparison
from reports.document.section import Results
from reports.runs.averages import over_replicas
from reports.runs.balance import LayerBalance, balance_of, budget_of
from reports.sections.mnist_run.section import STARTS

__all__ = [
    "DOMINATED",
    "Settled",
    "budget_facts",
    "course",
    "field_facts",
    "one_sided",
    "settled",
]

DOMINATED = 10.0  # decay dominates where it is so many times the gradient's drive


@dataclass(frozen=True)
class Settled:
    """One layer of one run at its end, beside the balance."""

    lam: float
    init: str
    layer: int
    epochs: int
    balance: LayerBalance

    def comparison(self) -> Comparison:
        """Compare the measured rms with the balance."""
        name = f"norm balance: rms of layer {self.layer}, lam = {self.lam:g}, {self.init} start"
        return self.balance.comparison(name)

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers, for JSON."""
        where = {"lam": self.lam, "init": self.init, "layer": self.layer, "epochs": self.epochs}
        return where | asdict(self.balance)


def settled(runs: Results) -> list[Settled]:
    """Balance every layer of every run."""
    return [
        Settled(run.attrs["lam"], run.attrs["init"], layer, int(run.epoch[-1]), balance_of(run, layer))
        for run in runs.datasets
        for layer in run.layer.values.tolist()
    ]


def budget_facts(question: Results) -> dict[str, Any]:
    """Return the terms of the first and the last epoch, relative to ||w||^2 per epoch, and where each layer turns.

    `course` says in a word who wins in the first epoch: "decay" alone (ten times the gradient's drive), or a gradient
    that "grows" the layer against the decay, "slows" it or "helps" it.
    """
    out = {}
    for init in STARTS:
        run = question.one(init=init)
        for layer in run.layer.values.tolist():
            budget = budget_of(run, layer)
            total = budget.total.mean(axis=0)
            turns = np.flatnonzero(np.sign(total[1:]) != np.sign(total[:-1]))
            first = budget.at(0)
            out[f"{init}-{layer}"] = {
                "first": first, "last": budget.at(-1), "turn": int(turns[0]) + 2 if turns.size else None,
                "course": course(first["decay"], first["noise"] + first["signal"]),
            }  # fmt: skip
    return out


def course(decay: float, drive: float) -> str:
    """Say who wins where decay and the gradient's drive change ||w||^2 by these fractions."""
    if -decay > DOMINATED * abs(drive):
        return "decay"
    if drive > -decay:
        return "grows"
    return "slows" if drive > 0 else "helps"


def field_facts(mine: Results, question: Results) -> tuple[dict[str, Any], list[Comparison]]:
    """Put the mean field's gradients beside those of untrained networks, with the ratio that decides claim 1."""
    rows, ratios, comparisons, sides = [], {}, [], []
    for init in STARTS:
        run, measured = question.one(init=init), mine.one(experiment="untrained", init=init)
        field = theory.mean_field(
            run.attrs["sizes"], inputs=measured.inputs.values, init=init, batch_size=run.attrs["batch_size"]
        )
        ratios[init] = field.decay_ratio(run.attrs["n"], run.attrs["lam"], run.attrs["eta"]).tolist()
        standardised = []
        for i, layer in enumerate(measured.layer.values.tolist()):
            for what in ("grad_sq", "alignment"):
                average, predicted = over_replicas(measured[what].sel(layer=layer)), float(getattr(field, what)[i])
                name = f"mean field: {what} of layer {layer}, {init} start"
                comparisons.append(Comparison(name, predicted, average.value, average.error, precision=0.1))
                rows.append({"init": init, "layer": layer, "what": what, "predicted": predicted,
                             "measured": average.value, "error": average.error})  # fmt: skip
                standardised.append((measured[what].sel(layer=layer).values - predicted) / average.spread)
        sides.append(one_sided(np.array(standardised)))
    facts = {"rows": rows, "decay_ratio": ratios, "replicas": int(measured.sizes["replica"]),
             "batch_size": run.attrs["batch_size"], "saturation_scale": float(field.saturation_scale[0]),
             "together": sum(sides) / math.sqrt(len(sides))}  # fmt: skip
    return facts, comparisons


def one_sided(standardised: np.ndarray) -> float:
    """Return by how many standard errors several quantities of the same networks lie to one side, taken together.

    Parameters
    ----------
    standardised : ndarray, shape (quantities, replicas)
        Each network's distances from the predictions, in standard deviations over the networks. The quantities of a
        network depend on each other; the networks do not.

    Examples
    --------
    >>> x = np.random.default_rng(0).standard_normal(400)
    >>> bool(abs(one_sided(np.array([x, x]))) < 3), bool(one_sided(np.array([x + 0.5, x + 0.5])) > 5)
    (True, True)
    """
    each = standardised.mean(axis=0)
    return float(each.mean() / each.std(ddof=1) * math.sqrt(len(each)))
