"""Every written-out update beside its class of torch.optim on the same noise, weight for weight, schedules included."""

import inspect

import numpy as np
import pytest

from sim.optimizers.rule import rule_of
from theory.settings import (
    ASGD,
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    InvalidArgument,
    Muon,
    NAdam,
    RAdam,
    RMSprop,
    schedules,
)

torch = pytest.importorskip("torch")

DECAY, ETA, CURVATURE, STEPS, WARMUP = 0.037, 0.083, 0.4, 200, 23
BETAS = (0.87, 0.98)
SAME = 1e-10  # of the largest weight: both compute in double precision

OPTIMIZERS = [
    SGD(),
    SGD(maximize=True),
    SGD(0.9),
    SGD(0.9, dampening=0.3),
    SGD(0.77, nesterov=True, maximize=True),
    Adam(BETAS),
    Adam(BETAS, amsgrad=True),
    Adam(BETAS, eps=0.1, maximize=True),
    AdamW(BETAS),
    AdamW(BETAS, eps=0.1, amsgrad=True),
    AdamW(BETAS, maximize=True),
    NAdam(BETAS),
    NAdam(BETAS, momentum_decay=0.3, decoupled_weight_decay=True),
    NAdam(BETAS, eps=0.1, maximize=True),
    RAdam(BETAS),
    RAdam(BETAS, eps=0.1, decoupled_weight_decay=True),
    RAdam((0.87, 0.5), maximize=True),  # never trusts its second moment
    Adamax(BETAS),
    Adamax((0.8, 0.9), eps=0.1, maximize=True),
    RMSprop(0.97),
    RMSprop(0.9, centered=True),
    RMSprop(0.97, eps=0.1, momentum=0.6, centered=True, maximize=True),
    Adadelta(),
    Adadelta(0.8, eps=0.01, maximize=True),
    Adagrad(),
    Adagrad(0.02, 0.3, eps=0.1, maximize=True),
    ASGD(),
    ASGD(0.3, 0.6, 50.0, maximize=True),
    Adafactor(),
    Adafactor(-0.5, (0.3, 0.7), 1.2, maximize=True),
]
FACTORS = {
    "held": schedules.constant(),
    "cosine": schedules.cosine(),
    "warm-up": schedules.constant(warmup=WARMUP),
    "warm-up and cosine": schedules.cosine(warmup=WARMUP, floor=0.1),
}


def scheduler(name, theirs):
    """Return torch's own scheduler of this name."""
    ours, rate = torch.optim.lr_scheduler, theirs.param_groups[0]["lr"]
    warmup = {"start_factor": 1 / WARMUP, "total_iters": WARMUP - 1}
    if name == "held":
        return ours.ConstantLR(theirs, factor=1.0)
    if name == "cosine":
        return ours.CosineAnnealingLR(theirs, STEPS)
    if name == "warm-up":
        return ours.LinearLR(theirs, **warmup)
    fall = ours.CosineAnnealingLR(theirs, STEPS - WARMUP, eta_min=0.1 * rate)
    return ours.SequentialLR(theirs, [ours.LinearLR(theirs, **warmup), fall], [WARMUP])


@pytest.fixture(autouse=True)
def double_precision(monkeypatch):
    """In double precision throughout: torch keeps a few numbers in its default type, and Muon rounds to bfloat16."""
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)
    yield
    torch.set_default_dtype(default)


def settings_of(optimizer):
    names = [name for name in type(optimizer).__dataclass_fields__ if name not in ("_", "decoupled")]
    given = {name: getattr(optimizer, name) for name in names if hasattr(optimizer, name)}
    if type(optimizer) in (Adam, AdamW):
        given.pop("decoupled_weight_decay", None)
    return given


