r"""Second moments of a linear stochastic recursion, in SymPy.

.. math:: s_{t+1} = M s_t + B \xi_t, \qquad P = M P M^{\mathsf T} + B B^{\mathsf T}

Every optimizer whose noise does not depend on its state is such a recursion; its stationary covariance P is the
solution of the (discrete Lyapunov) equation on the right.

Assumptions
-----------
1. :math:`\xi_t` has zero mean, unit covariance and no memory; nothing else about its distribution matters.
2. M and B do not depend on the state or on time.

Range: every eigenvalue of M inside the unit circle. Exact: no error order.

References
----------
Kwakernaak and Sivan, *Linear Optimal Control Systems*, Wiley 1972, section 6.2 (discrete-time covariance).
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

__all__ = ["LinearRecursion"]


@dataclass(frozen=True)
class LinearRecursion:
    """The recursion s' = M s + B xi for a state s of k numbers driven by j independent unit noises.

    Parameters
    ----------
    state : tuple of Symbol, length k
        Names of the state's components; the weight comes first.
    M : Matrix, shape (k, k)
        The step without noise.
    B : Matrix, shape (k, j)
        How the noise enters.

    Examples
    --------
    >>> from theory.symbols import a, w
    >>> LinearRecursion((w,), sp.Matrix([[a]]), sp.Matrix([[1]])).stationary_covariance()
    Matrix([[-1/((a - 1)*(a + 1))]])
    """

    state: tuple[sp.Symbol, ...]
    M: sp.Matrix
    B: sp.Matrix

    def one_step(self, P: sp.Matrix) -> sp.Matrix:
        """Return the covariance one step after `P`, shape (k, k)."""
        return self.M * P * self.M.T + self.B * self.B.T

    def stationary_covariance(self) -> sp.Matrix:
        """Solve P = M P M^T + B B^T for the symmetric P, shape (k, k), simplified."""
        k = len(self.state)
        unknown = {(i, j): sp.Symbol(f"P_{i}{j}") for i in range(k) for j in range(i, k)}
        P = sp.Matrix(k, k, lambda i, j: unknown[min(i, j), max(i, j)])
        residual = P - self.one_step(P)
        solution = sp.solve([residual[ij] for ij in unknown], list(unknown.values()), dict=True)[0]
        return P.subs(solution).applyfunc(sp.factor)
