"""How a registry finds what belongs to an optimizer: by the file of our settings, or because somebody registered it.

An optimizer is three files of one stem: `theory/settings/optimizers/X.py`, `theory/weight/laws/X.py` and
`sim/optimizers/X.py`. So the stem of the file that settings come from tells which file registers what belongs to them.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from theory.errors import InvalidArgument
from theory.settings.checks import shown

if TYPE_CHECKING:
    from functools import _SingleDispatchCallable

__all__ = ["by_stem"]

SETTINGS = "theory.settings.optimizers."


def by_stem(registry: _SingleDispatchCallable[Any], optimizer: Any, folder: str, name: str) -> Any:
    """Return what `registry` has for an optimizer, after importing the file of `folder` that registers it.

    Parameters
    ----------
    registry : functools.singledispatch function
        Its default calls this function.
    optimizer : object
        Settings.
    folder : str
        The package whose modules register themselves as they are imported.
    name : str
        How people call the registry, such as "theory.law_of".

    Raises
    ------
    InvalidArgument
        For what nobody has registered: says what was given and what to do.
    """
    for kind in type(optimizer).__mro__:  # somebody's subclass of ours is one of ours
        stem = kind.__module__.removeprefix(SETTINGS)
        if kind.__module__ != stem and find_spec(f"{folder}.{stem}"):
            import_module(f"{folder}.{stem}")
    found = registry.dispatch(type(optimizer))
    if found is not registry.dispatch(object):
        return found(optimizer)
    raise InvalidArgument(_refusal(optimizer, name))


def _refusal(optimizer: Any, name: str) -> str:
    kind = optimizer if isinstance(optimizer, type) else type(optimizer)
    if kind.__module__.partition(".")[0] == "torch":
        return f"optimizer must be of theory, got torch's {kind.__name__}. Its settings are theory.{kind.__name__}."
    if isinstance(optimizer, type):
        return f"optimizer must be an instance, got the class {kind.__name__}. Write {kind.__name__}()."
    return (
        f"optimizer must be one that is registered, got {shown(optimizer)}. Give one of theory's, such as "
        f"theory.SGD() or theory.AdamW(), or register yours with {name}.register."
    )
