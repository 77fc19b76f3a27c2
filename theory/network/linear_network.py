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
infinitely wide sigmoid network. Exact within the duality gap; to leading order in it the norm is off by a fraction of
at most sqrt(2 q gap / P), P the penalty and -q the exponent of lambda in the norm. (By the envelope law the map found
bounds the cost at neighbouring decays too, and those two tangents bound the norm.) What is seen is far less: the gap is
of first order in what is left of the gradient, the error of the cost of second.

References
----------
N. Srebro, J. Rennie, T. Jaakkola, "Maximum-margin matrix factorization", NIPS 2004, for factor norms and the nuclear
norm; Boyd and Vandenberghe, "Convex Optimization" (2004), chapter 5, for the certificate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from theory.errors import InvalidArgument, NoFixedPoint
from theory.network.critical_decay import checked_data, covariance_modes, norm_of_one_mode
from theory.settings import one_number, positive, representable, whole_number
from theory.settings.notebook import InNotebook

__all__ = ["LinearNetwork", "linear_network"]

NEGLIGIBLE = 1e-4  # of the largest singular value: the minimiser leaves such rests where the optimum has zeros
ROUNDING = 1e-12  # of a cost
SINGLE = 3e-3  # relative duality gap down to which single precision serves
BETWEEN_GAPS = 10  # iterations from one look at the duality gap to the next


@dataclass(frozen=True, eq=False)
class LinearNetwork(InNotebook, answer=("norm_sq",)):
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
        The largest duality gap, relative to the penalty, that counts as converged: for what it says of the norm see
        the module's range.
    max_iterations : int
        Of L-BFGS on the two layers.

    Returns
    -------
    LinearNetwork

    Raises
    ------
    InvalidArgument
        As in `critical_decay`, or a number out of range.
    NoFixedPoint
        If the duality gap stays above `accuracy`.

    Notes
    -----
    MNIST's 50,000 images take 5 s of one core at lam = 1000 to 4000, 6 s at 350, 16 s at 30, and 24 s at 30 with
    accuracy = 1e-6. The norm moves by 5e-6 between the last two. A start from a neighbouring decay saves nothing.

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
    varying = x[:, np.ptp(x, axis=0) > 0]  # an input that is always the same has no weight at the minimum
    problem = _Problem(varying - varying.mean(axis=0), y, lam / n)
    found, iterations = problem.certified(np.zeros((y.shape[1], varying.shape[1]))), 0
    if not found.within(accuracy):  # no weights are the minimum only above the critical decay
        found, iterations = problem.minimum(whole_number("max_iterations", max_iterations), accuracy)
    if not found.within(accuracy):
        raise NoFixedPoint(
            f"linear_network stopped after {iterations} iterations with a duality gap of "
            f"{found.gap / found.penalty:.2g} of the penalty, above accuracy = {accuracy:g}. Raise max_iterations or "
            "accuracy."
        )
    singular = np.zeros(min(y.shape[1], x.shape[1]))
    singular[: len(found.singular)] = found.singular
    return LinearNetwork(singular, found.cost, max(found.gap, 0.0), iterations, x.shape[1], y.shape[1])


class _Certified(NamedTuple):
    """A's singular values, the cost with the best biases, the penalty in it, and the duality gap."""

    singular: np.ndarray
    cost: float
    penalty: float
    gap: float

    def within(self, accuracy: float) -> bool:
        """Whether the gap is small enough, or lost in rounding."""
        return self.gap <= max(accuracy * self.penalty, ROUNDING * self.cost)


