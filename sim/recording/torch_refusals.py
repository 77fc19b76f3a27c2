"""What cannot be recorded by the hooks of an optimizer, and why."""

from __future__ import annotations

from typing import Any

from sim.recording.torch_rules import KNOWN
from theory.settings import InvalidArgument, shown
from theory.settings.optimizers.named import WITHOUT_DECAY

__all__ = ["names_of", "refuse_optimizer", "refuse_parameters"]

WRAPPERS = ("module.", "_orig_mod.")  # of DistributedDataParallel and torch.compile
SHARDED = {"FullyShardedDataParallel", "DTensor", "FlatParameter", "ShardedTensor"}
RECORDER = "Hand your numbers to sim.Recorder instead."


def names_of(model: Any) -> dict[int, str]:
    """Return the name of each parameter of a model by its id; tied ones are there once.

    Raises
    ------
    InvalidArgument
        If it is no model, or its weights are sharded.
    """
    if not hasattr(model, "named_parameters"):
        raise InvalidArgument(f"model must be a torch.nn.Module, got {shown(model)}. Give the network that is trained.")
    sharded = [type(module).__name__ for module in model.modules() if type(module).__name__ in SHARDED]
    if sharded:
        raise InvalidArgument(
            f"model must have its weights whole, got {sharded[0]}: a hook sees only a part of each. {RECORDER}"
        )
    names = {}
    for name, parameter in model.named_parameters():
        while name.startswith(WRAPPERS):
            name = name.split(".", 1)[1]
        names[id(parameter)] = name
    return names


def refuse_optimizer(optimizer: Any) -> str:
    """Return the name of an optimizer's class, one that is known.

    Raises
    ------
    InvalidArgument
        If it is another.
    """
    kind = type(optimizer)
    if kind.__name__.lower() in WITHOUT_DECAY and kind.__module__.startswith("torch.optim"):
        why = " (it evaluates several gradients in a step)" if kind.__name__ == "LBFGS" else ""
        raise InvalidArgument(f"optimizer must have weight decay, got {kind.__name__}{why}: nothing holds its weights.")
    if kind.__name__ not in KNOWN or not kind.__module__.startswith("torch.optim"):
        inner = " Give the optimizer inside it." if hasattr(optimizer, "optimizer") else ""
        raise InvalidArgument(
            f"optimizer must be one of torch.optim ({', '.join(sorted(KNOWN))}), got "
            f"{kind.__module__}.{kind.__name__}, whose update is not known.{inner} {RECORDER}"
        )
    return kind.__name__


def refuse_parameters(optimizer: Any, names: dict[int, str]) -> None:
    """Refuse parameters whose gradients or weights a hook of the optimizer does not see as they are."""
    for index, group in enumerate(optimizer.param_groups):
        for parameter in group["params"]:
            where = f"param_groups[{index}]"
            if type(parameter).__name__ in SHARDED or hasattr(parameter, "_local_tensor"):
                raise InvalidArgument(f"{where} must have whole tensors, got a sharded one (FSDP). {RECORDER}")
            if type(parameter).__name__ == "UninitializedParameter":
                raise InvalidArgument(f"{where} must have weights, got a lazy one. Run the model once before.")
            name = names.get(id(parameter))
            if name is None:
                raise InvalidArgument(
                    f"{where} must hold parameters of the model, got one of shape {tuple(parameter.shape)} that is "
                    "not. Give the model that this optimizer trains."
                )
            if getattr(parameter, "_post_accumulate_grad_hooks", None) or hasattr(parameter, "_in_backward_optimizers"):
                raise InvalidArgument(
                    f"optimizer must step after the backward pass, got {name!r} with a hook that runs within it (an "
                    f"optimizer in backward, or FSDP). {RECORDER}"
                )
            if parameter.is_complex():
                raise InvalidArgument(f"{name!r} must be real, got {parameter.dtype}. {RECORDER}")
