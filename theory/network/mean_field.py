r"""A sigmoid network's layers before any training, from the data's norms and overlaps: mean field at initialisation.

In the mean field the pre-activation variances follow from each other layer by layer, and so do the gradients' squares,
backwards (`theory.network.signal_propagation`). A minibatch of m examples averages the gradients of different examples:

.. math:: E\|g\|^2 = \frac{G_1}{m} + \left(1 - \frac{1}{m}\right) G_2

with G_1 = E||g||^2 of one example and G_2 = E<g, g'> of two, which needs the covariances of two examples'
pre-activations, and so the overlaps x . x' beside the norms.

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

import numpy as np
from numpy.typing import ArrayLike

from theory.errors import InvalidArgument
from theory.layer.budget import Budget, norm_budget
from theory.network.signal_propagation import Forward, Pairs, mean_alignment, mean_grad_sq, pair_grad_product
from theory.settings import finite, non_negative, numbers, one_number, positive, representable, shown, whole_number
from theory.settings.notebook import InNotebook

__all__ = ["MeanField", "mean_field"]

SATURATED = 2.0  # standard deviation of the pre-activation at which a sigmoid counts as leaving saturation


@dataclass(frozen=True)
class MeanField(InNotebook, answer=("norm_sq", "alignment")):
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

    @representable
    def decay_ratio(self, n: float, lam: float, eta: float) -> np.ndarray:
        """Return decay over gradient drive for each layer: above 1 where decay dominates the first step (claim 1)."""
        budget = self.budget(n, lam, eta)
        return np.asarray(-budget.decay / np.abs(budget.noise + budget.signal))


@representable
def mean_field(
    sizes: Sequence[int],
    *,
    inputs: ArrayLike | None = None,
    squared_norm: ArrayLike | None = None,
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
    if not isinstance(sizes, (Sequence, np.ndarray)) or isinstance(sizes, (str, bytes)):
        raise InvalidArgument(f"sizes must be a sequence of whole numbers, got {shown(sizes)}.")
    widths = [whole_number("sizes", size) for size in sizes]
    if len(widths) < 2:
        raise InvalidArgument(f"sizes must name the inputs and at least one layer, got {tuple(sizes)}.")
    norms, pairs = _inputs(inputs, squared_norm, widths[0], whole_number("batch_size", batch_size))
    bias_std = one_number("bias_std", bias_std)
    non_negative("bias_std", bias_std)
    if init not in ("large", "default") or cost not in ("cross-entropy", "quadratic"):
        raise InvalidArgument(
            f"init must be large or default, cost cross-entropy or quadratic; got {init!r}, {cost!r}."
        )
    std_sq = [1.0 if init == "large" else 1.0 / fan_in for fan_in in widths[:-1]]
    forward = Forward.of(widths, std_sq, bias_std, norms)
    grad_sq = mean_grad_sq(widths, std_sq, forward, cost)
    if pairs is not None:
        pair = pair_grad_product(widths, std_sq, bias_std, forward, cost, pairs)
        grad_sq = grad_sq / batch_size + (1 - 1 / batch_size) * pair
    fan_in, fan_out = np.array(widths[:-1]), np.array(widths[1:])
    return MeanField(
        np.array([v.mean() for v in forward.variance]),
        fan_in * fan_out * np.array(std_sq),
        grad_sq,
        mean_alignment(widths, std_sq, bias_std, forward, cost),
        np.array([SATURATED / np.sqrt(before.mean()) for before in forward.norm_before]),
    )


def _inputs(
    inputs: ArrayLike | None, squared_norm: ArrayLike | None, fan_in: int, batch_size: int
) -> tuple[np.ndarray, Pairs | None]:
    """Return a sample of ||x||^2, and for a minibatch pairs of examples."""
    if (inputs is None) == (squared_norm is None):
        raise InvalidArgument("give either inputs (a sample of the data) or squared_norm (||x||^2), and not both.")
    if inputs is not None:
        sample = numbers("inputs", inputs).astype(float)
        finite("inputs", sample)
        if sample.ndim != 2 or len(sample) < 2 or sample.shape[1] != fan_in:
            raise InvalidArgument(
                f"inputs must be a table of at least two examples of sizes[0] = {fan_in} inputs, got shape "
                f"{sample.shape}."
            )
        norms = (sample**2).sum(axis=1)
        if not norms.any():
            raise InvalidArgument("inputs must not be all zero: there is no scale to predict.")
        return norms, Pairs.of(sample) if batch_size > 1 else None
    if batch_size > 1:
        raise InvalidArgument(f"batch_size = {batch_size} needs inputs: the overlaps of examples, not ||x||^2 alone.")
    norms = np.atleast_1d(numbers("squared_norm", squared_norm).astype(float))
    if not norms.size:
        raise InvalidArgument("squared_norm must hold at least one number, got none.")
    positive("squared_norm", norms)
    return norms, None
