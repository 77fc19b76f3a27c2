"""What each framework's words mean, held against the frameworks' own steps where one is installed."""

import math
import re

import numpy as np
import pytest

import theory
from theory import InvalidArgument, conventions, translate
from theory.words.translate import follows_the_schedule

COMPUTED = [row for row in conventions.values() if row.kind != "averaged"]
QUANTITIES = {"lr": 3e-3, "max_lr": 0.02, "initial_lr": 0.05, "rms": 0.7, "n": 4000.0}


@pytest.mark.parametrize("row", COMPUTED, ids=lambda row: row.name)
def test_every_row_there_and_back(row):
    mate = next(other for other in COMPUTED if other.kind == row.kind and other.powers != row.powers)
    there = translate(0.2, source=row.name, target=mate.name.upper(), **QUANTITIES)
    assert row.per_step(0.2, **QUANTITIES) == pytest.approx(mate.per_step(there, **QUANTITIES), rel=1e-14)
    assert translate(there, source=mate.name, target=row.name, **QUANTITIES) == pytest.approx(0.2, rel=1e-14)


@pytest.mark.parametrize(
    ("name", "fraction"),
    [
        ("torch.AdamW", 3e-3 * 0.2),
        ("keras.l2", 2 * 3e-3 * 0.2),
        ("timm.AdamW(corrected_weight_decay)", 3e-3**2 / 0.02 * 0.2),
        ("composer.DecoupledAdamW", 3e-3 / 0.05 * 0.2),
        ("big_vision", 3e-3 / 0.02 * 0.2),
        ("tfa.AdamW", 0.2),
        ("optax.adafactor", 0.2),
        ("transformers.Adafactor(scale_parameter)", 0.7 * 3e-3 * 0.2),
        ("textbook.SGD", 3e-3 * 0.2 / 4000),
    ],
)
def test_the_fraction_of_one_step(name, fraction):
    assert conventions[name].per_step(0.2, **QUANTITIES) == pytest.approx(fraction, rel=1e-14)


def test_what_cancels_is_not_asked_for():
    assert translate(0.1, source="torch.AdamW", target="keras.AdamW") == 0.1
    assert translate(0.1, source="torch.Adam", target="keras.l2") == 0.05
    for target, missing in (("tfa.AdamW", "lr"), ("big_vision", "max_lr"), ("composer.DecoupledAdamW", "initial_lr")):
        with pytest.raises(InvalidArgument, match=f"{missing} must be given for torch.AdamW in the words of {target}"):
            translate(0.1, source="torch.AdamW", target=target)
    with pytest.raises(InvalidArgument, match="lr must be positive"):
        translate(0.1, source="torch.AdamW", target="tfa.AdamW", lr=0.0)
    with pytest.raises(InvalidArgument, match="value must be zero or positive"):
        translate(math.nan, source="torch.AdamW", target="tfa.AdamW", lr=0.1)
    with pytest.raises(InvalidArgument, match=r"a quantity must be one of lr, .*, got 'rate'"):
        translate(0.1, source="torch.AdamW", target="tfa.AdamW", rate=0.1)


def test_what_no_number_makes_equal_is_refused():
    with pytest.raises(InvalidArgument, match="where the gradient is normalised no number"):
        translate(0.1, source="torch.Adam", target="torch.AdamW")
    with pytest.raises(InvalidArgument, match=r"source and target .* got schedulefree.AdamWScheduleFree"):
        translate(0.1, source="schedulefree.AdamWScheduleFree", target="torch.AdamW")
    with pytest.raises(InvalidArgument, match="momentum must be given"):
        translate(0.1, source="torch.SGD", target="keras.Optimizer(weight_decay)")
    with pytest.raises(InvalidArgument, match=r"momentum = 0.9 .* times 10"):
        translate(0.1, source="torch.SGD", target="keras.Optimizer(weight_decay)", momentum=0.9)
    assert translate(0.1, source="torch.SGD", target="keras.Optimizer(weight_decay)", momentum=0) == 0.1
    with pytest.raises(InvalidArgument, match=r"target must be one of textbook.SGD, torch.SGD, .*, got 'jax'"):
        translate(0.1, source="torch.SGD", target="jax")


def test_the_factor_of_the_momentum_refusal_is_the_leading_order():
    coupled = theory.equilibrium(lr=1e-4, weight_decay=0.1, noise=1.0, optimizer=theory.SGD(0.9))
    beside = theory.equilibrium(lr=1e-4, weight_decay=1.0, noise=1.0, optimizer=theory.SGDW(0.9))
    assert coupled.scale == pytest.approx(beside.scale, rel=1e-3)
    assert coupled.relaxation_time == pytest.approx(beside.relaxation_time, rel=1e-3)


