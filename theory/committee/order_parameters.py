r"""The flow of the overlaps of a soft committee machine that learns online with weight decay and label noise.

Students :math:`w_i`, i = 1..K, teachers :math:`B_n`, n = 1..M, inputs :math:`\xi \sim N(0, 1_N)`, fields
:math:`x_i = w_i \cdot \xi`, :math:`y_n = B_n \cdot \xi`, units :math:`g(x) = \mathrm{erf}(x/\sqrt2)`, error
:math:`e = \sum_n g(y_n) + \sigma\nu - \sum_j g(x_j)`; a step is
:math:`w_i \leftarrow (1 - \gamma/N) w_i + (\eta/N) \delta_i \xi` with :math:`\delta_i = g'(x_i) e`. With the overlaps
:math:`Q = w \cdot w`, :math:`R = w \cdot B`, :math:`T = B \cdot B`, signs s = +1 for teachers and -1 for students, and
:math:`\alpha` = steps / N:

.. math:: \dot R_{in} = -\gamma R_{in} + \eta \langle \delta_i y_n \rangle, \quad
          \langle \delta_i b \rangle = \sum_a s_a I_3(i, b, a)
.. math:: \dot Q_{ik} = -2\gamma Q_{ik} + \eta \langle \delta_i x_k + \delta_k x_i \rangle
          + \frac{\eta^2}{m} \langle \delta_i \delta_k \rangle
.. math:: \langle \delta_i \delta_k \rangle = \sum_{ab} s_a s_b I_4(i, k, a, b) + \sigma^2 J_2(i, k)

Assumptions
-----------
1. N is large: the overlaps follow their mean (corrections of order 1/N: `theory.committee.linear_noise`).
2. Every example is new; inputs are isotropic (Gaussian, or independent entries and generic weights).
3. Output weights are 1, no biases; a batch of m examples is averaged.

Range: eta, gamma of order one as N grows. Leading error: 1/N in the mean, 1/sqrt(N) in a single run. Inputs of second
moment c: read Q as c w.w and eta as c times it.

References
----------
D. Saad and S. A. Solla, Phys. Rev. E 52, 4225 (1995): the flow without decay and noise. D. Saad and S. A. Solla,
"Learning with noise and regularizers in multilayer neural networks", NIPS 9 (1996): with both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from theory.committee.gaussian_integrals import i3, i4, j2
from theory.settings import OnlineRule, Overlaps

__all__ = ["Flow", "complex_step"]

STEP = 1e-30  # of the complex-step derivative: no difference is taken, so it can be this small


def complex_step(function: Callable[[np.ndarray], np.ndarray], state: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Return the derivative of an analytic function of a state along each direction, to rounding.

    Parameters
    ----------
    function : callable
        Maps states (..., n) to values (..., p).
    state : ndarray, shape (n,)
        Where.
    directions : ndarray, shape (d, n)
        Along what.

    Returns
    -------
    ndarray, shape (d, p)

    Examples
    --------
    >>> complex_step(np.sin, np.array([0.0]), np.array([[2.0]]))
    array([[2.]])
    """
    return np.imag(function(state + 1j * STEP * directions)) / STEP


