"""tailoff: where weight decay holds the weights of a neural network, how fast they get there, and why.

A thin face: `tailoff.theory` predicts, `tailoff.sim` measures, `tailoff.reports` compares; each is loaded when it is
first asked for, and can be imported by its own name as well. `python -m tailoff` is the command.

>>> import tailoff
>>> print(f"{tailoff.theory.equilibrium(n=50_000, lam=5.0, eta=0.1).scale:.8f}")
0.10000025
"""

from typing import Any

from tailoff.namesakes import PACKAGES, refuse_namesakes

__all__ = ["__version__", "reports", "sim", "theory"]


def __getattr__(name: str) -> Any:
    from importlib import import_module, metadata

    if name in PACKAGES:
        refuse_namesakes(*PACKAGES)
        return import_module(name)
    if name == "__version__":
        return metadata.version("tailoff")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
