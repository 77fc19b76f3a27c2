"""The registry of updates: what it finds by itself, what is added from outside, and what it refuses by name."""

import subprocess
import sys
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

import sim
from sim.optimizers.adam import AdamRule
from sim.optimizers.adamw import AdamWRule
from sim.optimizers.lion import LionRule
from sim.optimizers.sgd import SGDRule
from theory.settings import SGD, SGDW, Adam, AdamW, InvalidArgument, Lion


@pytest.mark.parametrize(
    ("optimizer", "kind"),
    [(SGD(0.5), SGDRule), (SGDW(0.5), SGDRule), (Adam(), AdamRule), (AdamW(), AdamWRule), (Lion(), LionRule)],
)
def test_each_has_its_own(optimizer, kind):
    assert type(sim.rule_of(optimizer)(0.1, 0.5, (3,))) is kind


def test_a_rule_is_found_in_a_fresh_process():
    """No file of an optimizer is imported before it is asked for; somebody's subclass of ours is then one of ours."""
    code = """
import sys, sim
from theory.settings import AdamW, SGD
class Mine(SGD): pass
rule_of = sim.rule_of
assert not any(name in sys.modules for name in ("sim.optimizers.sgd", "sim.optimizers.lion"))
print(type(rule_of(Mine())(0.1, 0.5, (3,))).__name__, type(rule_of(AdamW())(0.1, 0.5, (3,))).__name__)
print("sim.optimizers.lion" in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["SGDRule", "AdamWRule", "False"]


@dataclass(frozen=True)
class Unknown:
    size: float = 1.0


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Unknown(), r"got Unknown\(size=1\.0\).* sim\.rule_of\.register"),  # ran as Lion once
        ("adam", "got 'adam'"),
        (None, "got None"),
        (AdamW, r"got the class AdamW\. Write AdamW\("),
        (type("AdamW", (), {"__module__": "torch.optim.adamw"})(), r"torch's AdamW\..*theory\.AdamW"),
        (type("SGD", (), {"__module__": "torch.optim.sgd"}), r"torch's SGD\..*theory\.SGD"),
    ],
)
@pytest.mark.parametrize(
    "run",
    [
        partial(sim.walk, 100, 5.0, 0.5),
        partial(sim.sphere, 100, 5.0, 0.5, dimension=5),
        partial(sim.least_squares, 100, 5.0, 0.5, dimension=2, batch_size=2),
    ],
    ids=["walk", "sphere", "least squares"],
)
def test_what_is_not_registered_is_refused_by_name(run, given, message):
    with pytest.raises(InvalidArgument, match=f"^optimizer must be .*{message}"):
        run(optimizer=given)


def test_the_real_torch_is_named():
    torch = pytest.importorskip("torch")
    theirs = torch.optim.AdamW([torch.zeros(1, requires_grad=True)])
    for given in (theirs, torch.optim.AdamW):
        with pytest.raises(InvalidArgument, match=r"torch's AdamW\..*theory\.AdamW"):
            sim.walk(100, 5.0, 0.5, optimizer=given)


@dataclass(frozen=True)
class Half:
    """A gradient step of half the size: plain SGD at eta/2, written by somebody else."""

    steps: int = 3  # a name that the walk's settings have too


class HalfRule:
    def __init__(self, settings, decay, eta, shape):
        self.decay, self.eta = decay, eta

    def step(self, w, gradient):
        w -= self.eta / 2 * (gradient + self.decay * w)


def test_one_from_outside_walks_as_the_settings_say():
    @sim.rule_of.register
    def _(optimizer: Half):
        return partial(HalfRule, optimizer)

    noise = {"weights": 4096, "steps": 640, "noise": 0.3, "seed": 2}
    mine = sim.walk(100, 20.0, 0.5, optimizer=Half(), **noise)
    assert (mine.attrs["optimizer"], mine.attrs["optimizer_steps"]) == ("Half", 3)
    assert mine.attrs["steps"] == 640
    # plain SGD with another stream per 512 weights: the same law, not the same numbers
    plain = sim.walk(100, 20.0, 0.25, **noise)
    error = np.hypot(mine.variance_error, plain.variance_error)
    assert abs(mine.variance - plain.variance) < 4 * error
    assert error < 0.01 * plain.variance
    whole = sim.walk(100, 20.0, 0.5, **noise)
    assert abs(mine.variance - whole.variance) > 4 * error
