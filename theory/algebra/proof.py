"""A derivation as an object: a chain of equations, each with the reason for it and a proof that can be run again."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from html import escape
from typing import Any

import sympy as sp

from theory.errors import DerivationError

__all__ = ["Derivation", "Step"]


@dataclass(frozen=True)
class Step:
    """One line of a derivation: an equation, the reason for it, and its proof.

    Parameters
    ----------
    name : str
        Short title.
    equation : Eq
        What is claimed.
    reason : str
        A sentence for people; mathematics between dollar signs, in Typst's spelling.
    proof : callable
        Maps the step's own equation to the expressions that vanish if it follows from what went before.
    """

    name: str
    equation: sp.Eq
    reason: str
    proof: Callable[[sp.Eq], Iterable[sp.Expr]]

    @property
    def words(self) -> str:
        """The reason for a terminal, without the marks of Typst mathematics."""
        return self.reason.replace("$", "").replace("\\/", "/").replace("->", "to")

    def check(self) -> None:
        """Prove the equation again; raise DerivationError if it does not follow."""
        for residual in self.proof(self.equation):
            left_over = sp.simplify(residual)
            if left_over != 0:
                raise DerivationError(f"step {self.name!r} does not follow: {left_over} should vanish.")


@dataclass(frozen=True)
class Derivation:
    """An ordered chain of steps that ends in a law.

    Attributes
    ----------
    steps : tuple of Step
        The chain.
    result : Expr
        The law: what the last step says, in terms of the settings.
    """

    steps: tuple[Step, ...]
    result: sp.Expr

    def check(self) -> Derivation:
        """Prove every step again; return self, or raise DerivationError naming the step that fails."""
        for step in self.steps:
            step.check()
        return self

    def __getitem__(self, name: str) -> sp.Eq:
        """Return the equation of the step called `name`."""
        for step in self.steps:
            if step.name == name:
                return step.equation
        raise KeyError(f"no step {name!r}; there are {[step.name for step in self.steps]}")

    def __str__(self) -> str:
        lines = []
        for number, step in enumerate(self.steps, 1):
            lines += [f"{number}. {step.name}", textwrap.indent(textwrap.fill(step.words, 77), "   ")]
            lines += [textwrap.indent(sp.pretty(step.equation.doit(), wrap_line=False), "       "), ""]
        return "\n".join(lines)

    def latex(self) -> str:
        """Return the chain as a LaTeX align* environment."""
        rows = [
            rf"{sp.latex(step.equation.lhs)} &= {sp.latex(step.equation.rhs.doit())} && \text{{({step.name})}}"
            for step in self.steps
        ]
        return "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"

    def typst(self) -> str:
        """Return the chain as Typst: a heading sentence and a display equation for every step."""
        from theory.algebra.typst_math import typst_math

        return "\n\n".join(
            f"*{step.name}.* {step.reason}\n$ {typst_math(step.equation.doit())} $" for step in self.steps
        )

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the law, and below it the chain, a line for each step."""
        rows = [
            f"<li><b>{escape(step.name)}</b>: {escape(step.words)}<br>{_displayed(step.equation.doit())}</li>"
            for step in self.steps
        ]
        return f"<div>{_displayed(self.result)}<ol>{''.join(rows)}</ol></div>"

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickle what `theory.algebra.derived` made as the call that makes it again: pickle cannot keep proofs."""
        call = self.__dict__.get("_call")
        return (_derive_again, call) if call else super().__reduce_ex__(protocol)


def _displayed(formula: Any) -> str:
    return f"$\\displaystyle {escape(sp.latex(formula))}$"


def _derive_again(derive: Callable[..., Derivation], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Derivation:
    return derive(*args, **kwargs)
