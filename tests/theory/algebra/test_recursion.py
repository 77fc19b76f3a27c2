import numpy as np
import sympy as sp

from theory.algebra.recursion import LinearRecursion
from theory.symbols import a, g, r, w


def test_stationary_covariance_solves_its_equation():
    recursion = LinearRecursion((w, g), sp.Matrix([[a, -1], [0, r]]), sp.Matrix([0, 1]))
    P = recursion.stationary_covariance()
    assert sp.simplify(P - recursion.one_step(P)) == sp.zeros(2, 2)


def test_against_iteration():
    M, B = sp.Matrix([[0.7, 0.2], [-0.1, 0.5]]), sp.Matrix([[1.0, 0.0], [0.3, 0.4]])
    recursion = LinearRecursion(sp.symbols("u v"), M, B)
    P = np.zeros((2, 2))
    for _ in range(400):
        P = np.array(recursion.one_step(sp.Matrix(P)), dtype=float)
    np.testing.assert_allclose(np.array(recursion.stationary_covariance(), dtype=float), P, rtol=1e-12)
