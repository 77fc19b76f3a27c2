"""The formulas in the docstrings of the committee machine's modules say what the code computes."""

import re
from importlib import import_module

import numpy as np
import pytest
from sympy import Symbol
from sympy.parsing.sympy_parser import implicit_multiplication_application, parse_expr, standard_transformations

import theory
from theory.committee.gaussian_integrals import i2, i3, i4, j2
from theory.committee.saturation import _imbalance

NAMES = {"\\gamma": " gamma ", "\\eta": " eta ", "\\alpha": " alpha ", "\\sigma": " sigma ", "\\pi": " pi ", "\\,": " "}


def written(module, start):
    """Return the right-hand side of the formula that starts with `start` in a module's docstring, one line of it."""
    text = re.sub(r"\n {6,}", " ", import_module(module).__doc__)
    found = re.search(re.escape(start) + r"\s*(.*)", text)
    assert found, f"{start} not in {module}"
    return re.split(r", ?\\q?quad|\\q?quad|,\s*$", found.group(1))[0].strip().rstrip(",")


def braces(text, at):
    """Return the group that starts at `at`, and where it ends: a braced one or a single character."""
    if text[at] != "{":
        return text[at], at + 1
    depth, end = 0, at
    while True:
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        end += 1
        if depth == 0:
            return text[at + 1 : end - 1], end


def plain(latex):
    """Return LaTeX as an expression that SymPy's parser reads."""
    out, at = "", 0
    latex = re.sub(r"\\(Big|big|left|right)", "", latex).replace("[", "(").replace("]", ")")
    while at < len(latex):
        if latex.startswith("\\frac", at):
            top, end = braces(latex, at + 5)
            bottom, end = braces(latex, end)
            piece = f" (({plain(top)})/({plain(bottom)})) "
        elif latex.startswith("\\sqrt", at):
            inner, end = braces(latex, at + 5 + (latex[at + 5] == " "))
            piece = f" sqrt({plain(inner)}) "
        elif latex.startswith("\\arcsin\\frac", at):
            top, end = braces(latex, at + 12)
            bottom, end = braces(latex, end)
            piece = f" asin(({plain(top)})/({plain(bottom)})) "
        elif latex[at] == "^":
            inner, end = braces(latex, at + 1)
            piece = f"**({plain(inner)})"
        elif latex[at] == "_":
            inner, end = braces(latex, at + 1)
            piece = f"{inner} "
        elif name := next((n for n in NAMES if latex.startswith(n, at)), None):
            piece, end = NAMES[name], at + len(name)
        else:
            piece, end = latex[at], at + 1
        out, at = out + piece, end
    return out


def value(latex, **numbers):
    transformations = (*standard_transformations, implicit_multiplication_application)
    names = {name: Symbol(name) for name in numbers}
    for subscripted in re.findall(r"[A-Za-z]\d+", plain(latex)):
        assert subscripted in names, subscripted
    expression = parse_expr(re.sub(r"\bsigma 2\b", "sigma", plain(latex)), names, transformations)
    return float(expression.subs(numbers).evalf())


C = np.array([[1.0, 0.3, 0.2, 0.1], [0.3, 0.7, -0.1, 0.2], [0.2, -0.1, 1.3, 0.4], [0.1, 0.2, 0.4, 0.9]])
ENTRIES = {f"C{a + 1}{b + 1}": C[a, b] for a in range(4) for b in range(a, 4)}


