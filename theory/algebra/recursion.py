r"""Second moments of a linear stochastic recursion, in SymPy and in numbers.

.. math:: s_{t+1} = M s_t + B \xi_t, \qquad P = M P M^{\mathsf T} + B B^{\mathsf T}

Every optimizer whose noise does not depend on its state is such a recursion; its stationary covariance P is the
solution of the (discrete Lyapunov) equation on the right. From a start with second moments :math:`P_0`,

.. math:: P_t = P + M^t (P_0 - P) (M^{\mathsf T})^t

Assumptions
-----------
1. :math:`\xi_t` has zero mean, unit covariance and no memory; nothing else about its distribution matters.
2. M and B do not depend on the state or on time.

Range: every eigenvalue of M inside the unit circle, which `jury_conditions` states as inequalities. Exact: no error
order. A relaxation time comes from the polynomial of 1 - z, whose coefficients do not cancel: it keeps its digits
however long it is, but for a few where two eigenvalues meet.

References
----------
Kwakernaak and Sivan, *Linear Optimal Control Systems*, Wiley 1972, section 6.2 (discrete-time covariance). Jury,
*Theory and Application of the z-Transform Method*, Wiley 1964 (stability).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp

from theory.settings.types import Value
from theory.symbols import g, r, xi, z

__all__ = ["LinearRecursion", "NumericRecursion", "jury_conditions"]

NEWTON_STEPS = 3
LARGEST_CORRECTION = (
    1e-6  # what rounding does to an eigenvalue, even where two meet; a larger step would be another root
)


@dataclass(frozen=True, eq=False)
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
    >>> walk = LinearRecursion((w,), sp.Matrix([[a]]), sp.Matrix([[1]]))
    >>> walk.stationary_covariance()
    Matrix([[-1/((a - 1)*(a + 1))]])
    >>> walk.jury_conditions()
    (1 - a, a + 1)
    >>> walk.at({a: 0.9}).covariance()
    array([[5.26315789]])
    """

    state: tuple[sp.Symbol, ...]
    M: sp.Matrix
    B: sp.Matrix

    @classmethod
    def from_update(cls, update: Mapping[sp.Symbol, sp.Expr], noises: tuple[sp.Symbol, ...] = (xi,)) -> LinearRecursion:
        """Read M and B off an update rule: the new value of each component of the state, linear in state and noises."""
        rules = sp.Matrix(list(update.values()))
        return cls(tuple(update), rules.jacobian(list(update)), rules.jacobian(list(noises)))

    def with_memory(self) -> LinearRecursion:
        """Drive the recursion by AR(1) noise g of unit variance and lag-one correlation r; g joins the state."""
        k = len(self.state)
        M = sp.Matrix(sp.BlockMatrix([[self.M, self.B], [sp.zeros(1, k), sp.Matrix([[r]])]]))
        return LinearRecursion((*self.state, g), M, sp.Matrix([*[0] * k, sp.sqrt(1 - r**2)]))

    def one_step(self, P: sp.Matrix) -> sp.Matrix:
        """Return the covariance one step after `P`, shape (k, k)."""
        return self.M * P * self.M.T + self.B * self.B.T

    def stationary_covariance(self) -> sp.Matrix:
        """Solve P = M P M^T + B B^T for the symmetric P, shape (k, k), factored."""
        k = len(self.state)
        unknown = {(i, j): sp.Symbol(f"P_{i}{j}") for i in range(k) for j in range(i, k)}
        P = sp.Matrix(k, k, lambda i, j: unknown[min(i, j), max(i, j)])
        residual = P - self.one_step(P)
        (solution,) = sp.linsolve([sp.expand(residual[ij]) for ij in unknown], list(unknown.values()))
        return P.subs(dict(zip(unknown.values(), map(sp.factor, solution), strict=True)))

    def characteristic(self, argument: sp.Expr = z) -> sp.Expr:
        """Return det(z - M), expanded, at `argument`."""
        return sp.expand((argument * sp.eye(len(self.state)) - self.M).det())

    def jury_conditions(self) -> tuple[sp.Expr, ...]:
        """Return what must be positive for every eigenvalue of M to lie inside the unit circle."""
        return jury_conditions(sp.Poly(self.characteristic(), z).all_coeffs())

    def at(self, values: Mapping[sp.Symbol, Value]) -> NumericRecursion:
        """Return the recursion in numbers; arrays among `values` broadcast into a stack of recursions."""
        arguments = [values[symbol] for symbol in self._free]
        shape = np.broadcast_shapes(*(np.shape(value) for value in arguments))
        k, j = self.B.shape
        entries = [np.broadcast_to(np.asarray(v, dtype=float), shape) for v in self._compiled(*arguments)]
        M, B, gaps = (
            np.stack(part, axis=-1) for part in (entries[: k * k], entries[k * k : -k - 1], entries[-k - 1 :])
        )
        return NumericRecursion(M.reshape(*shape, k, k), B.reshape(*shape, k, j), gaps)

    @cached_property
    def _free(self) -> list[sp.Symbol]:
        return sorted(self.M.free_symbols | self.B.free_symbols, key=str)

    @cached_property
    def _compiled(self) -> Callable[..., list[Value]]:
        gaps = sp.Poly(self.characteristic(1 - z), z).all_coeffs()
        return sp.lambdify(self._free, [*self.M, *self.B, *gaps], "numpy")


