"""The derivation proves itself, notices when it is tampered with, and its docstrings say the same formula."""

import dataclasses
import re
import sys

import pytest
import sympy as sp
from sympy.parsing.latex import parse_latex

import theory
import theory.weight.derivations.plain
import theory.weight.transient
from theory import DerivationError, derive
from theory.symbols import V, a, eta, lam, n, r, sigma, t, w_start, x


@pytest.mark.parametrize("correlated", [False, True])
def test_every_step_is_proved(correlated):
    derivation = derive(correlated=correlated)
    assert derivation.check() is derivation
    assert len(derivation.steps) >= 8


@pytest.mark.parametrize("correlated", [False, True])
def test_a_wrong_step_is_found(correlated):
    derivation = derive(correlated=correlated)
    for i, step in enumerate(derivation.steps):
        wrong = dataclasses.replace(step, equation=sp.Eq(step.equation.lhs, step.equation.rhs * sp.Rational(11, 10)))
        steps = (*derivation.steps[:i], wrong, *derivation.steps[i + 1 :])
        with pytest.raises(DerivationError, match=re.escape(repr(step.name))):
            dataclasses.replace(derivation, steps=steps).check()


def test_a_missing_half_is_found():
    steps = [s for s in derive().steps if s.name == "equilibrium"]
    wrong = dataclasses.replace(steps[0], equation=sp.Eq(V, eta**2 * sigma**2 / (2 * (1 - a**2))))
    with pytest.raises(DerivationError):
        wrong.check()


def test_the_result_is_the_issue_s_formula():
    law = eta**2 * sigma**2 * (1 + a * r) / ((1 - a**2) * (1 - a * r))
    result = derive(correlated=True).result
    h = sp.Symbol("h", real=True)
    assert sp.simplify(result - law.subs(a, 1 - eta * (lam / n + h))) == 0
    assert sp.simplify(derive().result - result.subs(r, 0)) == 0


def test_steps_are_found_by_name():
    assert derive()["random walk"].rhs == eta / (lam * (2 - eta * lam / n))
    with pytest.raises(KeyError, match="random walk"):
        derive()["no such step"]


def test_printed_forms():
    derivation = derive(correlated=True)
    assert "10. random walk" in str(derivation)
    assert "$" not in str(derivation)
    assert derivation.latex().startswith("\\begin{align*}")
    assert derivation.typst().count("\n$ ") == len(derivation.steps)


def docstring_law(module):
    """The right-hand side of a module's displayed law, as SymPy expression in symbols named by their letters."""
    latex = re.search(r"\.\. math:: (.*)", module.__doc__).group(1)
    return parse_latex(latex.split("=", 1)[1])


def by_name(expression):
    return expression.subs({s: sp.Symbol(s.name) for s in expression.free_symbols}, simultaneous=True)


def test_docstring_of_the_derivation():
    written = docstring_law(theory.weight.derivations.plain)
    derived = derive(correlated=True)["equilibrium"].rhs
    assert sp.simplify(by_name(written) - by_name(derived)) == 0
    assert sp.simplify(by_name(written) * 2 - by_name(derived)) != 0


def test_docstring_of_the_equilibrium():
    assert (
        sp.simplify(
            by_name(docstring_law(sys.modules["theory.weight.equilibrium"])) - by_name(derive()["random walk"].rhs)
        )
        == 0
    )


def test_docstring_of_the_transient():
    written = by_name(docstring_law(theory.weight.transient))
    derived = by_name(derive()["transient"].rhs)
    values = {"a": sp.Rational(9, 10), "t": 7, "w_0": 3, "w_{0}": 3, "V": sp.Rational(2, 5)}
    assert sp.simplify(written.subs(values) - derived.subs(values)) == 0


def test_rate_is_decay_and_curvature():
    assert derive()["rate"].lhs == x
    assert derive()["transient"].rhs.subs({t: 0}) == w_start**2
