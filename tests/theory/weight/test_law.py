"""The registry of laws: what it finds by itself, what somebody adds from outside, and what it refuses, by name."""

from dataclasses import dataclass

import pytest

import theory
from theory import InvalidArgument
from theory.weight.laws.adamw import AdamWLaw
from theory.weight.laws.sgd import PlainLaw

NUMBERS = (137.0, 8.3, 0.31)


@dataclass(frozen=True)
class Constant:
    """An optimizer whose step nobody derived: its law says that every weight is 2."""


class ConstantLaw(PlainLaw):
    variance = 4.0


def test_every_file_of_settings_has_its_law():
    for optimizer in (theory.SGD(), theory.SGDW(0.5), theory.Adam(), theory.AdamW(), theory.Lion()):
        law = theory.law_of(optimizer)(theory.equilibrium(*NUMBERS, noise=9.0, optimizer=optimizer).problem)
        assert isinstance(law, theory.Law)
        assert law.variance == theory.equilibrium(*NUMBERS, noise=9.0, optimizer=optimizer).variance


def test_a_law_from_outside():
    with pytest.raises(InvalidArgument, match=r"got Constant\(\)\. .* register yours with theory\.law_of\.register"):
        theory.equilibrium(*NUMBERS, optimizer=Constant())

    @theory.law_of.register
    def _(optimizer: Constant):
        return ConstantLaw

    assert theory.equilibrium(*NUMBERS, optimizer=Constant()).scale == 2.0


def test_sgdw_is_sgd_with_decoupled_decay():
    mine, long = theory.SGDW(0.9, nesterov=True), theory.SGD(0.9, nesterov=True, decoupled=True)
    assert mine.decoupled
    assert repr(mine) == "SGDW(momentum=0.9, dampening=0.0, nesterov=True, maximize=False)"
    assert (
        theory.equilibrium(*NUMBERS, optimizer=mine).variance == theory.equilibrium(*NUMBERS, optimizer=long).variance
    )


def test_what_people_give_in_place_of_an_optimizer():
    for wrong, message in (
        (3, r"got 3.*theory\.law_of\.register"),
        ("adamz", r"one of .*adam, .*adamw, .*, got 'adamz'"),
        ("LBFGS", r"weight decay, got LBFGS"),
        (theory.AdamW, r"got the class AdamW\. Write AdamW\(\)\."),
        (type("AdamW", (), {"__module__": "torch.optim.adamw"}), r"torch's AdamW\. Its settings are theory\.AdamW\."),
        (type("SGD", (), {"__module__": "torch.optim.sgd"})(), r"torch's SGD\. Its settings are theory\.SGD\."),
        (None, "got None"),
    ):
        with pytest.raises(InvalidArgument, match=f"^optimizer must .*{message}"):
            theory.equilibrium(*NUMBERS, optimizer=wrong)


def test_what_is_registered_must_make_a_law():
    @dataclass(frozen=True)
    class Careless:
        pass

    @theory.law_of.register
    def _(optimizer: Careless):
        return lambda problem: 3.0

    with pytest.raises(InvalidArgument, match=r"must make a theory\.Law of a problem, got 3\.0"):
        theory.equilibrium(*NUMBERS, optimizer=Careless())


def test_a_law_is_the_optimizer_s_own():
    """The negative control: AdamW's law is not Adam's, which the name alone decided once."""
    adam, adamw = (theory.equilibrium(*NUMBERS, noise=9.0, optimizer=o()) for o in (theory.Adam, theory.AdamW))
    assert isinstance(adamw.law, AdamWLaw)
    assert not isinstance(adam.law, AdamWLaw)
    assert abs(adam.variance / adamw.variance - 1) > 0.5
