"""Which committee machines the report runs: two decays, three ways to scale the rates, three branches, random ones."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

import sim
import theory
from reports.document.section import Task
from reports.runs.committee import REPLICAS, settle

__all__ = [
    "BRANCHES",
    "DECAYS",
    "FAN_IN",
    "RULES",
    "SMALLER",
    "branch_lines",
    "branch_network",
    "predicted_scaling",
    "tasks",
]

FAN_IN = 784  # of the decays: the inputs of the question's network
DECAYS = {  # a unit that gradients pull out of saturation, and one that kicks hold there: rule, start, length in alpha
    "pulled": (theory.OnlineRule(0.5, 0.02, 0.3), theory.Overlaps(Q=400.0, R=0.0, T=1.0), 200.0),
    "diffusive": (theory.OnlineRule(3.0, 0.01, 1.0), theory.Overlaps(Q=400.0), 400.0),
}
RULES = {  # how the rates change with N: the rule at N = 50, and the power of N in eta and gamma
    "scaled": (theory.OnlineRule(0.5, 0.05, 1.0), 0.0),
    "per_step": (theory.OnlineRule(0.01, 1e-4, 1.0), 1.0),
    "diffusive": (theory.OnlineRule(20.0, 0.02, 1.0), 1.0),
}
RANDOM_FAN_IN, SMALLER = 400, 4  # of the random settings; so many times smaller, to see what is left out at order 1/N^2
BRANCHES = {  # Q* against gamma: eta, units, fan-in, and the gammas that are simulated
    "pulled": (0.5, 1, 400, (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)),
    "diffusive": (3.0, 1, 200, (3e-3, 1e-2, 3e-2, 1e-1)),
    "pair": (0.5, 2, 200, (3e-3, 1e-2, 3e-2)),
}


def tasks(quick: bool, seed: int, data: sim.Data) -> list[Task]:
    """Return the networks to be run: two decays, three ways to scale the rates, three branches, random settings."""
    del data  # random inputs
    runs: list[tuple[dict[str, Any], dict[str, Any]]] = []  # labels, and what sim.online takes
    for name, (rule, start, alpha) in DECAYS.items():
        settings = {"rule": rule, "start": start, "fan_in": FAN_IN, "alpha": alpha, "records": 20, "replicas": REPLICAS}
        runs.append(({"experiment": "decay", "name": name}, settings))
    length = 4.0 if quick else 20.0
    for name in RULES:
        law = predicted_scaling(name, quick)
        for fan_in, network in zip(law.fan_in, law.networks, strict=True):
            labels = {"experiment": "scaling", "name": name, "fan_in": int(fan_in)}
            runs.append((labels, settle(network, int(fan_in), length)))
    for name, (*_, gammas) in BRANCHES.items():
        for gamma in gammas[-2:] if quick else gammas:
            labels = {"experiment": "branch", "name": name, "gamma": gamma}
            runs.append((labels, settle(branch_network(name, gamma), BRANCHES[name][2], length)))
    drawn = random_networks(2 if quick else 10, seed)
    sizes = {"random": RANDOM_FAN_IN} | ({} if quick else {"smaller": RANDOM_FAN_IN // SMALLER})
    for experiment, fan_in in sizes.items():
        for i, network in enumerate(drawn):
            runs.append(({"experiment": experiment, "draw": i}, settle(network, fan_in, length)))
    children = np.random.SeedSequence(seed).generate_state(len(runs))
    return [
        Task(labels, sim.online, run | {"seed": int(child)}, _seconds(run), "online learning")
        for (labels, run), child in zip(runs, children, strict=True)
    ]


def _seconds(run: dict[str, Any]) -> float:
    return 4e-7 * run["replicas"] * run["fan_in"] * run["alpha"]


@lru_cache
def predicted_scaling(name: str, quick: bool) -> theory.Scaling:
    """Return the predicted weight scale over N for one rule of `RULES`."""
    rule, power = RULES[name]
    sizes = [50, 400] if quick else [50, 100, 200, 400, 800]
    return theory.scaling(rule, theory.Overlaps(Q=10.0), sizes, eta_power=power, gamma_power=power)


@lru_cache
def branch_network(name: str, gamma: float) -> theory.TeacherStudent:
    """Return the predicted network of one branch of `BRANCHES` at one gamma, with sigma = 1 and noise labels."""
    eta, units, _, _ = BRANCHES[name]
    start = theory.Overlaps.random(units, 0, Q=30.0, fan_in=400, seed=1)
    return theory.teacher_student(theory.OnlineRule(eta, gamma, 1.0), start)


def branch_lines(name: str, quick: bool) -> dict[str, np.ndarray]:
    """Return Q* over gamma for one branch, and the closed form's asymptote for small gamma."""
    eta, units, _, _ = BRANCHES[name]
    gamma = np.geomspace(1e-4, 0.03 if units == 2 else 0.1, 40 if units == 1 else 7)
    rules = [theory.OnlineRule(eta, float(g), 1.0) for g in gamma]
    if name == "pair":
        exact = [float(branch_network(name, rule.gamma).linear_noise.state[0]) for rule in rules]
        asymptote = [theory.cancelling_pair(rule).Q for rule in rules]
    else:
        exact = [theory.noise_fixed_point(rule) for rule in rules]
        laws = [theory.saturated_unit(rule, theory.Overlaps(Q=100.0)) for rule in rules]
        asymptote = [law.crossover if law.diffusive else theory.gradient_scale(law.rule) for law in laws]
    return {"gamma": gamma, "exact": np.array(exact), "asymptote": np.array(asymptote)}


def random_networks(count: int, seed: int) -> list[theory.TeacherStudent]:
    """Draw settings until `count` have a stable fixed point, approached at a rate of at least gamma / 2.

    The criterion is a prediction made before anything is measured: slower ones would need longer runs.
    """
    rng, found = np.random.default_rng(seed), list[theory.TeacherStudent]()
    while len(found) < count:
        K, M = int(rng.integers(1, 4)), int(rng.integers(0, 3))
        rule = theory.OnlineRule(rng.uniform(0.3, 1.5), 10 ** rng.uniform(-1.7, -1), rng.uniform(0.3, 1.0))
        start = theory.Overlaps.random(K, M, Q=100, fan_in=400, seed=int(rng.integers(1000)))
        network = theory.teacher_student(rule, start)
        if network.stable and network.eigenvalues.real.max() < -rule.gamma / 2:
            found.append(network)
    return found
