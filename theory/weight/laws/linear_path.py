r"""E w^2 along a run whose rates change, for optimizers that are linear recursions.

.. math:: P_{t+1} = M_t P_t M_t^{\mathsf T} + B_t B_t^{\mathsf T}

with the learning rate and the decay of each step in M and B. The buffer is kept as PyTorch keeps it, not multiplied by
the learning rate: a rate that changes multiplies it on use. Exact for the stated recursion: no error order.

Assumptions: those of `theory.weight.derivations.linear`, with a curvature that does not change along the run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from theory.algebra.recursion import LinearRecursion
from theory.algebra.scan import affine_scan
from theory.settings.types import Value
from theory.symbols import d, eta, r, sigma, x, y
from theory.weight.problem import Problem
from theory.weight.rates import Rates

__all__ = ["linear_forgetting", "linear_path", "on_moments", "start_moments"]

X, Y = sp.symbols("X Y")  # x and y per unit of learning rate
SAMPLES = 2048  # rates at which the slowest mode is looked at; it is a smooth function of the rate


@lru_cache
def _unscaled(recursion: LinearRecursion, correlated: bool) -> tuple[list[sp.Symbol], Callable[..., list[Value]]]:
    """Compile M and B of the recursion with its buffers (all components but weight and noise) divided by eta."""
    driven = recursion.with_memory() if correlated else recursion
    buffers = len(recursion.state) - 1
    scales = sp.diag(1, *[eta] * buffers, *[1] * correlated)
    rates = {x: eta * X, y: eta * Y}
    M, B = (scales.inv() * part for part in (driven.M.subs(rates) * scales, driven.B.subs(rates)))
    entries = [sp.cancel(entry) if entry.is_rational_function() else entry for entry in (*M, *B)]
    free = sorted(set().union(*(sp.sympify(entry).free_symbols for entry in entries)), key=str)
    return free, sp.lambdify(free, entries, "numpy")


def linear_path(
    recursion: LinearRecursion,
    decoupled: bool,
    own: Mapping[sp.Symbol, Any],
    problem: Problem,
    rates: Rates,
    moments: np.ndarray,
) -> np.ndarray:
    """Return the state's second moments before the first and after every step, shape (T + 1, m); E w^2 comes first.

    Parameters
    ----------
    recursion, decoupled, own
        Of the `LinearOptimizer`.
    problem : Problem
        One set of numbers; its noise, correlation and curvature count.
    rates : Rates
        Of every step.
    moments : ndarray, shape (m,)
        Those before the first step: the upper triangle, row by row (`start_moments`).
    """
    correlated = not problem.is_default("correlation")
    pull = np.full(rates.steps, float(problem.curvature))
    values = {X: pull if decoupled else rates.decay + pull, Y: rates.decay if decoupled else 0 * rates.decay}
    values |= {eta: rates.lr, sigma: problem.noise, r: problem.correlation, d: 1 - problem.correlation} | dict(own)
    free, compiled = _unscaled(recursion, correlated)
    entries = np.stack(
        [np.broadcast_to(np.asarray(v, dtype=float), (rates.steps,)) for v in compiled(*(values[s] for s in free))], -1
    )
    k = len(recursion.state) + correlated
    M, B = entries[:, : k * k].reshape(-1, k, k), entries[:, k * k :].reshape(rates.steps, k, -1)
    rows, columns = np.triu_indices(k)
    return affine_scan(on_moments(M, rows, columns), (B @ B.swapaxes(1, 2))[:, rows, columns], moments)


def start_moments(components: int, correlated: bool, start: float) -> np.ndarray:
    """Return the moments of a weight at `start` (or of that rms) whose buffers are empty.

    Noise with a memory, the last of the state, has been running for ever: its variance is one.
    """
    k = components + correlated
    moments = np.zeros((k, k))
    moments[0, 0] = start**2
    moments[-1, -1] += correlated
    return moments[np.triu_indices(k)]


def on_moments(M: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return what P -> M P M^T does to the upper triangle of a symmetric P, shape (T, m, m)."""
    straight = M[:, rows[:, None], rows] * M[:, columns[:, None], columns]
    crossed = M[:, rows[:, None], columns] * M[:, columns[:, None], rows]
    return straight + np.where(rows == columns, 0.0, crossed)


def linear_forgetting(at: Callable[[np.ndarray, np.ndarray], np.ndarray], rates: Rates) -> np.ndarray:
    """Return by which power of e the slowest mode falls in every step, shape (T,).

    Parameters
    ----------
    at : callable
        Maps learning rates and decays to the relaxation time of the recursion.
    rates : Rates
        Of every step. Where only the learning rate changes, the fall per unit of rate is interpolated between 2048
        steps, spaced evenly in rank.
    """
    strength = rates.lr * np.maximum(rates.decay, np.finfo(float).tiny)
    moving = np.flatnonzero(rates.lr > 0)
    out = np.zeros(rates.steps)
    if moving.size == 0:
        return out
    with np.errstate(divide="ignore"):
        if moving.size <= SAMPLES or np.ptp(rates.decay[moving]) > 0:
            out[moving] = 1 / at(rates.lr[moving], rates.decay[moving])
            return out
        order = moving[np.argsort(strength[moving], kind="stable")]
        chosen = order[np.linspace(0, order.size - 1, SAMPLES).astype(int)]
        fall = 1 / at(rates.lr[chosen], rates.decay[chosen])
    out[moving] = rates.lr[moving] * np.interp(strength[moving], strength[chosen], fall / rates.lr[chosen])
    return out
