"""Random walks against a bare NumPy loop, and predictions against the bare expression."""

from __future__ import annotations

import numpy as np

from benchmarks.timing import Row, best
from sim import walk
from theory import equilibrium

__all__ = ["rows"]

WEIGHTS, STEPS = 5120, 6400
N, LAM, ETA = 1000.0, 5.0, 0.1


def rows() -> list[Row]:
    return [*_walks(), *_predictions()]


def _bare_walk() -> None:
    rng, w = np.random.default_rng(1), np.zeros(WEIGHTS)
    for _ in range(STEPS // 10):
        w *= 1 - ETA * LAM / N
        w += ETA * N**-0.5 * rng.standard_normal(WEIGHTS)


def _walks() -> list[Row]:
    settings = {"weights": WEIGHTS, "steps": STEPS, "threads": 1}
    time = best({
        "sign": lambda: walk(N, LAM, ETA, distribution="sign", **settings),
        "gaussian": lambda: walk(N, LAM, ETA, **settings),
        "AR(1)": lambda: walk(N, LAM, ETA, correlation=0.5, **settings),
        "bare": _bare_walk,
    })  # fmt: skip
    bare, against = 10 * time["bare"], "w *= a; w += s * rng.standard_normal(n)"
    return [
        Row("sim.walk, +-1 noise", time["sign"], against, bare, 5),
        Row("sim.walk, Gaussian noise", time["gaussian"], against, bare, 1.5),
        Row("sim.walk, Gaussian AR(1) noise", time["AR(1)"], against, bare, None),
    ]


def _predictions() -> list[Row]:
    lam = np.linspace(0.1, 100.0, 1_000_000)
    time = best({
        "package": lambda: equilibrium(50_000, lam, ETA).scale,
        "bare": lambda: np.sqrt(ETA / (lam * (2 - ETA * lam / 50_000))),
        "scalar": lambda: [float(equilibrium(50_000, 5.0, ETA)) for _ in range(1000)],
    }, rounds=9)  # fmt: skip
    return [
        Row("theory.equilibrium, a million points", time["package"], "the bare NumPy expression", time["bare"], 1 / 3),
        Row("theory.equilibrium, one scalar call", time["scalar"] / 1000, "50 us", 50e-6, 1),
    ]
