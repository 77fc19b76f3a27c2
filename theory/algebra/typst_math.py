"""SymPy expressions as Typst mathematics, for derivations and reports.

>>> from theory.symbols import eta, lam, n
>>> print(typst_math(eta / (lam * (2 - eta * lam / n))))
frac(eta, lambda (2 - frac(eta lambda, n)))
"""

from __future__ import annotations

import sympy as sp
from sympy.core.alphabets import greeks
from sympy.printing.precedence import PRECEDENCE, precedence
from sympy.printing.printer import Printer

__all__ = ["typst_math"]

GREEK = {name: name for name in greeks} | {"lamda": "lambda"}
FUNCTIONS = {
    "log": "ln",
    "exp": "exp",
    "sin": "sin",
    "cos": "cos",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "erf": 'op("erf")',
    "erfi": 'op("erfi")',
}


class TypstPrinter(Printer):
    """Prints the expressions that the theory is made of; anything else is refused by name."""

    printmethod = "_typst"
    _default_settings = {"order": None}  # noqa: RUF012  (SymPy's own way of declaring it)

    def emptyPrinter(self, expr: object) -> str:
        """Refuse what has no rule, so that a gap is seen and not printed as code."""
        raise NotImplementedError(f"no Typst form for {type(expr).__name__}: {expr}. Add a _print_ method.")

    def _bracket(self, expr: sp.Expr, level: int) -> str:
        text = self._print(expr)
        return f"({text})" if precedence(expr) < level else text

    def _print_Symbol(self, symbol: sp.Symbol) -> str:
        name, prime = symbol.name.rstrip("'"), "'" * symbol.name.count("'")
        name, _, index = name.partition("_")
        return _letters(name) + (f"_({_letters(index)})" if index else "") + prime

    def _print_Integer(self, number: sp.Integer) -> str:
        return str(number)

    def _print_Rational(self, number: sp.Rational) -> str:
        return f"{'-' if number < 0 else ''}frac({abs(number.p)}, {number.q})"

    def _print_Float(self, number: sp.Float) -> str:
        return f"{float(number):.6g}"

    def _print_Pi(self, _: object) -> str:
        return "pi"

    def _print_Infinity(self, _: object) -> str:
        return "infinity"

    def _print_Relational(self, relation: sp.Eq) -> str:
        sign = {"==": "=", "<=": "<=", ">=": ">="}.get(relation.rel_op, relation.rel_op)
        return f"{self._print(relation.lhs)} {sign} {self._print(relation.rhs)}"

    def _print_Add(self, expr: sp.Add) -> str:
        terms = list(self._as_ordered_terms(expr))
        positive = [term for term in terms if not term.could_extract_minus_sign()]
        if positive:  # "2 - x" reads better than "-x + 2"
            terms.remove(positive[0])
            terms.insert(0, positive[0])
        text = self._print(terms[0])
        for term in terms[1:]:
            minus = term.could_extract_minus_sign()
            text += f" {'-' if minus else '+'} {self._bracket(-term if minus else term, PRECEDENCE['Mul'])}"
        return text

    def _print_Mul(self, expr: sp.Mul) -> str:
        if expr.could_extract_minus_sign():
            return "-" + self._bracket(-expr, PRECEDENCE["Mul"])
        top, bottom = sp.fraction(expr, exact=True)
        if bottom != 1:
            return f"frac({self._print(top)}, {self._print(bottom)})"
        factors = sorted(expr.as_ordered_factors(), key=_factor_order)
        if len(factors) == 1:
            return self._print(factors[0])
        return " ".join(self._bracket(factor, PRECEDENCE["Mul"]) for factor in factors)

    def _print_Pow(self, expr: sp.Pow) -> str:
        base, exponent = expr.base, expr.exp
        if exponent == sp.Rational(1, 2):
            return f"sqrt({self._print(base)})"
        if exponent.is_Rational and exponent.is_negative:
            return f"frac(1, {self._print(base**-exponent)})"
        power = self._print(exponent)
        return f"{self._bracket(base, PRECEDENCE['Pow'] + 1)}^{power if len(power) == 1 else f'({power})'}"

    def _print_Abs(self, expr: sp.Abs) -> str:
        return f"abs({self._print(expr.args[0])})"

    def _print_Function(self, expr: sp.Function) -> str:
        name = FUNCTIONS.get(expr.func.__name__)
        if name is None:
            return self.emptyPrinter(expr)
        return f"{name}({', '.join(self._print(arg) for arg in expr.args)})"

    _print_exp = _print_Function

    def _print_AppliedUndef(self, expr: sp.Function) -> str:
        return f"{_letters(expr.func.__name__)}({', '.join(self._print(arg) for arg in expr.args)})"

    def _print_Derivative(self, expr: sp.Derivative) -> str:
        if len(expr.variables) != 1:
            return self.emptyPrinter(expr)
        return f"frac(dif {self._print(expr.expr)}, dif {self._print(expr.variables[0])})"


def _factor_order(factor: sp.Expr) -> int:
    """Constants and parameters, then averages (capital letters), then brackets: eta^2 V (1 - x)."""
    if isinstance(factor, sp.Add) or isinstance(factor.as_base_exp()[0], sp.Add):
        return 2
    return 1 if str(factor)[0].isupper() else 0


def _letters(name: str) -> str:
    if name in GREEK:
        return GREEK[name]
    return name if len(name) == 1 or name.isdigit() else f'"{name}"'


def typst_math(expression: sp.Basic) -> str:
    """Return `expression` as Typst mathematics, without the dollar signs.

    Parameters
    ----------
    expression : Basic
        Made of symbols, numbers, sums, products, powers, relations and the elementary functions.

    Returns
    -------
    str
        To be put between dollar signs in a Typst document.

    Raises
    ------
    NotImplementedError
        If a part of the expression has no rule.
    """
    return str(TypstPrinter().doprint(expression))