def both(optimizer, name="held", shape=(5, 7), decays=None):
    """Return our weights and torch's after 200 steps in the same noise, and our rule and torch's optimizer."""
    noise = np.random.default_rng(3).standard_normal((STEPS, *shape)) * 0.31
    ours = np.linspace(-1, 1, noise[0].size).reshape(shape)
    w = torch.tensor(ours, requires_grad=True)
    kind = getattr(torch.optim, type(optimizer).__name__)
    theirs = kind([w], lr=ETA, weight_decay=DECAY, **settings_of(optimizer))
    schedule = scheduler(name, theirs)
    rule = rule_of(optimizer)(DECAY, ETA, shape)
    for step, (g, factor) in enumerate(zip(noise, FACTORS[name].factors(STEPS), strict=True)):
        rule.eta = ETA * factor
        if decays is not None:
            rule.decay = theirs.param_groups[0]["weight_decay"] = DECAY * decays[step]
        rule.step(ours, g + CURVATURE * ours)
        w.grad = torch.from_numpy(g) + CURVATURE * w.detach()
        theirs.step()
        schedule.step()
    return ours, w.detach().numpy(), rule, theirs.state[w]


def assert_same(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=SAME * np.abs(theirs).max())


@pytest.mark.parametrize("name", FACTORS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_weight_for_weight(optimizer, name):
    assert_same(*both(optimizer, name)[:2])


@pytest.mark.parametrize("name", ["held", "warm-up and cosine"])
@pytest.mark.parametrize("shape", [(5, 7), (7, 5), (6, 6)])
@pytest.mark.parametrize(
    "optimizer",
    [Muon(), Muon(0.8, nesterov=False, ns_steps=3, adjust_lr_fn="match_rms_adamw"), Muon(0.5, adjust_lr_fn="original")],
    ids=str,
)
def test_muon_matrix_for_matrix(optimizer, shape, name):
    assert_same(*both(optimizer, name, shape)[:2])


@pytest.mark.parametrize("optimizer", [Adafactor(), Adafactor(-0.5, (0.3, 0.7), 1.2)], ids=str)
def test_adafactor_of_a_vector(optimizer):
    assert_same(*both(optimizer, "warm-up and cosine", (40,))[:2])


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, Muon()], ids=str)
def test_a_decay_that_changes(optimizer):
    """Weight decay set between the steps; with the decay held, the weights end elsewhere."""
    ours, theirs, *_ = both(optimizer, "cosine", decays=np.linspace(4.0, 0.5, STEPS))
    assert_same(ours, theirs)
    assert np.abs(both(optimizer, "cosine")[0] - theirs).max() > 1e3 * SAME * np.abs(theirs).max()


def test_the_average_of_asgd():
    for name in ("held", "warm-up and cosine"):
        *_, rule, state = both(ASGD(0.3, 0.6, 50.0), name)
        assert_same(rule.ax, state["ax"].numpy())


@pytest.mark.parametrize("optimizer", [Muon(), Adafactor()], ids=str)
def test_each_matrix_of_an_array_by_itself(optimizer):
    """Leading axes count matrices, which know nothing of each other."""
    rng = np.random.default_rng(5)
    together = rng.standard_normal((3, 4, 6))
    apart = together.copy()
    rule = rule_of(optimizer)(DECAY, ETA, together.shape)
    rules = [rule_of(optimizer)(DECAY, ETA, (4, 6)) for _ in range(3)]
    for g in rng.standard_normal((10, 3, 4, 6)):
        rule.step(together, g)
        for one, w, own in zip(rules, apart, g, strict=True):
            one.step(w, own)
    np.testing.assert_allclose(together, apart, rtol=1e-12)


def test_adafactor_of_one_row_is_a_vector():
    row, vector = np.linspace(-1, 1, 9)[None], np.linspace(-1, 1, 9)
    rules = [rule_of(Adafactor())(DECAY, ETA, shape) for shape in ((1, 9), (9,))]
    for g in np.random.default_rng(1).standard_normal((20, 9)):
        rules[0].step(row, g[None])
        rules[1].step(vector, g)
    np.testing.assert_allclose(row[0], vector, rtol=1e-12)


def test_muon_needs_matrices():
    with pytest.raises(InvalidArgument, match=r"rows, columns"):
        rule_of(Muon())(DECAY, ETA, (5,))


def test_nothing_of_torch_is_left_out():
    """Every class of torch.optim with a weight decay is run above; SparseAdam, Rprop and LBFGS have none."""
    kinds = [kind for kind in vars(torch.optim).values() if inspect.isclass(kind)]
    decaying = {kind.__name__ for kind in kinds if "weight_decay" in inspect.signature(kind).parameters}
    assert decaying == {type(optimizer).__name__ for optimizer in [*OPTIMIZERS, Muon()]}
