r"""A sigmoid network's layers before any training, from the data's norms and overlaps: mean field at initialisation.

.. math:: \langle w_l, g_l \rangle = \frac{\partial E C_0}{\partial \ln s_l}

for weights of layer l drawn from N(0, s_l^2). In the mean field the expected cost is a function of the pre-activation
variances, which follow from each other layer by layer,

    V_1 = s_1^2 ||x||^2 + s_b^2,      V_(l+1) = s_(l+1)^2 n_l E[sigma(z)^2] + s_b^2,   z from N(0, V_l),

and so do the gradients' squares, backwards. A minibatch of m examples adds up gradients of different examples:
E||g||^2 = G_1 / m + (1 - 1/m) G_12, where the pair's part needs the covariances of two examples' pre-activations, and
so the overlaps x . x' beside the norms.

Assumptions
-----------
1. Weights and biases are Gaussian, independent and fresh: before training.
2. Layers are wide: sums over a layer are replaced by their means. Weights used backwards are independent of those used
   forwards (gradient independence).
3. Labels are one-hot, independent of the inputs, all classes equally frequent.

Range: any depth and widths. Leading error order: one over the width of the hidden layers.

References
----------
Poole, Lahiri, Raghu, Sohl-Dickstein, Ganguli, "Exponential expressivity in deep neural networks through transient
chaos", NeurIPS 2016 (arXiv:1606.05340); Schoenholz, Gilmer, Ganguli, Sohl-Dickstein, "Deep information propagation",
ICLR 2017 (arXiv:1611.01232).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.errors import InvalidArgument
from theory.layer.budget import Budget, norm_budget
from theory.network.sigmoid_means import Function, bend, mean, pair_mean, sigmoid, slope
from theory.settings import finite, non_negative, positive, whole_number

__all__ = ["MeanField", "mean_field"]

PAIRS = 4000  # of examples: the standard error of their mean is then below 1%
SATURATED = 2.0  # standard deviation of the pre-activation at which a sigmoid counts as leaving saturation


@dataclass(frozen=True)
class MeanField:
    """What the mean field says of each layer of weights; every array has one entry per layer (2, 3, ...).

    Attributes
    ----------
    preactivation_variance : ndarray
        E z^2, averaged over the inputs.
    norm_sq, grad_sq, alignment : ndarray
        E||w||^2, E||g||^2 and E<w, g>, g the mean gradient of a minibatch.
    saturation_scale : ndarray
        The scale of the weights at which the pre-activations have standard deviation 2: 2 / sqrt(E||x||^2) in layer 2.
    """

    preactivation_variance: np.ndarray
    norm_sq: np.ndarray
    grad_sq: np.ndarray
    alignment: np.ndarray
    saturation_scale: np.ndarray

    def budget(self, n: float, lam: float, eta: float) -> Budget:
        """Return the first step's change of each layer's ||w||^2: decay, noise, signal."""
        return norm_budget(n, lam, eta, norm_sq=self.norm_sq, grad_sq=self.grad_sq, alignment=self.alignment)

    def decay_ratio(self, n: float, lam: float, eta: float) -> np.ndarray:
        """Return decay over gradient drive for each layer: above 1 where decay dominates the first step (claim 1)."""
        budget = self.budget(n, lam, eta)
        return np.asarray(-budget.decay / np.abs(budget.noise + budget.signal))


def mean_field(
    sizes: Sequence[int],
    *,
    inputs: Any = None,
    squared_norm: Any = None,
    init: str = "large",
    cost: str = "cross-entropy",
    batch_size: int = 1,
    bias_std: float = 1.0,
) -> MeanField:
    """Predict pre-activations, gradients and alignments of an untrained sigmoid network.

    Parameters
    ----------
    sizes : sequence of int
        Neurons of each layer, the inputs first.
    inputs : array_like, shape (examples, inputs), optional
        A sample of the data, a few hundred examples; needed for a `batch_size` above 1. Their order does not matter.
    squared_norm : float or array_like, optional
        ||x||^2: its mean, or a sample of its distribution. Give this or `inputs`.
    init : {"large", "default"}
        Weights from N(0, 1) or N(0, 1/fan_in).
    cost : {"cross-entropy", "quadratic"}
    batch_size : int
        Examples per step.
    bias_std : float
        Standard deviation of the biases.

    Returns
    -------
    MeanField

    Raises
    ------
    InvalidArgument
        A number out of range; both or neither of `inputs` and `squared_norm`; a minibatch without `inputs`.

    References
    ----------
    See the module's docstring.

    Examples
    --------
    >>> field = mean_field((784, 30, 10), squared_norm=88.06, init="default")
    >>> print(field.grad_sq.round(1), field.alignment.round(3), field.saturation_scale[0].round(4))
    [11.6 26.9] [0.007 0.588] 0.2131
    """
    widths = [whole_number("sizes", size) for size in sizes]
    if len(widths) < 2:
        raise InvalidArgument(f"sizes must name the inputs and at least one layer, got {tuple(sizes)}.")
    norms, pairs = _inputs(inputs, squared_norm, widths[0], whole_number("batch_size", batch_size))
    non_negative("bias_std", bias_std)
    if init not in ("large", "default") or cost not in ("cross-entropy", "quadratic"):
        raise InvalidArgument(
            f"init must be large or default, cost cross-entropy or quadratic; got {init!r}, {cost!r}."
        )
    std_sq = [1.0 if init == "large" else 1.0 / fan_in for fan_in in widths[:-1]]
    forward = _Forward.of(widths, std_sq, bias_std, norms)
    grad_sq = _grad_sq(widths, std_sq, forward, cost)
    if pairs is not None:
        pair = _pair_grad(widths, std_sq, bias_std, forward, cost, pairs)
        grad_sq = grad_sq / batch_size + (1 - 1 / batch_size) * pair
    fan_in, fan_out = np.array(widths[:-1]), np.array(widths[1:])
    return MeanField(
        np.array([v.mean() for v in forward.variance]),
        fan_in * fan_out * np.array(std_sq),
        grad_sq,
        _alignment(widths, std_sq, bias_std, forward, cost),
        np.array([SATURATED / np.sqrt(before.mean()) for before in forward.norm_before]),
    )


@dataclass(frozen=True)
class _Pairs:
    """Pairs of different examples: which they are, and their overlaps x . x'."""

    one: np.ndarray
    two: np.ndarray
    overlap: np.ndarray

    @classmethod
    def of(cls, sample: np.ndarray) -> _Pairs:
        """Return all pairs of a small sample, or as many as are enough, drawn evenly: neighbours may be alike."""
        one, two = np.triu_indices(len(sample), 1)
        if len(one) > PAIRS:
            chosen = np.random.default_rng(0).choice(len(one), PAIRS, replace=False)
            one, two = one[chosen], two[chosen]
        return cls(one, two, np.einsum("pi,pi->p", sample[one], sample[two]))

    def mean(self, f: Function, variance: np.ndarray, covariance: np.ndarray) -> np.ndarray:
        """Return E f(z) f(z') of every pair, from the variance of every example and the pairs' covariances."""
        return pair_mean(f, variance[self.one], variance[self.two], covariance)


