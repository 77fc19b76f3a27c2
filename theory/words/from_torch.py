"""The parameter groups of a live `torch.optim` object, in our settings; torch is not imported."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from theory.errors import InvalidArgument
from theory.settings import non_negative, whole_number
from theory.settings.checks import shown
from theory.settings.notebook import InNotebook
from theory.settings.optimizers.named import WITHOUT_DECAY, optimizer_classes
from theory.settings.schedules import constant

__all__ = ["Group", "from_torch"]

OTHER_NAMES = {"AdamWScheduleFree": "ScheduleFreeAdamW", "SGDScheduleFree": "ScheduleFreeSGD"}

# What changes the rule of a step: refused where our settings cannot say it. Other keys (foreach, fused, name, what a
# scheduler leaves behind) do not.
RULE = (
    "amsgrad", "maximize", "momentum", "dampening", "nesterov", "centered", "decoupled_weight_decay", "lambd",
    "caution", "cautious", "corrected_weight_decay",
)  # fmt: skip


@dataclass(frozen=True)
class Group(InNotebook):
    """One parameter group of a torch optimizer (made by `from_torch`).

    Attributes
    ----------
    index : int
        Its place in `optimizer.param_groups`.
    optimizer : object
        Our settings, such as `theory.AdamW(betas=(0.9, 0.95))`.
    lr, weight_decay : float
        As they stand now: a scheduler changes lr.
    decays : bool
        Whether weight decay acts; people leave biases and norms out with weight_decay = 0.
    shapes : tuple of tuple of int
        Of its tensors.
    names : tuple of str
        Of its tensors, where torch knows them.
    warmup : int
        Steps over which the optimizer itself raises lr to what stands there (schedule-free's `warmup_steps`).
    """

    index: int
    optimizer: Any
    lr: float
    weight_decay: float
    decays: bool
    shapes: tuple[tuple[int, ...], ...] = ()
    names: tuple[str, ...] = ()
    warmup: int = 0

    @property
    def arguments(self) -> dict[str, Any]:
        """What `theory.equilibrium` and `theory.trajectory` take: `theory.equilibrium(**group.arguments)`.

        Where the law depends on them, add the gradient's `noise`, or the `shape` of one of the tensors. Where the
        optimizer warms up by itself a `schedule` is among them, which only `theory.trajectory` takes.
        """
        arguments = {"lr": self.lr, "weight_decay": self.weight_decay, "optimizer": self.optimizer}
        return arguments | ({"schedule": constant(warmup=self.warmup)} if self.warmup else {})

    @property
    def weights(self) -> int:
        """How many numbers its tensors hold."""
        return sum(math.prod(shape) for shape in self.shapes)

    def __str__(self) -> str:
        decay = f"weight_decay {self.weight_decay:g}" if self.decays else "no decay"
        warmup = f" after a warm-up of {self.warmup} steps" if self.warmup else ""
        return (
            f"group {self.index}: {self.optimizer}, lr {self.lr:g}{warmup}, {decay}; {self.weights} weights in "
            f"{len(self.shapes)} tensors"
        )


def from_torch(optimizer: Any) -> tuple[Group, ...]:
    """Read the parameter groups of a `torch.optim` object, or of one of its kind.

    Parameters
    ----------
    optimizer : torch.optim.Optimizer
        Known by the name of its class, whatever its module; torch is not imported.

    Returns
    -------
    tuple of Group
        One each, in order. Adam with decoupled_weight_decay=True is `theory.AdamW`.

    Raises
    ------
    InvalidArgument
        For a class that is unknown or has no weight decay, and for settings that our class does not have.

    Examples
    --------
    >>> class AdamW:  # as torch.optim.AdamW looks from outside
    ...     param_groups = [{"params": [], "lr": 3e-4, "betas": (0.9, 0.95), "weight_decay": 0.1}]
    >>> group, = from_torch(AdamW())
    >>> group.optimizer.betas, group.lr, group.weight_decay
    ((0.9, 0.95), 0.0003, 0.1)
    >>> import theory
    >>> print(f"{theory.equilibrium(**group.arguments).scale:.4f}")
    0.0383
    """
    if isinstance(optimizer, type):
        raise InvalidArgument(f"optimizer must be an instance, got the class {optimizer.__name__}.")
    groups = getattr(optimizer, "param_groups", None)
    if not isinstance(groups, (list, tuple)) or not all(isinstance(group, Mapping) for group in groups):
        raise InvalidArgument(
            f"optimizer must be a torch.optim object with param_groups, got {type(optimizer).__name__}. Others' words "
            "are in theory.conventions."
        )
    name = _name(optimizer)
    return tuple(_group(index, name, group) for index, group in enumerate(groups))


def _name(optimizer: Any) -> str:
    """Return the name of our class for an optimizer's."""
    name = type(optimizer).__name__
    if name == "FusedAdam":  # apex
        name = "AdamW" if getattr(optimizer, "adam_w_mode", 1) else "Adam"
    name = OTHER_NAMES.get(name, name)
    if name.lower() in WITHOUT_DECAY:
        raise InvalidArgument(f"optimizer must have weight decay, got {name}: nothing holds its weights.")
    known = optimizer_classes()
    if name.lower() not in known:
        bases = [kind.__name__ for kind in type(optimizer).__mro__[1:] if kind.__name__.lower() in known]
        hint = f" It derives from {bases[0]}, but may do otherwise with the decay." if bases else ""
        raise InvalidArgument(
            f"optimizer must be of a class that is known ({', '.join(sorted(k.__name__ for k in known.values()))}), "
            f"got {name}.{hint}"
        )
    return name.lower()


def _group(index: int, name: str, group: Mapping[str, Any]) -> Group:
    where = f"param_groups[{index}]"
    if "weight_decay" not in group:
        raise InvalidArgument(f"{where} must have a weight_decay, got {', '.join(map(str, group))}.")
    if "lr" not in group:
        raise InvalidArgument(f"{where} must have an lr, got {', '.join(map(str, group))}.")
    if name == "adam" and group.get("decoupled_weight_decay"):
        name = "adamw"
    kind = optimizer_classes()[name]
    own = {field.name for field in fields(kind) if field.init}
    for key in RULE:
        if group.get(key) and key not in own and not (key == "decoupled_weight_decay" and name == "adamw"):
            raise InvalidArgument(
                f"{where} must be without {key}, got {group[key]!r}: theory.{kind.__name__} does not know it."
            )
    lr, decay = _number(f"{where}['lr']", group["lr"]), _number(f"{where}['weight_decay']", group["weight_decay"])
    parameters = list(group.get("params", ()))
    return Group(
        index=index,
        optimizer=kind(**{key: _plain(group[key]) for key in group if key in own}),
        lr=lr,
        weight_decay=decay,
        decays=decay > 0,
        shapes=tuple(tuple(int(length) for length in getattr(tensor, "shape", ())) for tensor in parameters),
        names=tuple(map(str, group.get("param_names", ()))),
        warmup=whole_number(f"{where}['warmup_steps']", _plain(group.get("warmup_steps", 0)), least=0),
    )


def _number(name: str, value: Any) -> float:
    try:
        number = float(_plain(value))
    except (TypeError, ValueError, RuntimeError) as error:
        raise InvalidArgument(f"{name} must be one number, got {shown(value)}.") from error
    non_negative(name, number)
    return number


def _plain(value: Any) -> Any:
    """Return a tensor of one number as that number, also within a tuple."""
    if isinstance(value, (tuple, list)):
        return tuple(_plain(part) for part in value)
    return value.item() if hasattr(value, "item") else value
