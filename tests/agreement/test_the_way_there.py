"""When weights arrive, and whether a moved recipe rests where the old one did: written-out steps against theory.

The gate is `reports.Comparison` on E w^2 of independent weights: within 4 standard errors of the prediction (and of
what the law leaves open), and a standard error below the stated precision. The seeds are fixed.
"""

import numpy as np
import pytest

import theory
from reports import Comparison
from tests.agreement.walks import mean_square, on_the_way
from theory import SGD, SGDW, Adam, AdamW

SHAPE, NOISE = (40_000,), 0.31
RULES = {  # optimizer, learning rate, weight decay
    "coupled": (SGD(0.63), 0.083, 0.13),
    "decoupled": (SGDW(0.63), 0.083, 0.27),
    "normalised": (AdamW((0.73, 0.94)), 0.083, 0.27),
    "coupled and normalised": (Adam((0.73, 0.94)), 0.0083, 0.97),
}
OTHERS = {"coupled": SGDW(0.63), "decoupled": SGD(0.63), "normalised": SGD(), "coupled and normalised": AdamW()}


def walk(optimizer, lr, decay, start, steps, seed):
    """Return E w^2 and its standard error after every step, shape (steps, 2)."""
    way = on_the_way(optimizer, np.full(steps, lr), decay, noise=NOISE, shape=SHAPE, start=start, seed=seed)
    return np.array([mean_square(w) for w, _ in way])


def posed(kind, optimizer=None):
    own, lr, decay = RULES[kind]
    words = {"lr": lr, "weight_decay": decay, "noise": NOISE, "optimizer": optimizer or own}
    return words, theory.equilibrium(**words)


@pytest.mark.parametrize("kind", RULES)
def test_tail_off_is_where_the_weights_come_within_5_percent(kind):
    words, eq = posed(kind)
    start = 3 * eq.scale
    tail = eq.tail_off(start)
    found = walk(*RULES[kind], start, tail, seed=list(RULES).index(kind))
    run = theory.trajectory(**words, start=start, steps=tail)
    one_step = run.variance[-2] / run.variance[-1] - 1  # steps are whole

    def verdict(step):
        measured, error = found[step - 1]
        accuracy = one_step + eq.accuracy + float(run.accuracy[step])
        return Comparison("E w^2 at the tail-off", 1.05**2 * eq.variance, measured, error, 0.01, accuracy).verdict

    assert verdict(tail) == "agrees"
    assert verdict(int(0.8 * tail)) == "differs"
    assert eq.scale * 1.05 < np.sqrt(found[: int(0.8 * tail), 0]).min()
    other = posed(kind, OTHERS[kind])[1].tail_off(start)
    assert other > 1.5 * tail or verdict(other) == "differs"


@pytest.mark.parametrize("kind", list(RULES)[:3])
def test_the_excess_falls_by_e_in_a_settling_time(kind):
    _, eq = posed(kind)
    late = [int(k * eq.settling_time) for k in (1, 2.2)]
    found = walk(*RULES[kind], 20 * eq.scale, late[1], seed=40 + list(RULES).index(kind))
    first, second = (found[step - 1, 0] - eq.variance for step in late)
    error = second / first * np.hypot(*(found[step - 1, 1] / (found[step - 1, 0] - eq.variance) for step in late))

    def verdict(settling_time):
        predicted = np.exp(-(late[1] - late[0]) / settling_time)
        return Comparison("fall of the excess", predicted, second / first, error, 0.01).verdict

    assert verdict(eq.settling_time) == "agrees"
    assert verdict(1.1 * eq.settling_time) == "differs"
    assert verdict(eq.relaxation_time) == "differs"


def test_a_moved_recipe_rests_where_the_old_one_did():
    """Four times the batch under coupled Adam: the decay stays. The rules of SGD and of AdamW do not do."""
    optimizer, old = Adam((0.73, 0.94)), {"lr": 0.0031, "weight_decay": 0.97}
    new = theory.rescale(**old, noise=NOISE, batch_size=10, to_batch_size=40, optimizer=optimizer)

    def rest(lr, decay, noise, seed):
        eq = theory.equilibrium(lr=lr, weight_decay=decay, noise=noise, optimizer=optimizer)
        steps = int(6 * eq.relaxation_time) + 100
        seen = np.zeros(SHAPE)
        way = on_the_way(optimizer, np.full(steps, lr), decay, noise=noise, shape=SHAPE, start=eq.scale, seed=seed)
        for step, (w, _) in enumerate(way):
            if step >= steps // 2:
                seen += w**2 / (steps - steps // 2)
        return seen.mean(), seen.std(ddof=1) / np.sqrt(seen.size)

    before, error = rest(old["lr"], old["weight_decay"], NOISE, 1)

    def verdict(lr, decay, seed):
        after, own = rest(lr, decay, NOISE / 2, seed)
        return Comparison("E w^2 after over before", 1.0, after / before, np.hypot(error, own) / before, 0.01, 0.006)

    assert verdict(new.lr, new.weight_decay, 2).verdict == "agrees"
    assert verdict(4 * old["lr"], old["weight_decay"], 3).verdict == "differs"
    assert verdict(2 * old["lr"], 2 * old["weight_decay"], 4).verdict == "differs"
