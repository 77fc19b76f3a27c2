import dataclasses

import numpy as np
import pytest

from theory import SGD, Adam, AdamW, InvalidArgument, Lion


@pytest.mark.parametrize("bad", [-0.1, 1.0, 1.5, np.nan, np.inf, "0.9", True, np.array([0.5])])
@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda v: SGD(momentum=v), "momentum"),
        (lambda v: Adam((v, 0.9)), "beta1"),
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


def test_frozen_equal_and_hashable():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SGD().momentum = 0.5
    assert {SGD(0.9): 1}[SGD(0.9)] == 1
    assert AdamW((0.9, 0.99)) != Adam((0.9, 0.99))


def test_defaults_are_pytorchs():
    assert SGD() == SGD(0.0, 0.0, False, maximize=False)
    assert AdamW() == AdamW((0.9, 0.999))
    assert Lion() == Lion((0.9, 0.99))
