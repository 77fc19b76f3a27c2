"""The integrals against quadrature, Monte Carlo, the published form in many digits, and their symmetries."""

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy.special import erf

from theory.committee.gaussian_integrals import i2, i3, i4, j2, statement

INDICES = [(0, 1, 2, 3), (0, 0, 1, 2), (0, 1, 0, 2), (0, 1, 0, 1), (0, 0, 0, 1), (2, 3, 2, 2), (1, 1, 1, 1)]


def random_covariance(seed, fields=4, scale=1.0):
    factor = np.random.default_rng(seed).standard_normal((fields, fields + 1)) * scale
    return factor @ factor.T / fields


def published(name, C, a, b, c=None, d=None):
    """The form of Saad and Solla (1995), in 60 digits: I3 and I4 with their products left multiplied out."""
    with mpmath.workdps(60):
        e = [[mpmath.mpf(float(value)) for value in row] for row in C]
        if name == "I3":
            lam3 = (1 + e[a][a]) * (1 + e[c][c]) - e[a][c] ** 2
            top = e[b][c] * (1 + e[a][a]) - e[a][b] * e[a][c]
            return float(2 / mpmath.pi * top / ((1 + e[a][a]) * mpmath.sqrt(lam3)))
        lam4 = (1 + e[a][a]) * (1 + e[b][b]) - e[a][b] ** 2

        def conditional(p, q):
            return (
                lam4 * e[p][q] - e[b][p] * e[b][q] * (1 + e[a][a]) - e[a][p] * e[a][q] * (1 + e[b][b])
                + e[a][b] * (e[a][p] * e[b][q] + e[a][q] * e[b][p])
            )  # fmt: skip

        lower = mpmath.sqrt((lam4 + conditional(c, c)) * (lam4 + conditional(d, d)))
        return float(4 / mpmath.pi**2 * mpmath.asin(conditional(c, d) / lower) / mpmath.sqrt(lam4))


@pytest.mark.parametrize("indices", INDICES)
def test_the_published_form_is_reproduced(indices):
    C = random_covariance(1)
    assert i4(C, *indices) == pytest.approx(published("I4", C, *indices), rel=1e-13)
    assert i3(C, *indices[:3]) == pytest.approx(published("I3", C, *indices[:3]), rel=1e-13)


@pytest.mark.parametrize("scale", [1.0, 1e2, 1e4, 1e6])
@pytest.mark.parametrize("indices", [(0, 0, 0, 0), (0, 0, 1, 1), (0, 1, 0, 1), (0, 1, 1, 1), (0, 0, 0, 1)])
def test_nothing_cancels_for_large_norms_and_repeated_indices(indices, scale):
    C = np.array([[1.0, 0.3], [0.3, 0.7]]) * scale**2
    assert i4(C, *indices) == pytest.approx(published("I4", C, *indices), rel=1e-13)
    assert i3(C, *indices[:3]) == pytest.approx(published("I3", C, *indices[:3]), rel=1e-13)


def test_the_negative_control_cancels():
    """The published form in double precision loses digits where the one used here does not."""
    Q = 1e12
    wrong = 2 / np.pi * ((Q * (1 + Q) - Q * Q) / ((1 + Q) * np.sqrt((1 + Q) * (1 + Q) - Q * Q)))
    right = published("I3", np.array([[Q]]), 0, 0, 0)
    assert abs(wrong / right - 1) > 1e-6
    assert abs(i3(np.array([[Q]]), 0, 0, 0) / right - 1) < 1e-13


@pytest.mark.parametrize("variance", [0.01, 1.0, 25.0])
def test_one_field_against_quadrature(variance):
    """The trapezoidal rule converges geometrically for these integrands."""
    u = np.arange(-9, 9, 0.005)
    weight = np.exp(-(u**2) / 2)
    weight /= weight.sum()
    x = np.sqrt(variance) * u
    g, slope, C = erf(x / np.sqrt(2)), np.sqrt(2 / np.pi) * np.exp(-(x**2) / 2), np.array([[variance]])
    assert i2(C, 0, 0) == pytest.approx(weight @ g**2, rel=1e-12)
    assert j2(C, 0, 0) == pytest.approx(weight @ slope**2, rel=1e-12)
    assert i3(C, 0, 0, 0) == pytest.approx(weight @ (slope * x * g), rel=1e-12)
    assert i4(C, 0, 0, 0, 0) == pytest.approx(weight @ (slope**2 * g**2), rel=1e-12)


def test_many_fields_against_monte_carlo():
    """28 comparisons at 4 sigma: one false alarm in 560 seeds; the seed is fixed."""
    rng = np.random.default_rng(0)
    C = random_covariance(2)
    x = np.linalg.cholesky(C) @ rng.standard_normal((4, 400_000))
    g, slope = erf(x / np.sqrt(2)), np.sqrt(2 / np.pi) * np.exp(-(x**2) / 2)
    for a, b, c, d in INDICES:
        for value, sample in (
            (i2(C, a, b), g[a] * g[b]),
            (j2(C, a, b), slope[a] * slope[b]),
            (i3(C, a, b, c), slope[a] * x[b] * g[c]),
            (i4(C, a, b, c, d), slope[a] * slope[b] * g[c] * g[d]),
        ):
            assert abs(sample.mean() - value) < 4 * sample.std() / np.sqrt(sample.size)


def test_symmetries_and_limits():
    C = random_covariance(3)
    assert i4(C, 0, 1, 2, 3) == pytest.approx(i4(C, 1, 0, 3, 2), rel=1e-14)
    apart = np.diag([1.0, 2.0, 3.0, 4.0])
    assert i4(apart, 0, 1, 2, 3) == 0
    assert i3(apart, 0, 1, 2) == 0
    assert i4(apart, 0, 1, 2, 2) == pytest.approx(j2(apart, 0, 1) * i2(apart, 2, 2), rel=1e-14)  # independent factors


def test_arrays_of_indices_and_matrices_broadcast():
    C = np.stack([random_covariance(4), random_covariance(5)])
    a, b = np.ogrid[:4, :4]
    together = i3(C, a, b, 2)
    assert together.shape == (2, 4, 4)
    assert together[1, 3, 0] == pytest.approx(float(i3(C[1], 3, 0, 2)), rel=1e-14)


def test_the_expression_is_the_published_one():
    """The minors written out: I3 of the module equals the usual form symbolically."""
    expression, symbols = statement("I3")
    c = {symbol.name: symbol for symbol in symbols}
    lam3 = (1 + c["C11"]) * (1 + c["C33"]) - c["C13"] ** 2
    top = c["C23"] * (1 + c["C11"]) - c["C12"] * c["C13"]
    usual = 2 * top / (sp.pi * (1 + c["C11"]) * sp.sqrt(lam3))
    assert sp.simplify((expression.doit() / usual) ** 2) == 1
