"""Live torch optimizers read without torch: objects of their shape, and the real ones where torch is installed."""

from dataclasses import fields

import pytest

import theory
from theory import InvalidArgument, from_torch
from theory.settings.optimizers.named import optimizer_classes


class Tensor:
    """What a tensor shows."""

    def __init__(self, value=0.0, shape=()):
        self.value, self.shape = value, shape

    def item(self):
        return self.value


def looks_like(name, *groups, bases=(), **attributes):
    return type(name, bases, {"param_groups": [dict(group) for group in groups], **attributes})()


ADAMW = {"lr": 3e-4, "betas": (0.9, 0.95), "eps": 1e-8, "weight_decay": 0.1, "amsgrad": False, "foreach": None,
         "decoupled_weight_decay": True, "params": [Tensor(shape=(768, 3072)), Tensor(shape=(768,))]}  # fmt: skip


def test_groups_with_and_without_decay():
    one, other = from_torch(looks_like("AdamW", ADAMW, ADAMW | {"weight_decay": 0.0, "param_names": ["a", "b"]}))
    assert isinstance(one.optimizer, theory.AdamW)
    assert one.optimizer.betas == (0.9, 0.95)
    assert (one.index, one.lr, one.weight_decay, one.decays) == (0, 3e-4, 0.1, True)
    assert (one.weights, one.shapes) == (768 * 3072 + 768, ((768, 3072), (768,)))
    assert (other.index, other.weight_decay, other.decays, other.names) == (1, 0.0, False, ("a", "b"))
    assert "no decay" in str(other)
    assert "weight_decay 0.1; 2360064 weights in 2 tensors" in str(one)
    expected = theory.equilibrium(lr=3e-4, weight_decay=0.1, optimizer=theory.AdamW((0.9, 0.95)))
    assert theory.equilibrium(**one.arguments).scale == expected.scale


def test_tensors_are_read_as_numbers():
    (group,) = from_torch(looks_like("AdamW", ADAMW | {"lr": Tensor(0.25), "betas": (Tensor(0.8), Tensor(0.9))}))
    assert group.lr == 0.25
    assert group.optimizer.betas == (0.8, 0.9)


def test_the_warm_up_of_schedule_free_is_a_schedule():
    """The package raises lr by itself, step j of the warm-up at j / warmup_steps."""
    group = {"lr": 0.02, "weight_decay": 0.5, "betas": (0.9, 0.99), "eps": 1e-8, "r": 0.0, "k": 0, "params": [],
             "weight_lr_power": 2.0, "warmup_steps": 40, "train_mode": True}  # fmt: skip
    warmed, held = from_torch(looks_like("AdamWScheduleFree", group, group | {"warmup_steps": 0}))
    assert (warmed.warmup, held.warmup) == (40, 0)
    assert "after a warm-up of 40 steps" in str(warmed)
    run = theory.trajectory(**warmed.arguments, noise=1.0, steps=60)
    raised = theory.trajectory(**held.arguments, noise=1.0, steps=60, schedule=theory.schedules.constant(warmup=40))
    assert (run.rms == raised.rms).all()
    assert run.rms[-1] < 0.9 * theory.trajectory(**held.arguments, noise=1.0, steps=60).rms[-1]
    with pytest.raises(InvalidArgument, match=r"param_groups\[0\]\['warmup_steps'\] must be"):
        from_torch(looks_like("AdamWScheduleFree", group | {"warmup_steps": -1}))


def test_flags_choose_the_class():
    adam = {key: value for key, value in ADAMW.items() if key != "decoupled_weight_decay"}
    assert type(from_torch(looks_like("Adam", adam))[0].optimizer) is theory.Adam
    assert type(from_torch(looks_like("Adam", adam | {"decoupled_weight_decay": True}))[0].optimizer) is theory.AdamW
    assert type(from_torch(looks_like("FusedAdam", adam, adam_w_mode=1))[0].optimizer) is theory.AdamW
    assert type(from_torch(looks_like("FusedAdam", adam, adam_w_mode=0))[0].optimizer) is theory.Adam
    sgd = {"lr": 0.1, "weight_decay": 1e-4, "momentum": 0.9, "dampening": 0, "nesterov": True, "params": []}
    settings = from_torch(looks_like("SGD", sgd))[0].optimizer
    assert (settings.momentum, settings.nesterov) == (0.9, True)


@pytest.mark.parametrize(
    ("optimizer", "message"),
    [
        (looks_like("LBFGS", {"lr": 1.0, "params": []}), "must have weight decay, got LBFGS"),
        (looks_like("Rprop", {"lr": 1.0, "params": []}), "must have weight decay, got Rprop"),
        (looks_like("SparseAdam", {"lr": 1.0, "params": []}), "must have weight decay, got SparseAdam"),
        (looks_like("Shampoo", ADAMW), r"must be of a class that is known \(.*AdamW.*got Shampoo"),
        (looks_like("Mine", ADAMW, bases=(type("AdamW", (), {}),)), "derives from AdamW, but may do otherwise"),
        (looks_like("AdamW", {"lr": 1.0, "params": []}), r"param_groups\[0\] must have a weight_decay"),
        (looks_like("AdamW", {"weight_decay": 1.0, "params": []}), r"param_groups\[0\] must have an lr"),
        (looks_like("AdamW", ADAMW | {"lr": -1.0}), r"param_groups\[0\]\['lr'\] must be zero or positive"),
        (looks_like("AdamW", ADAMW | {"lr": "big"}), r"param_groups\[0\]\['lr'\] must be one number"),
        (looks_like("AdamW", ADAMW | {"corrected_weight_decay": True}), "must be without corrected_weight_decay"),
        (type(looks_like("AdamW", ADAMW)), "must be an instance, got the class AdamW"),
        (object(), "must be a torch.optim object with param_groups, got object"),
    ],
)
def test_what_is_refused(optimizer, message):
    with pytest.raises(InvalidArgument, match=message):
        from_torch(optimizer)


NAMES = (
    "SGD",
    "Adam",
    "AdamW",
    "NAdam",
    "RAdam",
    "Adamax",
    "RMSprop",
    "Adadelta",
    "Adagrad",
    "ASGD",
    "Adafactor",
    "Muon",
)


@pytest.mark.parametrize("name", NAMES)
def test_every_class_of_torch(name):
    torch = pytest.importorskip("torch")
    if not hasattr(torch.optim, name) or name.lower() not in optimizer_classes():
        pytest.skip(f"no {name} here")
    weight = torch.nn.Parameter(torch.zeros(3, 4))
    ours = optimizer_classes()[name.lower()]
    live = getattr(torch.optim, name)([{"params": [weight], "weight_decay": 0.03}], lr=torch.tensor(0.01))
    (group,) = from_torch(live)
    assert type(group.optimizer) is ours
    assert (group.lr, group.weight_decay) == (pytest.approx(0.01), 0.03)
    assert group.shapes == ((3, 4),)
    assert group.optimizer == ours(**{f.name: live.defaults[f.name] for f in fields(ours) if f.name in live.defaults})
