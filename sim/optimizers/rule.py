"""What an optimizer's update is to a simulation, and the registry that finds it: `rule_of`.

A rule holds its own memory and changes the weights in place. Ours are written out in the files beside this one, each of
the same name as its settings in `theory.settings.optimizers`. An optimizer of your own is a class of settings, and a
class that takes the step, registered with `rule_of`:

>>> from dataclasses import dataclass
>>> from functools import partial
>>> import numpy as np
>>> import sim
>>> @dataclass(frozen=True)
... class Signs:
...     size: float
>>> class SignsRule:
...     def __init__(self, settings, decay, eta, shape):
...         self.settings, self.decay, self.eta = settings, decay, eta
...     def step(self, w, gradient):
...         w -= self.eta * (self.settings.size * np.sign(gradient) + self.decay * w)
>>> @sim.rule_of.register
... def _(optimizer: Signs):
...     return partial(SignsRule, optimizer)
>>> w = np.ones(3)
>>> sim.rule_of(Signs(2.0))(0.1, 0.5, w.shape).step(w, np.ones(3))
>>> w
array([-0.05, -0.05, -0.05])
>>> walk = sim.walk(100, 10.0, 0.1, optimizer=Signs(2.0))
"""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from theory.settings.registry import by_stem

__all__ = ["Averaging", "MakeRule", "Rule", "rule_of"]


class Rule(Protocol):
    """One optimizer at work on one array of weights.

    Attributes
    ----------
    decay, eta : float
        PyTorch's weight_decay and learning rate of the next step. Both may be set between steps, as a scheduler does;
        the memory stays as it is, and holds what PyTorch's holds: gradients (SGD's buffer), not steps of the old rate.
    """

    decay: float
    eta: float

    def step(self, w: np.ndarray, gradient: np.ndarray) -> None:
        """Change `w` in place by one step along `gradient`, which is left alone."""


@runtime_checkable
class Averaging(Rule, Protocol):
    """A rule that keeps an average of the weights, which is meant to be used: what `sim.walk(average=True)` records."""

    @property
    def average_weights(self) -> np.ndarray:
        """The average after the last step."""


MakeRule: TypeAlias = Callable[[float, float, tuple[int, ...]], Rule]
"""Makes a rule, its memory empty, of (decay, eta, shape): PyTorch's weight_decay lam/n, learning rate, the weights'.

Where the weights of a tensor act on each other (Muon, Adafactor) the last two axes are its rows and columns.
"""


@singledispatch
def rule_of(optimizer: object) -> MakeRule:
    """Return an optimizer's update as a function (decay, eta, shape) -> `Rule`.

    Parameters
    ----------
    optimizer : object
        Its settings: theory.SGD, AdamW, Muon and the others, or any that is registered.

    Returns
    -------
    callable
        (decay, eta, shape) -> `Rule`, its memory empty: decay is PyTorch's weight_decay, lam/n.

    Raises
    ------
    InvalidArgument
        If no update is registered for it.

    Notes
    -----
    A `functools.singledispatch` function: `rule_of.register` adds a class of settings (see `sim.optimizers.rule`).
    """
    return by_stem(rule_of, optimizer, "sim.optimizers", "sim.rule_of")
