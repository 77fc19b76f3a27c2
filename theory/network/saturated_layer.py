r"""A saturated hidden layer: which part of its noise is awake, 1/||w||, and why lambda^(-1/3) is one limit and no law.

Multiply the weights of a layer of sigmoids by f, the rest of the network unchanged. A neuron answers only to inputs
within a band of width 1/f about its threshold, with the slopes of order one that it always had there. So the squared
gradient of one example falls as 1/f, as the norm rises: E||g||^2 = N / ||w||. With stationary biases the alignment
E <w, g> is the mean of the sum over the neurons of z s'(z) h, z a neuron's input and h the error sent back to it: the
mean of s'(z) h, the bias's gradient, vanishes. It has two parts: the error's response to the neuron itself, which
always pulls inwards and falls as 1/f, and a drift by errors that the neuron does not cause, of either sign, which falls
as 1/f^2. With W = ||w||^2, k = lambda/n and T = eta/m,

.. math:: 2 k W = \frac{T N - R}{\sqrt{W}} + \frac{S}{W}

Noise alone, R = S = 0, holds the layer at

.. math:: W = \Big(\frac{\eta n N}{2 m \lambda}\Big)^{2/3}

and its rms goes as lambda^(-1/3): so does `theory.saturated_unit` with A > 0. In general, with nu the noise's share of
what holds the layer and sigma the logarithmic slope in W of the rest,

.. math:: p = -\frac{1}{2 + \nu - 2 (1 - \nu) \sigma}

-1/3 at nu = 1, -1/(2 - 2 sigma) at nu = 0. A trained network at small T sits near nu = 0, at a minimum of its
regularised cost, where response and drift are both large and nearly cancel: the signal is then no power of W, sigma
runs, and the exponent is that of `theory.exponent_of_lam`.

Assumptions
-----------
1. Layer 3, the residuals' size and the inputs' density at the thresholds stay as W changes; f large, so that what is
   awake lies at the threshold.
2. Steps are small: the norm balance of `theory.norm_balance`, in which only T = eta/m enters.

Range: the powers of f for f from 1 up in a layer that is saturated already (the agreement tests measure how far);
towards f = 0 outputs become wrong and none of it holds. Leading error: relative 1/f^2 in the noise, 1/f^2 in the drift.

References
----------
Derived here; for the single unit see `theory.committee.saturation`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from theory.errors import InvalidArgument
from theory.settings import check_range, finite, one_number, positive, representable

__all__ = ["exponent_with_noise", "noise_held_norm"]


@representable
def noise_held_norm(n: float, lam: float, eta: float, noise: float, *, batch_size: float = 1.0) -> float:
    """Return the squared norm at which noise alone holds a saturated layer.

    Parameters
    ----------
    n, lam, eta : float
        As in `theory.equilibrium`.
    noise : float
        N = E||g||^2 ||w||, g the gradient of one example's cost in the layer.
    batch_size : float
        Examples per step.

    Returns
    -------
    float

    Raises
    ------
    InvalidArgument
        A number that is not positive.

    Examples
    --------
    >>> round(noise_held_norm(50_000, 5.0, 0.1, 40.0, batch_size=10), 1)
    158.7
    """
    values = {"n": n, "lam": lam, "eta": eta, "noise": noise, "batch_size": batch_size}
    values = {name: one_number(name, value) for name, value in values.items()}
    for name, value in values.items():
        positive(name, value)
    rate = values["eta"] / values["batch_size"]
    return float(_law("noise alone", "N", "T", "k")(values["noise"], rate, values["lam"] / values["n"]))


@representable
def exponent_with_noise(noise_share: float, signal_slope: float) -> float:
    """Return d ln rms / d ln lam of a saturated layer, from the noise's share and the slope of the rest.

    Parameters
    ----------
    noise_share : float
        nu, from 0 to 1: (eta/m) E||g||^2 over 2 (lam/n) W, g the gradient of one example.
    signal_slope : float
        sigma = d ln(-<w, g>) / d ln W, layer 3 and all else following; below 1, or there is no stable balance.

    Raises
    ------
    InvalidArgument
        A share outside 0 to 1, or a slope at which nothing is stable.

    Examples
    --------
    >>> round(exponent_with_noise(1.0, 0.0), 4), round(exponent_with_noise(0.0, -0.5), 4)
    (-0.3333, -0.3333)
    >>> round(exponent_with_noise(0.3, -1.0), 4)
    -0.2703
    """
    noise_share, signal_slope = one_number("noise_share", noise_share), one_number("signal_slope", signal_slope)
    check_range("noise_share", noise_share, 0.0, 1.0, ends=(True, True))
    finite("signal_slope", signal_slope)
    inverse, steepest = _balance_of_slopes()
    over = inverse(noise_share, signal_slope)
    if over >= 0:
        raise InvalidArgument(
            f"signal_slope must be below {steepest(noise_share):g} at this share of the noise, got "
            f"{signal_slope:g}: a drive that rises faster than the decay holds no layer. Measure it again."
        )
    return float(1 / over)


@lru_cache
def _balance_of_slopes() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Compile one over the exponent, and the slope of the signal at which it vanishes and nothing is stable."""
    import sympy as sp

    from theory.network.saturated_layer_derivation import derive_saturated_layer, share, slope

    inverse = 1 / derive_saturated_layer()["exponent"].rhs
    (steepest,) = sp.solve(inverse, slope)
    return sp.lambdify([share, slope], inverse, "numpy"), sp.lambdify(share, steepest, "numpy")


@lru_cache
def _law(step: str, *arguments: str) -> Callable[..., Any]:
    """Compile the right-hand side of a step of the derivation as a function of the symbols of the given names."""
    import sympy as sp

    from theory.network.saturated_layer_derivation import derive_saturated_layer

    found = derive_saturated_layer()[step].rhs
    symbols = {symbol.name: symbol for symbol in found.free_symbols}
    return sp.lambdify([symbols[name] for name in arguments], found, "numpy")
