"""What the classes of `torch.optim` do to a gradient and to the weights, read off a live optimizer's state.

Of each class the update's own words, see `torch/optim/*.py`: a preconditioner P as it will be in the update that
follows, the present gradient included, as what it divides each weight's gradient by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sim.recording.rates import Rates
from sim.recording.words import is_decoupled, sums_gradients

__all__ = ["KNOWN", "NOT_RECORDED", "rates_of"]

Rule = Callable[[Mapping[str, Any], Mapping[str, Any], Any, Any], Any]
"""Of group, state and gradient (with the decay, where it is coupled), and room for the answer: what P divides by, or
None where it is 1."""


def rates_of(name: str, group: Mapping[str, Any], state: Mapping[str, Any]) -> Rates:
    """Return the settings of the update that follows; `state` is of any of the group's parameters."""
    lr, decay = float(group["lr"]), float(group["weight_decay"])
    betas = group.get("betas")
    momentum = float(betas[0] if betas else group.get("momentum") or 0.0)
    if name == "ASGD":  # its own decay, whatever weight_decay is, and a rate that falls by itself
        lr, decay = float(state.get("eta", lr)), decay + float(group["lambd"])
    elif name == "Adagrad":
        lr /= 1 + (_step(state) - 1) * float(group["lr_decay"])
    return Rates(
        lr, decay, momentum, sums_gradients(name), float(group.get("dampening") or 0.0), is_decoupled(name, group)
    )


def _step(state: Mapping[str, Any]) -> float:
    """Return the number, from 1, of the update that follows, for one parameter."""
    return float(state.get("step", 0)) + 1


def _mean_square(state: Mapping[str, Any], key: str, g: Any, beta: float, room: Any, bias: float = 1.0) -> Any:
    """Return the running mean of squares with this gradient in it, over `bias`, in `room`."""
    import torch

    old = state.get(key)
    if old is None:
        return torch.mul(g, g, out=room).mul_((1 - beta) / bias)
    return torch.mul(old, beta / bias, out=room).addcmul_(g, g, value=(1 - beta) / bias)


def _adam(group: Mapping[str, Any], state: Mapping[str, Any], g: Any, room: Any) -> Any:
    beta = float(group["betas"][1])
    bias = 1 - beta ** _step(state)
    v = _mean_square(state, "exp_avg_sq", g, beta, room, bias)
    if group.get("amsgrad") and "max_exp_avg_sq" in state:
        v = v.maximum(state["max_exp_avg_sq"] / bias)
    return v.sqrt_().add_(group["eps"])


def _radam(group: Mapping[str, Any], state: Mapping[str, Any], g: Any, room: Any) -> Any:
    beta, step = float(group["betas"][1]), _step(state)
    longest = 2 / (1 - beta) - 1
    length = longest - 2 * step * beta**step / (1 - beta**step)
    if length <= 5:
        return None
    rectified = ((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)) ** 0.5
    factor = rectified * (1 - beta**step) ** 0.5
    return _mean_square(state, "exp_avg_sq", g, beta, room).sqrt_().add_(group["eps"]).div_(factor)


def _adamax(group: Mapping[str, Any], state: Mapping[str, Any], g: Any, room: Any) -> Any:
    now, old = g.abs().add_(group["eps"]), state.get("exp_inf")
    return now if old is None else now.maximum(old * float(group["betas"][1]))


def _rmsprop(group: Mapping[str, Any], state: Mapping[str, Any], g: Any, room: Any) -> Any:
    alpha = float(group["alpha"])
    v = _mean_square(state, "square_avg", g, alpha, room)
    if group["centered"]:
        old = state.get("grad_avg")
        mean = g * (1 - alpha) if old is None else old.lerp(g, 1 - alpha)
        v.addcmul_(mean, mean, value=-1)
    return v.sqrt_().add_(group["eps"])


def _adagrad(group: Mapping[str, Any], state: Mapping[str, Any], g: Any, room: Any) -> Any:
    import torch

    return torch.addcmul(state["sum"], g, g, out=room).sqrt_().add_(group["eps"])


def _adadelta(group: Mapping[str, Any], state: Mapping[str, Any], g: Any, room: Any) -> Any:
    v = _mean_square(state, "square_avg", g, float(group["rho"]), room).add_(group["eps"]).sqrt_()
    old = state.get("acc_delta")
    return v.div_(group["eps"] ** 0.5 if old is None else old.add(group["eps"]).sqrt_())


KNOWN: dict[str, Rule | None] = {
    "SGD": None, "ASGD": None, "Adam": _adam, "AdamW": _adam, "NAdam": _adam, "RAdam": _radam, "Adamax": _adamax,
    "RMSprop": _rmsprop, "Adagrad": _adagrad, "Adadelta": _adadelta, "Adafactor": None, "Muon": None,
}  # fmt: skip
NOT_RECORDED = {"Adafactor", "Muon"}  # their P is no factor for each weight: norms and plain gradients are recorded