@dataclass(frozen=True)
class _Problem:
    """Centred inputs, one-hot labels, both of one precision, and k = lambda/n."""

    x: np.ndarray
    y: np.ndarray
    k: float

    def minimum(self, max_iterations: int, accuracy: float) -> tuple[_Certified, int]:
        """Return the best A found, certified, and the iterations: in single precision first, for speed."""
        rounded = _Problem(self.x.astype(np.float32), self.y.astype(np.float32), self.k)
        weights, iterations = rounded.search(self._start(), max_iterations, max(accuracy, SINGLE))
        found = self.certified(self._map(weights))
        if not found.within(accuracy):
            weights, more = self.search(weights, max_iterations - iterations, accuracy)
            found, iterations = self.certified(self._map(weights)), iterations + more
        return found, iterations

    def _start(self) -> np.ndarray:
        """Return layers along the modes of the covariance, of the size that each would have alone, and their biases."""
        frequency = self.y.mean(axis=0)
        u, s, e = modes = covariance_modes(self.x, self.y)
        size = np.sqrt(norm_of_one_mode(self.x, self.y, modes, self.k)) if s[0] > 4 * self.k else 1.0
        return np.concatenate([(size * u).ravel(), (size * e).ravel(), np.log(frequency / (1 - frequency))])

    def search(self, start: np.ndarray, max_iterations: int, accuracy: float) -> tuple[np.ndarray, int]:
        """Run L-BFGS on the layers themselves, A = U V / 4, until the duality gap is small enough.

        The factors have no minimum but the convex problem's. L-BFGS has no say in when to stop: the gap has.
        """
        from scipy.optimize import OptimizeResult, minimize

        done = 0

        def stop(intermediate_result: OptimizeResult) -> None:
            nonlocal done
            done += 1
            if done % BETWEEN_GAPS == 0 and self.certified(self._map(intermediate_result.x)).within(accuracy):
                raise StopIteration

        options = {"maxiter": max_iterations, "maxfun": 10 * max_iterations, "maxcor": 50, "ftol": 0.0, "gtol": 0.0}
        if max_iterations > 0:
            start = minimize(self._cost, start, jac=True, method="L-BFGS-B", callback=stop, options=options).x
        return start, done

    def _cost(self, weights: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the regularised cost of the two layers and the output biases, and its gradient."""
        into_outputs, into_hidden, bias = self._layers(weights)
        cost, outputs = self._fit(self._activation(into_outputs @ into_hidden / 4) + bias.astype(self.x.dtype))
        error = outputs - self.y
        by_map = (error.T @ self.x).astype(float) / len(self.x)
        gradient = [
            (by_map @ into_hidden.T / 4 + self.k * into_outputs).ravel(),
            (into_outputs.T @ by_map / 4 + self.k * into_hidden).ravel(),
            error.sum(axis=0, dtype=float) / len(self.x),
        ]
        penalty = self.k / 2 * ((into_outputs**2).sum() + (into_hidden**2).sum())
        return cost + float(penalty), np.concatenate(gradient)

    def _layers(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cut a row of all weights into the two layers and the output biases."""
        classes, inputs = self.y.shape[1], self.x.shape[1]
        hidden = min(classes, inputs)
        outer, inner, bias = np.split(weights, [classes * hidden, (classes + inputs) * hidden])
        return outer.reshape(classes, hidden), inner.reshape(hidden, inputs), bias

    def _map(self, weights: np.ndarray) -> np.ndarray:
        """Return A."""
        into_outputs, into_hidden, _ = self._layers(weights)
        return np.asarray(into_outputs @ into_hidden / 4)

    def _activation(self, a: np.ndarray) -> np.ndarray:
        """Return A x of all examples."""
        return np.asarray(self.x @ a.T.astype(self.x.dtype))

    def _fit(self, activation: np.ndarray) -> tuple[float, np.ndarray]:
        """Return C_0 and the outputs."""
        decayed = np.exp(-np.abs(activation))
        outputs = np.where(activation >= 0, 1, decayed) / (1 + decayed)
        loss = np.maximum(activation, 0) - self.y * activation + np.log1p(decayed)
        return float(loss.sum(dtype=float) / len(self.x)), outputs

    def certified(self, a: np.ndarray) -> _Certified:
        """Return what is known of A."""
        from scipy.special import entr

        activation = self._with_best_bias(self._activation(a).astype(float))
        cost, outputs = self._fit(activation)
        error = outputs - self.y
        singular = np.linalg.svd(a, compute_uv=False)
        strongest = np.linalg.norm(error.astype(self.x.dtype).T @ self.x / len(self.x), 2)
        allowed = min(1.0, 4 * self.k / strongest) if strongest > 0 else 1.0
        dual = self.y + allowed * error
        bound = float((entr(dual) + entr(1 - dual)).sum() / len(self.x))
        penalty = float(4 * self.k * singular.sum())
        return _Certified(singular, cost + penalty, penalty, cost + penalty - bound)

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
