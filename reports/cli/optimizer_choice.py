"""Which optimizer a person means: from the words of the command line."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from reports.cli.options import read_shape
from theory import Adafactor, InvalidArgument, Law, Muon, Problem, law_of
from theory.settings.optimizers.named import named_optimizer, optimizer_classes

__all__ = ["chosen_optimizer", "listed_optimizers", "noise_in_memory", "shape_for", "without_effect"]

SHORT: dict[str, dict[str, Any]] = {"momentum": {"momentum": 0.9}, "nesterov": {"momentum": 0.9, "nesterov": True}}
DECOUPLED = ("adamw", "lion", "sgdw", "muon", "adafactor")  # they have no other decay


def listed_optimizers() -> str:
    """Return the names that `--optimizer` takes."""
    return ", ".join(sorted([*optimizer_classes(), *SHORT]))


def chosen_optimizer(
    name: str,
    momentum: float | None = None,
    beta1: float | None = None,
    beta2: float | None = None,
    decoupled: bool = False,
    settings: Sequence[str] = (),
) -> Any:
    """Return the settings that the options mean; refuse options that the optimizer does not have.

    Parameters
    ----------
    name : str
        Which optimizer: the name of its class in any letters; momentum and nesterov are SGD with momentum 0.9.
    momentum, beta1, beta2 : float or None
        None for the default.
    decoupled : bool
        Decay beside the gradient. AdamW and Lion have no other.
    settings : sequence of str
        Further ones, each name=value.

    Examples
    --------
    >>> chosen_optimizer("nesterov", decoupled=True).decoupled
    True
    >>> chosen_optimizer("adamw", beta2=0.95).betas
    (0.9, 0.95)
    >>> chosen_optimizer("adamw", momentum=0.9)
    Traceback (most recent call last):
    theory.errors.InvalidArgument: --momentum must be left out with --optimizer adamw, got 0.9. It has --beta1.
    """
    plain = name.strip().lower()
    given = dict(SHORT.get(plain, {}))
    if plain not in SHORT and plain.replace("-", "").replace("_", "") not in _with_refusals():
        raise InvalidArgument(f"--optimizer must be one of {listed_optimizers()}, got {name!r}.")
    default = named_optimizer("sgd" if plain in SHORT else plain)
    own = {field.name for field in fields(default) if field.init}
    if momentum is not None:
        _refuse_unless("momentum" in own, "--momentum", momentum, plain, own)
        given["momentum"] = momentum
    for place, beta in enumerate((beta1, beta2)):
        if beta is not None:
            _refuse_unless("betas" in own, f"--beta{place + 1}", beta, plain, own)
            betas = given.get("betas", default.betas)
            given["betas"] = (beta, betas[1]) if place == 0 else (betas[0], beta)
    if decoupled:
        given |= _beside(plain, own)
    said: set[str] = set()
    for text in settings:
        setting, value = _setting(text, plain, own)
        twice = setting in said or (setting == "momentum" and momentum is not None)
        if twice or (setting in given and plain not in SHORT):
            raise InvalidArgument(
                f"--set {setting}= must be given once, got it twice, or beside --{setting}'s own option."
            )
        given[setting] = value
        said.add(setting)
    return _made(type(default), given)


def shape_for(optimizer: Any, text: str | None) -> tuple[int, ...] | None:
    """Return the lengths that --shape means; refuse it where the step of a weight does not depend on its matrix."""
    if text is not None and not isinstance(optimizer, (Muon, Adafactor)):
        name = type(optimizer).__name__
        raise InvalidArgument(
            f"--shape must be left out with {name}, got {text!r}: {name} steps every weight by itself. Muon and "
            "Adafactor step matrices."
        )
    return read_shape(text)


def without_effect(optimizer: Any, noise: float | None, shape: tuple[int, ...] | None) -> dict[str, str]:
    """Return what to say of a --noise that drops out of the optimizer's law; nothing if it does not."""
    if noise is None:
        return {}
    if _law(optimizer, shape).needs_noise:
        return {}
    return {"without_effect": f"--noise: it drops out of the law of {type(optimizer).__name__}"}


def noise_in_memory(optimizer: Any, shape: tuple[int, ...] | None) -> bool:
    """Return whether the optimizer's memory depends on the noise.

    Examples
    --------
    >>> import theory
    >>> noise_in_memory(theory.Adam(), None), noise_in_memory(theory.AdamW(), None)
    (True, False)
    """
    law = _law(optimizer, shape)
    return law.needs_noise and law.memory_needs_noise


def _law(optimizer: Any, shape: tuple[int, ...] | None) -> Law:
    return law_of(optimizer)(Problem(1.0, 1.0, 1.0, 1.0, optimizer=optimizer, shape=shape))


def _with_refusals() -> set[str]:
    from theory.settings.optimizers.named import WITHOUT_DECAY

    return {*optimizer_classes(), *WITHOUT_DECAY}


def _refuse_unless(known: bool, option: str, value: Any, name: str, own: set[str]) -> None:
    if known:
        return
    instead = "--momentum" if "momentum" in own else "--beta1" if "betas" in own else "--set"
    raise InvalidArgument(f"{option} must be left out with --optimizer {name}, got {value!r}. It has {instead}.")


def _beside(name: str, own: set[str]) -> dict[str, bool]:
    """Return the setting that decouples the decay."""
    for field in ("decoupled", "decoupled_weight_decay"):
        if field in own:
            return {field: True}
    if name in DECOUPLED:
        return {}
    if name == "adam":
        raise InvalidArgument("--decoupled must be left out with --optimizer adam. That is --optimizer adamw.")
    raise InvalidArgument(f"--decoupled must be left out with --optimizer {name}: its decay is part of the gradient.")


def _setting(text: str, name: str, own: set[str]) -> tuple[str, Any]:
    """Return name and value of one --set."""
    key, equals, value = text.partition("=")
    key = key.strip().replace("-", "_")
    if not equals or key not in own:
        raise InvalidArgument(
            f"--set must be name=value with a name of {', '.join(sorted(own))} for --optimizer {name}, got {text!r}."
        )
    try:
        return key, ast.literal_eval(value.strip())
    except (ValueError, SyntaxError):
        return key, {"true": True, "false": False, "none": None}.get(value.strip().lower(), value.strip())


def _made(kind: type[Any], given: Mapping[str, Any]) -> Any:
    try:
        return kind(**given)
    except TypeError as error:
        raise InvalidArgument(f"the settings of {kind.__name__} must be numbers, got {dict(given)}.") from error
