"""One optimizer, watched by a hook before each of its steps: sums stay on the device, a row is read now and then."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim.recording.log import Log, Row, row_due
from sim.recording.rates import Rates
from sim.recording.torch_products import Products, Room, means_of, norms_sq, width_of
from sim.recording.torch_rules import rates_of

__all__ = ["Watch", "described", "steps_made"]


RATES = ("lr", "weight_decay", "momentum", "betas", "dampening", "fused")


@dataclass
class _Weights:
    """A parameter that decays."""

    name: str
    parameter: Any
    group: int
    products: Products
    coarse: float
    count: int = 0  # readings since the last row
    behind: float = 0.0  # of its clock, behind its group's: steps without a gradient, or with a decay rounded away


class Watch:
    """A hook on an optimizer.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
    name : str
        Of its class.
    names : dict
        Of the parameters, by id.
    log : Log
    every : int
        Steps between two readings.
    start : int or None
        How many steps it has made; None: what it says itself at its next one.
    """

    def __init__(
        self, optimizer: Any, name: str, names: Mapping[int, str], log: Log, *, every: int, start: int | None
    ) -> None:
        self.optimizer, self.name, self.names, self.log, self.every = optimizer, name, names, log, every
        self.begun, self.step = start is not None, start or 0
        self.first = self.step
        self.segment = 0
        self.row: int | None = None
        self.key: tuple[Any, ...] = ()
        self.raw: list[tuple[Any, ...]] = []
        self.steady = False  # whether the same raw settings, compared by value, are the same rates
        self.moving = False
        self.rates: list[Rates] = []
        self.moves: list[float] = []  # of the clocks, by the step that follows
        self.clocks: list[float] = []
        self.weights: list[_Weights] = []
        self.sums: Any = None
        self.skipped: Any = None  # by a gradient scaler: steps, readings since the last row, clock of each group
        self.warned = False
        self.keeper: Any = None
        self.room = Room()
        self.apart = False  # whether the weights lie on several devices
        self.handle = optimizer.register_step_pre_hook(uncompiled(self._before_step))

    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> Any:
        """Read now, or where a closure computes the gradients within the step, when it has done so."""
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        if closure is None:
            self._read()
            return None

        def and_read() -> Any:
            loss = closure()
            self._read()
            return loss

        if "closure" in kwargs:
            return args, {**kwargs, "closure": and_read}
        return (args[0], and_read, *args[2:]), kwargs

    def _read(self) -> None:
        import torch

        if not self.begun:  # only now: people load a checkpoint after they have attached a recorder
            self.begun, self.step = True, steps_made(self.optimizer)
            self.first = self.step
        self._note_settings()
        reading = bool(self.weights) and ((self.step - self.first) % self.every == 0 or self.row is None)
        if reading:
            with torch.no_grad():
                self._add_products()
            if row_due(self.step, self.row, self.first):
                self.write_row()
            self.log.flush()
        self._advance()

    def _note_settings(self) -> None:
        """Take the settings of the step that follows; where one jumps, end the segment and begin another."""
        groups = self.optimizer.param_groups
        raw = [(*map(group.get, RATES), len(group["params"])) for group in groups]
        if self.steady and raw == self.raw:
            self.moving = False
            return
        self.raw = raw
        self.steady = self.name not in ("ASGD", "Adagrad") and all(_is_plain(value) for own in raw for value in own)
        rates = [rates_of(self.name, group, self._state_of(group)) for group in groups]
        key = tuple(
            (own.weight_decay, own.momentum, own.dampening, str(group.get("betas")), len(group["params"]))
            for own, group in zip(rates, groups, strict=True)
        )
        if not self.key or (key != self.key and not self.moving) or len(groups) > len(self.rates):
            self.write_row()
            self.rates, self.row = rates, None
            self._begin_segment()
        self.moving = bool(self.key) and key != self.key
        self.rates, self.key, self.moves = rates, key, [float(own.clock) for own in rates]

    def _state_of(self, group: Mapping[str, Any]) -> Mapping[str, Any]:
        return next((self.optimizer.state[p] for p in group["params"] if p in self.optimizer.state), {})

    def _begin_segment(self) -> None:
        import torch

        groups, old = self.optimizer.param_groups, {own.name: own for own in self.weights}
        self.clocks += [0.0] * (len(groups) - len(self.clocks))
        self.weights = [
            _Weights(self.names[id(p)], p, index, Products(self.name, group, p, self.room), _coarseness(p))
            for index, group in enumerate(groups)
            for p in group["params"]
            if self.rates[index].weight_decay and p.requires_grad
        ]
        for own in self.weights:
            own.behind = old[own.name].behind if own.name in old else 0.0
        self.width = max((width_of(self.name, group) for group in groups), default=2)
        if self.weights:
            place = self.weights[0].parameter.device
            self.apart = any(own.parameter.device != place for own in self.weights)
            dtype = torch.float32 if place.type == "mps" else torch.float64
            self.sums = torch.zeros(len(self.weights), self.width, dtype=dtype, device=place)
        self.segment = self.log.begin_segment({
            "optimizer": self.name, "groups": [described(group) for group in groups],
            "layers": {own.name: own.parameter.numel() for own in self.weights},
        })  # fmt: skip

    def _add_products(self) -> None:
        """Add a reading's products to the sums; where a scaler has found an overflow, nothing."""
        import torch

        found: list[Any] = []
        there: list[int] = []
        scale, overflow = (getattr(self.optimizer, name, None) for name in ("grad_scale", "found_inf"))
        for place, own in enumerate(self.weights):
            g, group = own.parameter.grad, self.optimizer.param_groups[own.group]
            if g is None or g.is_sparse:  # torch itself refuses these with a decay
                continue
            if scale is not None:
                g = g / scale.to(g.device)
            state = self.optimizer.state.get(own.parameter, {})
            own_products = own.products(group, state, own.parameter.detach(), g.detach())
            found += own_products + [own_products[0] * 0] * (self.width - len(own_products))
            there.append(place)
            own.count += 1
        if not found:
            return
        if self.apart:
            found = [value.to(self.sums.device) for value in found]
        values = torch.stack(found).view(-1, self.width)
        if overflow is not None:
            overflow = overflow.to(values.device) > 0
            values = torch.where(overflow, 0.0, values)
            self._skip(overflow, 1)
        if len(there) == len(self.weights):
            self.sums += values
        else:
            self.sums.index_add_(0, torch.tensor(there, device=values.device), values.to(self.sums.dtype))

    def _advance(self) -> None:
        """Move the clocks over the step that follows."""
        for place, move in enumerate(self.moves):
            self.clocks[place] += move
        for own in self.weights:
            if own.parameter.grad is None or (own.coarse and self._rounds_away(own)):
                own.behind += self.moves[own.group]
        self.step += 1
        overflow = self.optimizer.__dict__.get("found_inf")
        if overflow is not None and self.weights:
            self._skip(overflow.to(self.sums.device) > 0, 0)

    def _skip(self, overflow: Any, readings: int) -> None:
        """Note on the device that a scaler skips a step, if it does: a reading is lost, or the step and its clocks."""
        lost = [0.0, 1.0] if readings else [1.0, 0.0, *self.moves]
        if self.skipped is None or len(self.skipped) < 2 + len(self.moves):  # at first, and when a group was added
            old, self.skipped = self.skipped, self.sums.new_zeros(2 + len(self.moves))
            if old is not None:
                self.skipped[: len(old)] = old
        self.skipped[: len(lost)] += overflow * self.skipped.new_tensor(lost)

    def _rounds_away(self, own: _Weights) -> bool:
        """Say whether the decay of a step is lost in the rounding of coarse weights, and warn of it once."""
        decay = self.rates[own.group].decay
        if not 0 < decay < own.coarse:
            return False
        group = self.optimizer.param_groups[own.group]
        alone = self.rates[own.group].decoupled and not group.get("fused")
        if not self.warned:
            self.warned = True
            kind = str(own.parameter.dtype).removeprefix("torch.")
            what = "is rounded away entirely" if alone else "may be rounded away"
            where = f"in {kind} ({own.name} and others)"
            note = (
                f"the decay of a step, {decay:g} of the weights, {what} {where}: keep the weights in float32 (and "
                "compute in autocast)"
            )
            self.log.note(note)
            warnings.warn(f"{note[0].upper()}{note[1:]}.", stacklevel=2)
        return alone

    def write_row(self) -> None:
        """Write a row of each layer, of the weights as they are now; wait for the device."""
        if not self.weights or self.row == self.step:
            return
        steps, readings, *lost = [0.0, 0.0] if self.skipped is None else self.skipped.tolist()
        lost += [0.0] * (len(self.clocks) - len(lost))
        norms = norms_sq([own.parameter for own in self.weights])
        for own, norm_sq, sums in zip(self.weights, norms, self.sums.tolist(), strict=True):
            group, count = self.optimizer.param_groups[own.group], own.count - round(readings)
            means = means_of(self.name, group, sums, count)
            clock = self.clocks[own.group] - own.behind - lost[own.group]
            made = self.step - round(steps)
            self.log.add(Row(made, own.name, self.segment, norm_sq, self.rates[own.group], clock, count, means))
            own.count = 0
        self.sums.zero_()
        if self.skipped is not None:
            self.skipped[1] = 0
        self.row = self.step

    def detach(self) -> None:
        """Write the last row and take the hook off."""
        self.handle.remove()
        self.write_row()
        self.weights, self.sums, self.keeper = [], None, None


def uncompiled(hook: Any) -> Any:
    """Return the hook as one that runs as it is within a step that is compiled."""
    import torch

    disable: Any = torch.compiler.disable
    return disable(hook)


def steps_made(optimizer: Any) -> int:
    """Return how many steps an optimizer says it has made; 0 if it does not count."""
    return max((int(state["step"]) for state in optimizer.state.values() if "step" in state), default=0)


def _coarseness(parameter: Any) -> float:
    """Return what a step's decay must reach to change weights of 8 or 11 bits at all; 0 for finer ones."""
    import torch

    return torch.finfo(parameter.dtype).eps / 4 if parameter.element_size() < 4 else 0.0


def described(group: Mapping[str, Any]) -> dict[str, Any]:
    """Return a parameter group's settings as JSON takes them, without its parameters."""
    return {name: _plain(value) for name, value in group.items() if name not in ("params", "param_names")}


def _is_plain(value: Any) -> bool:
    """Say whether a setting is compared by its value, and no tensor that may change in place."""
    return all(map(_is_plain, value)) if isinstance(value, tuple) else isinstance(value, (int, float, type(None)))


def _plain(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in value]
    value = value.item() if hasattr(value, "item") and getattr(value, "numel", lambda: 1)() == 1 else value
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)
