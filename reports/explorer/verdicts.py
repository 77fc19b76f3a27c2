"""Which claim about a layer holds at which decay: the report's rules, on the runs that came with the package."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import theory
from reports.comparison import Comparison
from reports.sections.mnist_run.facts import AROUND, NEAR

__all__ = ["CLAIMS", "Verdict", "verdicts"]

CLAIMS = (
    "The first epoch is pure decay",
    "It tails off around 1/√n, n the inputs of a neuron",
    "It tails off around 1/√n, n all weights",
    "The balance holds it where it ends",
)


@dataclass(frozen=True)
class Verdict:
    """One claim about one layer: what it says, what was measured, and whether it holds."""

    predicted: str
    measured: str
    holds: bool


def verdicts(network: dict[str, Any]) -> dict[float, dict[int, list[Verdict]]]:
    """Return the verdicts by lam and layer, in the order of `CLAIMS`.

    Parameters
    ----------
    network : dict
        From `reports.explorer.network.measured`.

    Notes
    -----
    Pure decay holds if the first epoch's change from the large start is within 10% of it; 1/sqrt(n) if the end is
    within a factor of two of it; the balance within 4 standard errors, and sharply.

    Examples
    --------
    >>> from reports.explorer.network import measured
    >>> [verdict.holds for verdict in verdicts(measured())[5.0][2]]
    [True, False, False, True]
    """
    found: dict[float, dict[int, list[Verdict]]] = {}
    for run in network["runs"]:
        if run["init"] == "large":
            found.setdefault(run["lam"], {})[run["layer"]] = _of_layer(run, network["settings"])
    return found


def _of_layer(run: dict[str, Any], settings: dict[str, Any]) -> list[Verdict]:
    end, layer = run["end"], run["layer"]
    shrink = theory.equilibrium(settings["n"], run["lam"], settings["eta"]).shrink_per_epoch(settings["batch_size"])
    alone, change = math.log(shrink), run["first_epoch"]["value"]
    measured = f"{end['measured']:#.4g} ± {end['error']:.1g}"
    balance = Comparison(
        f"balance of layer {layer}", end["predicted"], end["measured"],
        (end["error"] ** 2 + end["predicted_error"] ** 2) ** 0.5, precision=0.02,
    )  # fmt: skip
    return [
        Verdict(f"× {shrink:#.3g}", f"× {math.exp(change):#.3g}", abs(change / alone - 1) < NEAR),
        *(
            Verdict(f"{count**-0.5:.2g}", measured, 1 / AROUND < end["measured"] * count**0.5 < AROUND)
            for count in (settings["fan_in"][str(layer)], settings["n_weights"])
        ),
        Verdict(f"{end['predicted']:#.4g}", measured, balance.verdict == "agrees"),
    ]