def _inputs(inputs: Any, squared_norm: Any, fan_in: int, batch_size: int) -> tuple[np.ndarray, _Pairs | None]:
    """Return a sample of ||x||^2, and for a minibatch pairs of examples."""
    if (inputs is None) == (squared_norm is None):
        raise InvalidArgument("give either inputs (a sample of the data) or squared_norm (||x||^2), and not both.")
    if inputs is not None:
        sample = np.asarray(inputs, dtype=float)
        finite("inputs", sample)
        if sample.ndim != 2 or len(sample) < 2 or sample.shape[1] != fan_in:
            raise InvalidArgument(
                f"inputs must be a table of at least two examples of sizes[0] = {fan_in} inputs, got shape "
                f"{sample.shape}."
            )
        norms = (sample**2).sum(axis=1)
        if not norms.any():
            raise InvalidArgument("inputs must not be all zero: there is no scale to predict.")
        return norms, _Pairs.of(sample) if batch_size > 1 else None
    if batch_size > 1:
        raise InvalidArgument(f"batch_size = {batch_size} needs inputs: the overlaps of examples, not ||x||^2 alone.")
    norms = np.atleast_1d(np.asarray(squared_norm, dtype=float))
    if not norms.size:
        raise InvalidArgument("squared_norm must hold at least one number, got none.")
    positive("squared_norm", norms)
    return norms, None


