"""The products of weights and gradient of one reading, left on the device: no wait, no copy of the weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sim.recording.torch_rules import KNOWN, NOT_RECORDED
from sim.recording.words import acts_on_weights

__all__ = ["Products", "Room", "means_of", "norms_sq", "width_of"]

PIECE = 2**20  # numbers of a large tensor that are looked at together on a CPU
STATES = {"exp_avg_sq", "max_exp_avg_sq", "exp_inf", "square_avg", "grad_avg", "sum", "acc_delta"}


def width_of(name: str, group: Mapping[str, Any]) -> int:
    """Return how many products a reading has: more where there is a preconditioner, or it acts on the decay."""
    if KNOWN[name] is None:
        return 2
    return 4 if acts_on_weights(name, group) else 6


class Products:
    """The products of a reading of one parameter.

    Parameters
    ----------
    name : str
        Of the optimizer's class.
    group : dict
        The parameter's, for its flags.
    w : Parameter
    room : Room
        To compute in.
    """

    def __init__(self, name: str, group: Mapping[str, Any], w: Any, room: Room) -> None:
        self.room, self.rule = room, KNOWN[name]
        self.coupled = not acts_on_weights(name, group)
        self.flat, self.pieces = _flattener(w), w.device.type == "cpu" and w.numel() > PIECE

    def __call__(self, group: Mapping[str, Any], state: Mapping[str, Any], w: Any, g: Any) -> list[Any]:
        """Return ||g||^2, <w, g>; with a preconditioner ||P g||^2, <w, P g>; if it acts on the decay <w, P w>, ||w||^2.

        Parameters
        ----------
        group, state : dict
            The parameter's, as they are now.
        w, g : Tensor
            Weights and gradient, this unscaled, without a graph.

        Returns
        -------
        list of Tensor
            Of `width_of`, without a dimension, on the device.
        """
        keys = [key for key in state if key in STATES] if self.rule is not None else []
        vectors = [self.flat(tensor) for tensor in (w, g, *(state[key] for key in keys))]
        if not self.pieces:
            return self._of(group, keys, vectors, state)
        total: list[Any] = []
        for start in range(0, w.numel(), PIECE):
            found = self._of(group, keys, [vector[start : start + PIECE] for vector in vectors], state)
            total = [old + new for old, new in zip(total, found, strict=True)] if total else found
        return total

    def _of(
        self, group: Mapping[str, Any], keys: Sequence[str], vectors: Sequence[Any], state: Mapping[str, Any]
    ) -> list[Any]:
        import torch

        w, g, *moments = map(_fine, vectors)
        room = self.room
        if group.get("maximize"):
            g = -g
        found = [g.dot(g), w.dot(g)]
        if self.rule is None:
            return found
        known = dict(zip(keys, moments, strict=True))
        known["step"] = state.get("step", 0)
        if not self.coupled:
            divisor = self.rule(group, known, g, room(g, 0))
            scaled = g if divisor is None else torch.div(g, divisor, out=room(g, 0))
            return [*found, scaled.dot(scaled), w.dot(scaled)]
        decayed = torch.add(g, w, alpha=float(group["weight_decay"]), out=room(g, 1))
        divisor = self.rule(group, known, decayed, room(g, 0))
        scaled = g if divisor is None else torch.div(g, divisor, out=room(g, 1))
        scaled_w = w if divisor is None else torch.div(w, divisor, out=room(g, 0))
        return [*found, scaled.dot(scaled), w.dot(scaled), w.dot(scaled_w), w.dot(w)]


class Room:
    """Memory that is used again: on a CPU new memory for each reading costs more than what is computed in it."""

    def __init__(self) -> None:
        self._rooms: dict[tuple[Any, ...], Any] = {}

    def __call__(self, like: Any, number: int) -> Any:
        """Return room for a vector, the first or the second."""
        if like.device.type != "cpu":
            return like.new_empty(like.shape)
        key = like.dtype, number
        if key not in self._rooms or self._rooms[key].numel() < like.numel():
            self._rooms[key] = like.new_empty(like.shape)
        return self._rooms[key][: like.numel()]


def means_of(name: str, group: Mapping[str, Any], sums: Sequence[float], count: int) -> list[float]:
    """Return the columns of `MEANS` for the sums of some readings."""
    none = float("nan")
    if not count:
        return [none] * 5
    grad_sq, alignment, *rest = (total / count for total in sums)
    if KNOWN[name] is None:
        scaled = [none, none] if name in NOT_RECORDED else [grad_sq, alignment]
        return [grad_sq, alignment, *scaled, 1.0]
    decay_weight = 1.0 if len(rest) == 2 else rest[2] / rest[3] if rest[3] else none
    return [grad_sq, alignment, *rest[:2], decay_weight]


def norms_sq(weights: Sequence[Any]) -> list[float]:
    """Return ||w||^2 of each, one at least, summed in double precision where the device has it."""
    import torch

    norms = []
    for w in weights:
        dtype = torch.float32 if w.device.type == "mps" else torch.float64
        norms.append(torch.linalg.vector_norm(w, dtype=dtype))
    if len({norm.device for norm in norms}) > 1:
        norms = [norm.cpu() for norm in norms]
    return [norm**2 for norm in torch.stack(norms).tolist()]


def _fine(tensor: Any) -> Any:
    """Return it with 24 bits at least: products of 8 would be worth nothing."""
    return tensor if tensor.element_size() >= 4 else tensor.float()


def _flattener(w: Any) -> Callable[[Any], Any]:
    """Return what makes a vector of tensors that lie in memory as `w` does, without a copy."""
    if w.is_contiguous():
        return lambda tensor: tensor.reshape(-1)
    order = sorted(range(w.dim()), key=w.stride, reverse=True)
    return lambda tensor: tensor.permute(order).reshape(-1)
