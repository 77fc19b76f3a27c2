import dataclasses

import numpy as np
import pytest

from theory import (
    ASGD,
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    InvalidArgument,
    Lion,
    RMSprop,
)


@pytest.mark.parametrize("bad", [-0.1, 1.0, 1.5, np.nan, np.inf, "0.9", True, np.array([0.5])])
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda v: SGD(momentum=v), "momentum"),
        (lambda v: SGD(0.9, v), "dampening"),
        (lambda v: Adam((v, 0.9)), "beta1"),
        (lambda v: Adamax((v, 0.9)), "beta1"),
        (RMSprop, "alpha"),
        (lambda v: RMSprop(momentum=v), "momentum"),
        (Adadelta, "rho"),
        (lambda v: AdamW((0.9, v)), "beta2"),
        (lambda v: Lion((v, 0.9)), "beta1"),
        (lambda v: Lion((0.9, v)), "beta2"),
    ],
)
def test_memories_outside_their_range_are_refused(make, name, bad):
    with pytest.raises(InvalidArgument, match=f"^{name} must be "):
        make(bad)


def test_nesterov_needs_momentum():
    with pytest.raises(InvalidArgument, match="nesterov must be False without momentum"):
        SGD(nesterov=True)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(0.9, 0.1, nesterov=True), "dampening must be 0 with nesterov, got 0.1"),
        (lambda: SGD(maximize=1), "maximize must be True or False, got 1"),
        (lambda: RMSprop(centered="yes"), "centered must be True or False"),
        (lambda: RMSprop(eps=-1.0), "eps must be zero or positive"),
        (lambda: Adadelta(eps=0.0), "eps must be positive"),
        (lambda: Adagrad(lr_decay=-1.0), "lr_decay must be"),
        (lambda: ASGD(lambd=-1.0), "lambd must be"),
        (lambda: Adafactor(beta2_decay=0.8), "beta2_decay must be at most 0"),
        (lambda: Adafactor(eps=1e-3), "eps must be a pair"),
        (lambda: Adafactor(d=0.5), "d must be at least 1"),
    ],
)
def test_what_pytorch_would_not_take(make, message):
    with pytest.raises(InvalidArgument, match=message):
        make()


def test_frozen_equal_and_hashable():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SGD().momentum = 0.5
    assert {SGD(0.9): 1}[SGD(0.9)] == 1
    assert AdamW((0.9, 0.99)) != Adam((0.9, 0.99))


def test_defaults_are_pytorchs():
    assert SGD() == SGD(0.0, 0.0, False, maximize=False)
    assert RMSprop() == RMSprop(0.99, 1e-8, 0.0, False)
    assert Adamax() == Adamax((0.9, 0.999), 1e-8)
    assert Adadelta() == Adadelta(0.9, 1e-6)
    assert Adagrad() == Adagrad(0.0, 0.0, 1e-10)
    assert ASGD() == ASGD(1e-4, 0.75, 1e6)
    assert Adafactor() == Adafactor(-0.8, (None, 1e-3), 1.0)
    assert AdamW() == AdamW((0.9, 0.999))
    assert Lion() == Lion((0.9, 0.99))