def jury_conditions(coefficients: list[sp.Expr]) -> tuple[sp.Expr, ...]:
    """Return expressions that are all positive exactly where every root of a polynomial is inside the unit circle.

    Parameters
    ----------
    coefficients : list of Expr, length k + 1
        Leading coefficient first; it must be 1.

    Returns
    -------
    tuple of Expr
        p(1) (no root runs away), (-1)^k p(-1) (no root overshoots), then the rows of Jury's table.

    Examples
    --------
    >>> b, c = sp.symbols("b c")
    >>> jury_conditions([1, b, c])
    (b + c + 1, -b + c + 1, 1 - c)
    """
    degree = len(coefficients) - 1
    signs = [(-1) ** i for i in range(degree + 1)]
    conditions = [sp.Add(*coefficients), sp.Add(*(s * c for s, c in zip(signs, coefficients, strict=True)))]
    row = list(coefficients)
    while len(row) > 3:
        row = [sp.expand(row[0] * row[i] - row[-1] * row[-1 - i]) for i in range(len(row) - 1)]
        conditions.append(row[0])
    if len(row) == 3:
        conditions.append(row[0] - row[2])
    return tuple(sp.expand(condition) for condition in conditions)


@dataclass(frozen=True)
class NumericRecursion:
    """A recursion s' = M s + B xi in numbers, or a stack of them.

    Parameters
    ----------
    M : ndarray, shape (..., k, k)
        The step without noise.
    B : ndarray, shape (..., k, j)
        How the noise enters.
    gaps : ndarray, shape (..., k + 1), optional
        Coefficients of the polynomial whose roots are 1 - z for the eigenvalues z, leading first: what keeps the digits
        of an eigenvalue near 1.
    """

    M: np.ndarray
    B: np.ndarray
    gaps: np.ndarray | None = None

    def covariance(self) -> np.ndarray:
        """Return the stationary covariance P, shape (..., k, k), by `scipy.linalg.solve_discrete_lyapunov`."""
        from scipy.linalg import solve_discrete_lyapunov

        P = np.empty_like(self.M)
        for index in np.ndindex(self.M.shape[:-2]):
            P[index] = solve_discrete_lyapunov(self.M[index], self.B[index] @ self.B[index].T)
        return P

    def spectrum(self) -> np.ndarray:
        """Return the eigenvalues of M, slowest (largest modulus) first, shape (..., k), complex."""
        values = np.linalg.eigvals(self.M).astype(complex)
        return np.take_along_axis(values, np.argsort(-np.abs(values), axis=-1, kind="stable"), axis=-1)

    def relaxation_time(self) -> np.ndarray:
        """Return the steps in which the memory of the start falls by e in the long run: -1/ln max abs(z)."""
        gap = self.slowest_gap()
        with np.errstate(divide="ignore"):
            return -2 / np.log1p(np.abs(gap) ** 2 - 2 * gap.real)  # ln of abs(1 - gap)^2

    def slowest_gap(self) -> np.ndarray:
        """Return 1 - z for the eigenvalue z of the largest modulus, shape (...), complex."""
        gap = 1 - self.spectrum()[..., 0]
        if self.gaps is None:
            return gap
        coefficients = np.moveaxis(self.gaps, -1, 0)
        for _ in range(NEWTON_STEPS):
            value, slope = np.zeros_like(gap), np.zeros_like(gap)
            for coefficient in coefficients:  # Horner's scheme, for the polynomial and its derivative
                slope = slope * gap + value
                value = value * gap + coefficient
            with np.errstate(divide="ignore", invalid="ignore"):
                step = value / slope
            gap = gap - np.where(np.abs(step) < LARGEST_CORRECTION, step, 0)
        return gap

    def moments_after(self, steps: Value, start: np.ndarray) -> np.ndarray:
        """Return the second moments E s s^T after `steps` from the second moments `start`, shape (..., k, k).

        Notes
        -----
        M^t P_0 M^tT + sum of M^i B B^T M^iT over i < t, the sum built by doubling t bit by bit: positive terms only,
        so that nothing cancels for small t, and about 2 log2(t) products for large t.
        """
        steps = np.asarray(steps, dtype=np.int64)[..., None, None]
        noise = self.B @ np.swapaxes(self.B, -1, -2)
        power, total = np.eye(self.M.shape[-1]), np.zeros_like(noise)
        for bit in reversed(range(int(steps.max(initial=0)).bit_length())):
            total = total + _sandwich(power, total)
            power = power @ power
            odd = (steps >> bit) % 2 == 1
            total = np.where(odd, _sandwich(self.M, total) + noise, total)
            power = np.where(odd, self.M @ power, power)
        return _sandwich(power, start) + total


def _sandwich(M: np.ndarray, P: np.ndarray) -> np.ndarray:
    return M @ P @ np.swapaxes(M, -1, -2)
