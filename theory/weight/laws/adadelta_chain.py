r"""The step of Adadelta under white Gaussian noise: a Markov chain of two means, solved on a grid.

In units of the noise and of epsilon, with :math:`e = \epsilon/\sigma^2`,

.. math:: v' = \rho v + (1 - \rho) g^2, \qquad D' = \rho D + (1 - \rho)(D + 1) \frac{g^2}{v' + e}

D multiplies itself by a factor whose logarithm drifts down by about :math:`2 (1 - \rho)^2` a step and is fed by epsilon
alone. The averages that the law needs, :math:`c = E (D + 1) g^2/(v' + e)` and
:math:`B = E \sqrt{D + 1}\, g^2 / \sqrt{v' + e}`, solve :math:`f - E f = h - K h` with the chain's one-step expectation
K, taken by Gauss's rule over g of polynomials through Chebyshev nodes in ln v and ln D/v (ln D/v moves slowly).

Assumptions
-----------
1. The gradient is white Gaussian noise and rules what both means hold.

Range: 0.5 <= rho <= 0.999. Error: 3e-5 (4e-4 at rho = 0.5), against twice the nodes.

References
----------
Zeiler, "ADADELTA: An Adaptive Learning Rate Method", 2012 (arXiv:1212.5701), for the rule. The derivation is this
package's own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

__all__ = ["LARGEST_RHO", "LEAST_RHO", "StepChain", "step_chain"]

LEAST_RHO, LARGEST_RHO = 0.5, 0.999
NODES = 26  # in each direction
GAUSS = 128  # of the rule over g
LARGEST_G = 8.5  # standard deviations
CHANGE = 0.01  # of the mean square of the gradient, for a difference in place of the derivative


@dataclass(frozen=True, eq=False)
class StepChain:
    """Averages over Adadelta's step.

    Attributes
    ----------
    square : float
        c: the mean square of the step over epsilon.
    response : float
        B: the mean step per unit of pull in units of the noise, over sqrt(epsilon).
    squares, responses : ndarray, shape (nodes,)
        The same, known v and D.
    operator : ndarray, shape (nodes, nodes)
        K.
    stationary : ndarray, shape (nodes,)
        Weights that make the average of a function from its values at the nodes.
    stirred : ndarray, shape (nodes,)
        The same of its change in one step per relative change of the mean square of the gradient.
    """

    square: float
    response: float
    squares: np.ndarray
    responses: np.ndarray
    operator: np.ndarray
    stationary: np.ndarray
    stirred: np.ndarray

    def slow(self, x: float) -> float:
        """Return how much more E w^2 is, relative, than by the averages, for a weight of rate x.

        With b and q the response and the square over their averages, w^2 answers q - b at its rate 2 x and the drift
        averages its product with b: minus 2 x sum over s of e^(-2 x s) Cov(b_t, q_(t-s) - b_(t-s)). And b and q answer
        the weight's own part of the gradient, k^2 w^2, whose covariance with w^2 is 2 (E w^2)^2 e^(-2 x s).
        """
        b, q = self.responses / self.response - 1, self.squares / self.square - 1
        fade = math.exp(-2 * x)
        remembered = self._summed(b, fade)
        fluctuates = -2 * x * self.stationary @ ((q - b) * (self.operator @ remembered))
        own = x * self.square / (2 * self.response**2)  # k^2 E w^2 in units of the noise
        follows = self.stirred @ (self._summed(q - b, 1.0) - 2 * fade * remembered)
        return float(fluctuates + own * (1 + follows))

    def _summed(self, f: np.ndarray, fade: float) -> np.ndarray:
        """Return the sum over s of fade^s K^s f, for f of average zero (up to a constant if fade is one)."""
        around = np.eye(len(f)) - fade * self.operator
        if fade == 1:
            around[:, 0] = 1
        found = np.linalg.solve(around, f)
        if fade == 1:
            found[0] = 0.0
        return found


@lru_cache(maxsize=32)
def step_chain(rho: float, e: float) -> StepChain:
    """Return the averages over Adadelta's step; about 0.2 s the first time, then remembered.

    Parameters
    ----------
    rho : float
        Memory of both means.
    e : float
        epsilon over the square of the noise.

    Raises
    ------
    NotImplementedError
        If rho is below 0.5 or above 0.999.

    Examples
    --------
    >>> chain = step_chain(0.9, 0.1)
    >>> print(f"{chain.square / chain.response:.3f} {chain.response:.3f}")
    2.009 1.989
    """
    if not LEAST_RHO <= rho <= LARGEST_RHO:
        raise NotImplementedError(
            f"Adadelta is known for rho from {LEAST_RHO} to {LARGEST_RHO}, got {rho}: nearer to 1 its steps take "
            "1/(2 (1 - rho)^2) steps to set up."
        )
    K, squares, responses = _one_step(rho, e, 1.0)
    more, less = (_one_step(rho, e, 1 + change)[0] for change in (CHANGE, -CHANGE))
    balance = np.eye(len(K)) - K
    balance[:, 0] = 1  # in place of h at the first node, which is free: the average
    stationary = np.linalg.solve(balance.T, np.eye(len(K))[0])
    stirred = stationary @ (more - less) / (2 * CHANGE)
    return StepChain(stationary @ squares, stationary @ responses, squares, responses, K, stationary, stirred)


def _one_step(rho: float, e: float, gradient_square: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return K, and from every node the expected square and response of the next step."""
    forget = 1 - rho
    guess = 1 / (e + 2 * forget / (1 + e))  # of c: the drift of ln D against what epsilon feeds
    around_v = (-7 * math.sqrt(forget) - 2 * forget, 6 * math.sqrt(forget))
    around_ratio = (math.log(guess) - 4, math.log(guess) + 3)
    log_v, log_ratio = (_nodes(*ends) for ends in (around_v, around_ratio))
    g, weight = np.polynomial.legendre.leggauss(GAUSS)
    g = LARGEST_G * (g + 1) / 2
    weight = weight * LARGEST_G / 2 * np.exp(-(g**2) / 2) * math.sqrt(2 / math.pi)
    square = gradient_square * g**2
    v = np.exp(log_v)[:, None, None]
    D = np.exp(log_ratio)[None, :, None] * v
    next_v = rho * v + forget * square
    step = (D + 1) * square / (next_v + e)
    next_ratio = (rho * D + forget * step) / next_v
    to_v = _cardinal(np.log(next_v[:, 0]), *around_v)
    to_ratio = _cardinal(np.log(next_ratio), *around_ratio)
    K = np.einsum("g,igk,ijgl->ijkl", weight, to_v, to_ratio, optimize=True).reshape(NODES**2, NODES**2)
    responses = (np.sqrt((D + 1) / (next_v + e)) * square) @ weight
    return K, (step @ weight).ravel(), responses.ravel()


def _nodes(low: float, high: float) -> np.ndarray:
    """Return the Chebyshev nodes of an interval."""
    return (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)


def _cardinal(at: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return the values of the polynomials that are one at one node: how a function at `at` follows from the nodes.

    Beyond the interval, where the chain is with a probability below 1e-6, the nearest end counts.
    """
    angle = np.arccos(np.clip((2 * at - low - high) / (high - low), -1, 1))
    orders = np.arange(NODES)
    share = np.where(orders == 0, 1.0, 2.0) / NODES
    nodes = np.pi * (np.arange(NODES) + 0.5) / NODES
    return np.cos(np.multiply.outer(angle, orders)) * share @ np.cos(np.multiply.outer(orders, nodes))
