"""The table of written formulas of theory/algebra (see tests/theory/test_written_formulas.py)."""

import numpy as np

from theory.algebra.recursion import NumericRecursion
from theory.algebra.scan import affine_scan

M = np.array([[0.8, -0.2], [0.1, 0.5]])
B = np.array([[1.0, 0.2], [0.3, -0.4]])
RECURSION = NumericRecursion(M, B)


def stationary():
    P = RECURSION.covariance()
    yield M @ P @ M.T + B @ B.T, P
    yield RECURSION.moments_after(1, P), P


def transient():
    P, P_0 = RECURSION.covariance(), np.array([[3.0, 0.5], [0.5, 1.0]])
    power = np.linalg.matrix_power(M, 7)
    yield P + power @ (P_0 - P) @ power.T, RECURSION.moments_after(7, P_0)


def scan():
    rng = np.random.default_rng(5)
    A, b = rng.normal(size=(7, 2, 2)), rng.normal(size=(7, 2))
    s = affine_scan(A, b, np.array([0.3, -1.2]))
    yield s[0], [0.3, -1.2]
    yield np.einsum("tij,tj->ti", A, s[:-1]) + b, s[1:]


BLOCKS = {
    "theory.algebra.recursion": [
        (r"s_{t+1} = M s_t + B \xi_t, \qquad P = M P M^{\mathsf T} + B B^{\mathsf T}", stationary),
        (r"P_t = P + M^t (P_0 - P) (M^{\mathsf T})^t", transient),
    ],
    "theory.algebra.scan": [(r"s_{t+1} = A_t s_t + b_t", scan)],
}