@dataclass(frozen=True)
class _Forward:
    """Pre-activation variances, and the squared norms of the activations they come from, per layer and example."""

    variance: list[np.ndarray]
    norm_before: list[np.ndarray]

    @classmethod
    def of(cls, widths: list[int], std_sq: list[float], bias_std: float, norms: np.ndarray) -> _Forward:
        variance, norm_before = [], [norms]
        for layer, s_sq in enumerate(std_sq, 1):
            variance.append(s_sq * norm_before[-1] + bias_std**2)
            norm_before.append(widths[layer] * mean(lambda z: sigmoid(z) ** 2, variance[-1]))
        return cls(variance, norm_before[:-1])


def _alignment(widths: list[int], std_sq: list[float], bias_std: float, forward: _Forward, cost: str) -> np.ndarray:
    """Return E<w_l, g_l> = dE C0 / d ln s_l by the chain rule through the variances (dE f / dV = E f'' / 2)."""
    y = 1 / widths[-1]

    def cost_bend(z: np.ndarray) -> np.ndarray:  # C'' averaged over the labels
        return slope(z) if cost == "cross-entropy" else slope(z) ** 2 + (sigmoid(z) - y) * bend(z)

    cost_slope = widths[-1] * mean(cost_bend, forward.variance[-1])  # 2 dE C0 / dV of the output layer
    out: list[float] = []
    for layer in range(len(std_sq) - 1, -1, -1):
        if layer < len(std_sq) - 1:
            grows = mean(lambda z: slope(z) ** 2 + sigmoid(z) * bend(z), forward.variance[layer])
            cost_slope = cost_slope * std_sq[layer + 1] * widths[layer + 1] * grows
        out.insert(0, float((cost_slope * (forward.variance[layer] - bias_std**2)).mean()))
    return np.array(out)


def _output_error(cost: str) -> tuple[Function, Function]:
    """Return the functions p, q of z such that the output error is p(z) - y q(z), y the label."""
    if cost == "cross-entropy":
        return sigmoid, np.ones_like
    return (lambda z: sigmoid(z) * slope(z)), slope


def _grad_sq(widths: list[int], std_sq: list[float], forward: _Forward, cost: str) -> np.ndarray:
    """Return E||g_l||^2 of a single example, averaged over the examples."""
    p, q = _output_error(cost)
    y = 1 / widths[-1]
    error = mean(lambda z: p(z) ** 2 - 2 * y * p(z) * q(z) + y * q(z) ** 2, forward.variance[-1])
    out: list[float] = []
    for layer in range(len(std_sq) - 1, -1, -1):
        if layer < len(std_sq) - 1:
            back = widths[layer + 2] * std_sq[layer + 1] * error
            error = mean(lambda z: slope(z) ** 2, forward.variance[layer]) * back
        out.insert(0, float((widths[layer + 1] * error * forward.norm_before[layer]).mean()))
    return np.array(out)


def _pair_grad(
    widths: list[int], std_sq: list[float], bias_std: float, forward: _Forward, cost: str, pairs: _Pairs
) -> np.ndarray:
    """Return E<g_l, g_l'> of two different examples, averaged over the pairs."""
    covariance, overlap_before = [], [pairs.overlap]
    for layer, s_sq in enumerate(std_sq):
        covariance.append(s_sq * overlap_before[-1] + bias_std**2)
        overlap_before.append(widths[layer + 1] * pairs.mean(sigmoid, forward.variance[layer], covariance[-1]))
    p, q = _output_error(cost)
    y = 1 / widths[-1]  # two labels agree with probability y, so that E y y' of one output is y^2: independent
    error = pairs.mean(lambda z: p(z) - y * q(z), forward.variance[-1], covariance[-1])
    out: list[float] = []
    for layer in range(len(std_sq) - 1, -1, -1):
        if layer < len(std_sq) - 1:
            back = widths[layer + 2] * std_sq[layer + 1] * error
            error = pairs.mean(slope, forward.variance[layer], covariance[layer]) * back
        out.insert(0, float((widths[layer + 1] * error * overlap_before[layer]).mean()))
    return np.array(out)
