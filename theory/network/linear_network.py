r"""The weights of a wide network at strong decay, from the data alone: a convex problem, nothing fitted.

At strong decay the hidden sigmoids of a wide network stay linear, and the outputs see A x + b with A = W_3 W_2 / 4.
Among all layers that make one A the smallest (W_2 + W_3)/2 is four times the sum of A's singular values, its nuclear
norm. The network sits at the minimum over A and b of C_0(A x + b) + 4 k ||A||, k = lambda/n, and

.. math:: W_2 = 4 \|A\|

with W_3 = W_2. The dual: with -h(q) the entropy of a probability q, softplus(a) = max over q of a q - h(q), so that any
q between 0 and 1 whose error q - y has a mean of zero and a covariance with the inputs of spectral norm at most 4 k
bounds the minimum from below by the mean of the entropies, summed over the outputs. The outputs themselves, drawn
towards y until they obey, give the bound; it meets the cost at the minimum, and their difference, the duality gap, is
the certificate.

Assumptions
-----------
1. Those of `theory.network.critical_decay`.
2. Hidden neurons are many (at least the classes, at strong decay several hundred) and stay linear.

Range: from the critical decay down to where saturation pays. At any decay the cost here bounds from above that of the
infinitely wide sigmoid network. Exact within the duality gap.

References
----------
N. Srebro, J. Rennie, T. Jaakkola, "Maximum-margin matrix factorization", NIPS 2004, for factor norms and the nuclear
norm; Boyd and Vandenberghe, "Convex Optimization" (2004), chapter 5, for the certificate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from theory.errors import InvalidArgument, NoFixedPoint
from theory.network.critical_decay import checked_data
from theory.settings import one_number, positive, representable, whole_number

__all__ = ["LinearNetwork", "linear_network"]

NEGLIGIBLE = 1e-4  # of the largest singular value: the minimiser leaves such rests where the optimum has zeros
ROUNDING = 1e-12  # of a cost


@dataclass(frozen=True, eq=False)
class LinearNetwork:
    """The minimum of a wide linear network, made by `linear_network`.

    Attributes
    ----------
    singular_values : ndarray, shape (min(classes, inputs),)
        Of A, falling.
    cost : float
        The regularised cost C*.
    duality_gap : float
        By how much, at most, `cost` is above the minimum.
    iterations : int
        Of the minimiser.
    inputs, classes : int
        The two sides of A.
    """

    singular_values: np.ndarray
    cost: float
    duality_gap: float
    iterations: int
    inputs: int
    classes: int

    @property
    def rank(self) -> int:
        """Number of singular values above 1e-4 of the largest."""
        return int((self.singular_values > NEGLIGIBLE * self.singular_values[0]).sum())

    @property
    def norm_sq(self) -> float:
        """W_2 = W_3, the sum of the squared weights of either layer."""
        return float(4 * self.singular_values.sum())

    def rms(self, hidden: int) -> np.ndarray:
        """Return the rms of layers 2 and 3 for a number of hidden neurons, at least the rank."""
        hidden = whole_number("hidden", hidden)
        if hidden < max(self.rank, 1):
            raise InvalidArgument(f"hidden must be at least the rank {self.rank}, got {hidden}. Take more neurons.")
        return np.asarray(np.sqrt(self.norm_sq / (hidden * np.array([self.inputs, self.classes]))))


@representable
def linear_network(
    inputs: ArrayLike,
    labels: ArrayLike,
    lam: float,
    n: float,
    *,
    accuracy: float = 1e-4,
    max_iterations: int = 1000,
) -> LinearNetwork:
    """Predict both layers' norms of a wide network under strong decay.

    Parameters
    ----------
    inputs, labels : array_like
        As in `critical_decay`.
    lam, n : float
        Weight decay and training examples, as in `theory.equilibrium`.
    accuracy : float
        The largest duality gap, relative to the cost, that counts as converged.
    max_iterations : int
        Of L-BFGS on the two factors of A.

    Returns
    -------
    LinearNetwork

    Raises
    ------
    InvalidArgument
        As in `critical_decay`, or a number out of range.
    NoFixedPoint
        If the duality gap stays above `accuracy`.

    Examples
    --------
    >>> net = linear_network([[0.0], [0.0], [1.0], [1.0]], [0, 0, 1, 1], lam=0.34, n=4)
    >>> net.rank, round(net.norm_sq, 3)
    (1, 0.868)
    """
    x, y = checked_data(inputs, labels)
    lam, n, accuracy = one_number("lam", lam), one_number("n", n), one_number("accuracy", accuracy)
    for name, value in (("lam", lam), ("n", n), ("accuracy", accuracy)):
        positive(name, value)
    problem = _Problem(x - x.mean(axis=0), y, lam / n)
    answer, iterations = problem.certified(np.zeros((y.shape[1], x.shape[1]))), 0
    if answer[2] > ROUNDING * answer[1]:  # no weights are the minimum only above the critical decay
        found, iterations = problem.minimum(whole_number("max_iterations", max_iterations), accuracy)
        answer = problem.certified(found)
    singular, cost, gap = answer
    if not gap <= accuracy * cost:
        raise NoFixedPoint(
            f"linear_network stopped after {iterations} iterations with a duality gap of {gap / cost:.2g} of the cost, "
            f"above accuracy = {accuracy:g}. Raise max_iterations or accuracy."
        )
    return LinearNetwork(singular, cost, max(gap, 0.0), iterations, x.shape[1], y.shape[1])


@dataclass(frozen=True)
class _Problem:
    """Centred inputs, one-hot labels and k = lambda/n."""

    x: np.ndarray
    y: np.ndarray
    k: float

    def minimum(self, max_iterations: int, accuracy: float) -> tuple[np.ndarray, int]:
        """Return the best A found and the iterations: L-BFGS on the layers themselves, A = U V / 4.

        The factors have no minimum but the convex problem's; the start is along the modes of the covariance, of the
        size that each would have alone.
        """
        from scipy.optimize import minimize

        frequency = self.y.mean(axis=0)
        u, s, e = np.linalg.svd((self.y - frequency).T @ self.x / len(self.x), full_matrices=False)
        spread = (self.x @ e[0]).var() * (u[:, 0] ** 2 @ (frequency * (1 - frequency)))
        size = np.sqrt(4 * (s[0] - 4 * self.k) / spread) if s[0] > 4 * self.k else 1.0
        start = np.concatenate([(size * u).ravel(), (size * e).ravel(), np.log(frequency / (1 - frequency))])
        options: dict[str, float] = {"maxiter": max_iterations, "maxfun": 2 * max_iterations, "maxcor": 20}
        options |= {
            "ftol": 1e-3 * accuracy**2,
            "gtol": 1e-5 * accuracy,
        }  # the gap is first order in what the cost squares
        done = minimize(self._cost, start, args=(u.shape, e.shape), jac=True, method="L-BFGS-B", options=options)
        into_outputs, into_hidden, _ = _layers(done.x, u.shape, e.shape)
        return into_outputs @ into_hidden / 4, int(done.nit)

    def _cost(self, weights: np.ndarray, outer: tuple[int, int], inner: tuple[int, int]) -> tuple[float, np.ndarray]:
        """Return the regularised cost of the two layers and the output biases, and its gradient."""
        into_outputs, into_hidden, bias = _layers(weights, outer, inner)
        hidden = self.x @ into_hidden.T / 4
        cost, outputs = self._fit(hidden @ into_outputs.T + bias)
        error = (outputs - self.y) / len(self.x)
        gradient = [
            (error.T @ hidden + self.k * into_outputs).ravel(),
            (into_outputs.T @ (error.T @ self.x) / 4 + self.k * into_hidden).ravel(),
            error.sum(axis=0),
        ]
        penalty = self.k / 2 * ((into_outputs**2).sum() + (into_hidden**2).sum())
        return cost + float(penalty), np.concatenate(gradient)

    def _fit(self, activation: np.ndarray) -> tuple[float, np.ndarray]:
        """Return C_0 and the outputs."""
        decayed = np.exp(-np.abs(activation))
        softplus = np.maximum(activation, 0) + np.log1p(decayed)
        outputs = np.where(activation >= 0, 1.0, decayed) / (1 + decayed)
        return float((softplus - self.y * activation).sum() / len(self.x)), outputs

    def certified(self, a: np.ndarray) -> tuple[np.ndarray, float, float]:
        """Return A's singular values, the cost with the best biases, and the duality gap."""
        from scipy.special import entr

        activation = self._with_best_bias(self.x @ a.T)
        cost, outputs = self._fit(activation)
        error = outputs - self.y
        singular = np.linalg.svd(a, compute_uv=False)
        strongest = np.linalg.norm(error.T @ self.x / len(self.x), 2)
        allowed = min(1.0, 4 * self.k / strongest) if strongest > 0 else 1.0
        dual = self.y + allowed * error
        bound = float((entr(dual) + entr(1 - dual)).sum() / len(self.x))
        cost += float(4 * self.k * singular.sum())
        return singular, cost, cost - bound

    def _with_best_bias(self, activation: np.ndarray) -> np.ndarray:
        """Add the biases at which every output is right on average; the bound needs errors of mean zero."""
        from scipy.optimize import brentq
        from scipy.special import expit, logit

        shifted = np.empty_like(activation)
        for j, (column, frequency) in enumerate(zip(activation.T, self.y.mean(axis=0), strict=True)):
            ends = logit(frequency) - column.max() - 1e-9, logit(frequency) - column.min() + 1e-9
            bias = brentq(lambda b: (expit(column + b)).mean() - frequency, *ends, xtol=1e-13)  # noqa: B023
            shifted[:, j] = column + bias
        return shifted


def _layers(
    weights: np.ndarray, outer: tuple[int, int], inner: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cut a row of all weights into the two layers and the output biases."""
    first, second = outer[0] * outer[1], inner[0] * inner[1]
    return weights[:first].reshape(outer), weights[first : first + second].reshape(inner), weights[first + second :]