@dataclass(frozen=True)
class Flow:
    """The flow for K students and M fixed teachers; its state is R row by row, then the upper triangle of Q.

    Parameters
    ----------
    rule : OnlineRule
        The rates, the label noise and the batch size.
    K : int
        Number of students.
    T : ndarray, shape (M, M)
        Overlaps of the teachers.

    Examples
    --------
    >>> start = Overlaps(Q=100.0)
    >>> flow = Flow.of(OnlineRule(eta=0.5, gamma=0.01, sigma=1.0), start)
    >>> print(f"{flow(flow.state(start))[0]:.6f}")  # decay alone: -2
    -2.030813
    """

    rule: OnlineRule
    K: int
    T: np.ndarray

    @classmethod
    def of(cls, rule: OnlineRule, start: Overlaps) -> Flow:
        """Return the flow of the units of `start`."""
        return cls(rule, start.K, start.gram[start.K :, start.K :])

    @property
    def M(self) -> int:
        """Number of teachers."""
        return len(self.T)

    @cached_property
    def upper(self) -> tuple[np.ndarray, np.ndarray]:
        """Indices i <= k of the upper triangle of Q."""
        return np.triu_indices(self.K)

    @cached_property
    def signs(self) -> np.ndarray:
        """-1 for each student, +1 for each teacher: how a unit enters the error."""
        return np.concatenate([-np.ones(self.K), np.ones(self.M)])

    def state(self, overlaps: Overlaps) -> np.ndarray:
        """Return the overlaps as a vector."""
        return np.concatenate([overlaps.gram[: self.K, self.K :].ravel(), overlaps.Q[self.upper]])

    def overlaps(self, state: np.ndarray) -> Overlaps:
        """Return the overlaps that the vector stands for."""
        gram = self.gram(state)
        K = self.K
        return Overlaps(gram[:K, :K], gram[:K, K:], self.T)

    def gram(self, state: np.ndarray) -> np.ndarray:
        """Return the matrix (Q, R; R^T, T) of each state, shape (..., D, D)."""
        K, M = self.K, self.M
        C = np.empty((*state.shape[:-1], K + M, K + M), dtype=state.dtype)
        R = state[..., : K * M].reshape(*state.shape[:-1], K, M)
        C[..., :K, K:] = R
        C[..., K:, :K] = np.swapaxes(R, -1, -2)
        C[..., K:, K:] = self.T
        rows, columns = self.upper
        C[..., rows, columns] = state[..., K * M :]
        C[..., columns, rows] = state[..., K * M :]
        return C

    def pull(self, C: np.ndarray) -> np.ndarray:
        """Return <delta_i b> for every student i and field b, shape (..., K, D)."""
        return i3(C, *self._pulled) @ self.signs

    def kick(self, C: np.ndarray) -> np.ndarray:
        """Return <delta_i delta_k> over the upper triangle i <= k, shape (..., K (K + 1) / 2)."""
        students, pairs, weight = self._kicked
        return i4(C, *students, *pairs) @ weight + self.rule.sigma**2 * j2(C, *self.upper)

    @cached_property
    def _pulled(self) -> tuple[np.ndarray, ...]:
        """Indices of a student and two fields."""
        return tuple(np.ogrid[: self.K, : self.K + self.M, : self.K + self.M])

    @cached_property
    def _kicked(self) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...], np.ndarray]:
        """Indices of two students and of two units, and what the latter pair counts."""
        a, b = np.triu_indices(self.K + self.M)
        students = tuple(index[:, None] for index in self.upper)
        return students, (a, b), self.signs[a] * self.signs[b] * np.where(a == b, 1, 2)

    def gradient(self, C: np.ndarray) -> np.ndarray:
        """Return what eta multiplies in the flow: <delta_i y_n>, then <delta_i x_k + delta_k x_i>."""
        pull = self.pull(C)
        i, k = self.upper
        to_teachers = pull[..., self.K :].reshape(*pull.shape[:-2], -1)
        return np.concatenate([to_teachers, pull[..., i, k] + pull[..., k, i]], axis=-1)

    def parts(self, state: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return what gamma, eta and eta^2 / m multiply in the flow: decay, gradient and kicks."""
        C = self.gram(state)
        overlap = self.K * self.M
        decay, kicks = -2 * state, np.zeros_like(state)
        decay[..., :overlap] = -state[..., :overlap]
        kicks[..., overlap:] = self.kick(C)
        return decay, self.gradient(C), kicks

    def __call__(self, state: np.ndarray) -> np.ndarray:
        """Return d state / d alpha; leading axes are independent states."""
        decay, gradient, kicks = self.parts(state)
        return self.rule.gamma * decay + self.rule.eta * gradient + self.rule.eta**2 / self.rule.batch_size * kicks

    def jacobian(self, state: np.ndarray) -> np.ndarray:
        """Return d flow_p / d state_q, exact to rounding."""
        return complex_step(self, state, np.eye(len(state))).T