def test_integrals():
    module = "theory.committee.gaussian_integrals"
    lam = {
        f"L{a}{b}": np.linalg.det(np.eye(2) + C[np.ix_([a - 1, b - 1], [a - 1, b - 1])]) for a, b in ((1, 2), (1, 3))
    }
    minor = {"m": C[0, 0] * C[1, 2] - C[0, 2] * C[1, 0]}

    def computed(start):
        latex = written(module, start).replace("\\Lambda", "L").replace("[12;13]", "m")
        return value(latex, **ENTRIES, **lam, **minor)

    assert computed(r"I_2 = \langle g_1 g_2 \rangle =") == pytest.approx(i2(C, 0, 1))
    assert computed(r"J_2 = \langle g'_1 g'_2 \rangle =") == pytest.approx(j2(C, 0, 1))
    assert computed(r"I_3 = \langle g'_1 x_2 g_3 \rangle =") == pytest.approx(i3(C, 0, 1, 2))
    one = np.eye(4) + C
    three = {"L1": np.linalg.det(one[:3, :3]), "L2": np.linalg.det(one[np.ix_([0, 1, 3], [0, 1, 3])])}
    # Lambda_0: the minor of 1 + C with rows 1, 2, 3 and columns 1, 2, 4
    three["L0"] = np.linalg.det(one[np.ix_([0, 1, 2], [0, 1, 3])])
    latex = written(module, r"I_4 = \langle g'_1 g'_2 g_3 g_4 \rangle =").replace("\\Lambda", "L")
    assert value(latex, **lam, **three) == pytest.approx(i4(C, 0, 1, 2, 3))


def test_saturation():
    module, rule = "theory.committee.saturation", theory.OnlineRule(eta=0.7, gamma=0.02, sigma=0.9, batch_size=3)
    law = theory.saturated_unit(rule, theory.Overlaps(Q=1.0))
    numbers = {"eta": 0.7, "gamma": 0.02, "sigma": 0.9, "m": 3, "Q": 2.5}
    drive = written(module, "A =").replace("\\sigma_{\\rm eff}", "s")
    assert value(drive, eta=0.7, m=3, s=law.outside**0.5) == pytest.approx(law.drive)
    level = value(written(module, "B ="), A=law.drive, gamma=0.02)
    latex = written(module, r"Q^{3/2}(\alpha) =")
    assert value(latex, B=level, Q0=100.0, gamma=0.02, alpha=5.0, e=np.e) == pytest.approx(law.Q(5.0, 100.0) ** 1.5)
    left, right = re.search(r"\.\. math:: (\\pi\\gamma Q.*?)\n\s+= (.*)", import_module(module).__doc__).groups()
    difference = value(left, **numbers) - value(right, **numbers)
    assert difference == pytest.approx(rule.eta * _imbalance(rule, 0.02, 2.5))


def test_pair_scaling_and_logistic():
    rule = theory.OnlineRule(eta=0.7, gamma=1e-4, sigma=0.9, batch_size=3)
    pair = theory.cancelling_pair(rule)
    q = pair.q
    D = value(written("theory.committee.cancelling_pair", "D ="), q=q)
    X = value(written("theory.committee.cancelling_pair", "X ="), q=q)
    drive = value(written("theory.committee.cancelling_pair", "A ="), q=q, D=D, eta=0.7, m=3, sigma=0.9)
    assert drive == pytest.approx(pair.drive)
    sides = re.search(
        r"math:: (\\frac\{4q\}.*?) = (.*?)\n +(.*?)\n", import_module("theory.committee.cancelling_pair").__doc__
    ).groups()
    right = (sides[1] + sides[2]).replace("\\Big\\{", "(").replace("\\Big\\}", ")")
    numbers = {"q": q, "D": D, "X": X, "eta": 0.7, "m": 3, "sigma": 0.9}
    assert value(sides[0], q=q) == pytest.approx(value(right, **numbers))
    exponent = re.search(r":math:`(\\frac13 .*?)`", import_module("theory.committee.fan_in_scaling").__doc__).group(1)
    assert value(exponent, p=0.7, q=0.2) == pytest.approx(theory.diffusive_exponent(0.7, 0.2))
    u = value(written("theory.committee.logistic_unit", "u ="), eta=1.2, gamma=0.01)
    latex = written("theory.committee.logistic_unit", r"\sqrt Q =").replace("\\sqrt{Q_0}", "r")
    root = value(latex, r=50.0, u=u, gamma=0.01, alpha=9.0, e=np.e)
    assert root**2 == pytest.approx(theory.saturated_logistic(9.0, 2500.0, eta=1.2, gamma=0.01))
