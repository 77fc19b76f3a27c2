import pytest
import sympy as sp
import typst

from theory import derive
from theory.algebra.typst_math import typst_math

x, y, n, lam = sp.symbols("x y n lambda")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (2 - x, "2 - x"),
        (-x, "-x"),
        (x / (2 * n), "frac(x, 2 n)"),
        (sp.sqrt(x), "sqrt(x)"),
        (1 / sp.sqrt(n), "frac(1, sqrt(n))"),
        ((1 - x) ** (2 * y), "(1 - x)^(2 y)"),
        (2 * lam * (x + y), "2 lambda (x + y)"),
        (x - (y + n), "x - n - y"),
        (sp.Rational(-1, 3), "-frac(1, 3)"),
        (sp.Symbol("w_0"), "w_(0)"),
        (sp.Symbol("V'"), "V'"),
        (sp.Symbol("w_rms"), 'w_("rms")'),
        (sp.exp(-x) + sp.log(y), "ln(y) + exp(-x)"),
        (sp.Eq(x, sp.pi), "x = pi"),
        (sp.Abs(x), "abs(x)"),
        (sp.Float(0.25), "0.25"),
        (sp.Derivative(sp.Function("R")(x), x), "frac(dif R(x), dif x)"),
    ],
)
def test_forms(expression, expected):
    assert typst_math(expression) == expected


def test_what_has_no_rule_is_refused():
    with pytest.raises(NotImplementedError, match="no Typst form for"):
        typst_math(sp.Integral(x, x))


def test_typst_accepts_the_whole_derivation(tmp_path):
    source = tmp_path / "derivation.typ"
    source.write_text(derive(correlated=True).typst())
    assert typst.compile(str(source)).startswith(b"%PDF")