def test_along_a_schedule():
    assert follows_the_schedule("torch.AdamW", "keras.AdamW")
    assert not follows_the_schedule("torch.AdamW", "tfa.AdamW")
    assert not follows_the_schedule("torch.AdamW", "timm.AdamW(corrected_weight_decay)")


PEAK = 0.02
UPDATES = {  # one step of a weight w along the normalised direction u, as each framework's source has it
    "torch.AdamW": lambda w, u, lr, wd: w * (1 - lr * wd) - lr * u,
    "optax.adamw": lambda w, u, lr, wd: w + -lr * (u + wd * w),
    "keras.AdamW": lambda w, u, lr, wd: (w - w * wd * lr) - lr * u,
    "timm.AdamW(corrected_weight_decay)": lambda w, u, lr, wd: w * (1 - lr**2 / PEAK * wd) - lr * u,
    "fastai.Adam": lambda w, u, lr, wd: w * (1 - lr * wd) - lr * u,
    "big_vision": lambda w, u, lr, wd: w - lr / PEAK * (PEAK * u + wd * w),
    "tfa.AdamW": lambda w, u, lr, wd: (w - wd * w) - lr * u,
    "apex.FusedAdam": lambda w, u, lr, wd: w - lr * (u + wd * w),
    "composer.DecoupledAdamW": lambda w, u, lr, wd: w * (1 - lr / PEAK * wd) - lr * u,
}


def walked(name, decay, rates):
    w, way = 1.7, []
    for u, lr in zip(np.random.default_rng(3).standard_normal(len(rates)), rates, strict=True):
        w = UPDATES[name](w, u, lr, decay)
        way.append(w)
    return np.array(way)


@pytest.mark.parametrize("target", UPDATES)
@pytest.mark.parametrize("source", UPDATES)
def test_a_weight_walks_the_same_way_in_the_words_of_another_framework(source, target):
    """At one learning rate for every pair; along a schedule where both decays follow it alike, and only there."""
    lr = 0.6 * PEAK
    fraction = {"lr": lr, "max_lr": PEAK, "initial_lr": PEAK}
    decay = 0.03 / conventions[source].per_step(1.0, **fraction)
    there = translate(decay, source=source, target=target, **fraction)
    held = np.full(200, lr)
    np.testing.assert_allclose(walked(target, there, held), walked(source, decay, held), rtol=1e-9, atol=1e-12)
    falling = np.linspace(PEAK, 0.0, 200)
    same = np.allclose(walked(target, there, falling), walked(source, decay, falling), rtol=1e-9, atol=1e-12)
    assert same == follows_the_schedule(source, target)
    assert not np.allclose(walked(target, 1.1 * there, held), walked(source, decay, held), rtol=1e-3)


def test_the_table_is_printed_with_its_sources():
    table = str(conventions)
    assert max(map(len, table.splitlines())) <= 80
    for row in conventions.values():
        said = re.search(rf"^{re.escape(row.name)} .*\n(    .*\n?)+", table, re.MULTILINE)[0]
        assert row.source
        assert row.formula in said.splitlines()[0]
        assert row.source in " ".join(said.split())
    assert "(not verified)" in table
    assert len(conventions) == len(set(conventions))


def torch_rows():
    return [row for row in conventions.values() if row.name.startswith("torch.")]


@pytest.mark.parametrize("row", torch_rows(), ids=lambda row: row.name)
def test_torch_itself(row):
    """A step without a gradient: a decoupled weight shrinks by the fraction, and a coupled decay is the gradient."""
    torch = pytest.importorskip("torch")
    name, _, flag = row.name.removeprefix("torch.").rstrip(")").partition("(")
    if not hasattr(torch.optim, name):
        pytest.skip(f"this torch has no {name}")
    lr, decay = 0.01, 0.25

    def stepped(weight_decay, gradient):
        weight = torch.nn.Parameter(torch.full((2, 2), 0.8, dtype=torch.float64))
        weight.grad = torch.full_like(weight, gradient)
        more = {flag: True} if flag else {}
        getattr(torch.optim, name)([weight], lr=lr, weight_decay=weight_decay, **more).step()
        return weight[0, 0].item()

    if row.kind == "decoupled":
        assert stepped(decay, 0.0) == pytest.approx(0.8 * (1 - row.per_step(decay, lr=lr)), rel=1e-12)
        assert stepped(decay, 0.0) != pytest.approx(0.8 * (1 - row.per_step(1.1 * decay, lr=lr)), rel=1e-5)
    else:
        assert stepped(decay, 0.0) == pytest.approx(stepped(0.0, decay * 0.8), rel=1e-12)
    if row.linear and name == "SGD":
        assert stepped(decay, 0.0) == pytest.approx(0.8 * (1 - row.per_step(decay, lr=lr)), rel=1e-12)
