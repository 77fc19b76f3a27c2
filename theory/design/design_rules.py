r"""What to set: the decay that gives a wanted scale or memory, and how to rescale when the training set-up changes.

.. math:: \frac{E w^2}{\eta^2 \sigma^2} = f(x), \qquad \tau = g(x), \qquad x = \eta\lambda/n

Without curvature both the equilibrium (in units of a step) and the memory (in steps) of any optimizer here are
functions of eta lam/n alone, where sigma is 1 for a normalised step. Hence, to leading order, the memory in epochs is
m / (eta lam) times a constant of the optimizer and stays put if eta lam / m does; the scale stays put with it

* under SGD (noise variance as 1/m) if eta goes as m / sqrt(n) and lam as sqrt(n);
* under AdamW and Lion (no noise in the law) if eta goes as sqrt(m / n) and lam as sqrt(m n).

`rescale` solves both conditions exactly and not to leading order.

Assumptions
-----------
1. Those of the optimizer's law, without curvature for `rescale`.
2. The noise of a minibatch gradient has variance (noise of one example)^2 / m, and does not change otherwise.

Range: wherever the optimizer's law holds, on the branch of small rates (the scale falls as lam grows). Exact for the
law; root finding to 1e-12.

References
----------
Wang and Aitchison, "How to set AdamW's weight decay as you scale model and dataset size", 2024 (arXiv:2405.13698): the
memory in epochs is what to hold. Goyal et al., "Accurate, Large Minibatch SGD", 2017 (arXiv:1706.02677): eta as m.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.errors import InvalidArgument, NoEquilibrium
from theory.settings import SGD, positive
from theory.weight.equilibrium import equilibrium
from theory.weight.stationary import Equilibrium

__all__ = ["Recipe", "Timescale", "decay_for", "meeting_by_search", "rescale", "timescale"]

PLAIN = SGD()
SAME_LAM = 1e-6  # what root finding leaves open


@dataclass(frozen=True)
class Timescale:
    """How long a weight remembers (made by `timescale`).

    Attributes
    ----------
    steps : float
        Steps in which the weight's memory falls by e: of its start or of the noise, whichever lasts longer.
    epochs : float
        The same in epochs of n / batch_size steps.
    settling_epochs : float
        Epochs in which the excess of E w^2 over its equilibrium falls by e: half of it, unless the noise's memory is
        the longer.
    """

    steps: float
    epochs: float
    settling_epochs: float


@dataclass(frozen=True)
class Recipe:
    """Hyperparameters that keep a training set-up's equilibrium (made by `rescale`).

    Attributes
    ----------
    n, lam, eta, batch_size : float
        The new set-up.
    scale_ratio, memory_ratio : float
        New over old equilibrium scale, and memory in epochs: 1 where they were held.
    """

    n: float
    lam: float
    eta: float
    batch_size: float
    scale_ratio: float
    memory_ratio: float


def timescale(
    n: float, lam: float, eta: float, *, batch_size: float, optimizer: Any = PLAIN, **model: float
) -> Timescale:
    """Return how long a weight remembers, in steps and in epochs.

    Parameters
    ----------
    n, lam, eta : float
        As in `theory.equilibrium`.
    batch_size : float
        Examples per step.
    optimizer : SGD, Adam or Lion
        Default: plain SGD.
    **model : float
        `noise`, `correlation` and `curvature` of `theory.equilibrium`.

    Returns
    -------
    Timescale
        For plain SGD and AdamW about batch_size / (eta lam) epochs.

    Raises
    ------
    InvalidArgument, NoEquilibrium
        As `theory.equilibrium`, or if the batch size is not positive.

    Examples
    --------
    >>> print(f"{timescale(50_000, 5.0, 0.1, batch_size=10).epochs:.3f}")
    20.000
    """
    positive("batch_size", batch_size, "Give the number of examples per step.")
    eq = equilibrium(n, lam, eta, optimizer=optimizer, **model)
    per_epoch = n / batch_size
    return Timescale(eq.relaxation_time, eq.relaxation_time / per_epoch, eq.settling_time / per_epoch)


def decay_for(
    *,
    n: float,
    eta: float,
    scale: float | None = None,
    epochs: float | None = None,
    batch_size: float | None = None,
    optimizer: Any = PLAIN,
    **model: float,
) -> float:
    """Return the lam that gives a wanted equilibrium scale, or a wanted memory in epochs.

    Parameters
    ----------
    n, eta : float
        As in `theory.equilibrium`.
    scale : float, optional
        The wanted rms of a weight. Give this, or epochs and batch_size.
    epochs, batch_size : float, optional
        The wanted relaxation time in epochs of n / batch_size steps.
    optimizer : SGD, Adam or Lion
        Default: plain SGD.
    **model : float
        `noise`, `correlation` and `curvature` of `theory.equilibrium`.

    Returns
    -------
    float
        The smallest such lam.

    Raises
    ------
    InvalidArgument
        If neither or both are asked for, or no lam reaches the scale or memory; the message says what can be reached.

    Examples
    --------
    >>> import theory
    >>> print(f"{decay_for(scale=0.1, n=50_000, eta=0.1):.5f}")
    5.00003
    >>> print(f"{decay_for(scale=0.02, n=50_000, eta=1e-3, optimizer=theory.AdamW()):.1f}")
    61754.2
    """
    if (scale is None) == (epochs is None):
        raise InvalidArgument(f"give either scale or epochs, got scale = {scale} and epochs = {epochs}.")

    def at(lam: float) -> Equilibrium:
        return equilibrium(n, lam, eta, optimizer=optimizer, **model)

    if scale is not None:
        positive("scale", scale)
        return _smallest(lambda lam: at(lam).scale, scale, "scale", float(n))
    if batch_size is None or epochs is None:
        raise InvalidArgument("batch_size must be given with epochs, got None. Give the number of examples per step.")
    positive("epochs", epochs)
    positive("batch_size", batch_size)
    return _smallest(lambda lam: at(lam).relaxation_time, epochs * n / batch_size, "memory in steps", float(n))


def _smallest(quantity: Callable[[float], float], target: float, name: str, n: float) -> float:
    """Return the smallest lam at which a quantity that falls with lam, while lam is small, has its target value."""
    from scipy.optimize import brentq, minimize_scalar

    def excess(log_lam: float) -> float:
        try:
            return float(np.log(quantity(np.exp(log_lam)) / target))
        except (NoEquilibrium, NotImplementedError):  # too strong a decay: beyond the range of the law
            return np.inf

    low = _where_it_begins(excess, float(np.log(n)) - 30)
    if excess(low) < 0:
        raise InvalidArgument(f"{name} must be reachable, got {target:g}: even lam = {np.exp(low):g} gives less.")
    high = low
    while excess(high) > 0 and excess(high + 0.5) < excess(high):
        high += 0.5
    if excess(high) > 0:
        best = minimize_scalar(excess, bounds=(high - 0.5, high + 0.5), method="bounded", options={"xatol": 1e-10})
        high = best.x
        if best.fun > 0:
            raise InvalidArgument(
                f"{name} must be reachable, got {target:g}: the least is {target * np.exp(best.fun):g}, at lam = "
                f"{np.exp(high):g}. Take a smaller eta."
            )
    return float(np.exp(brentq(excess, low, high, xtol=1e-13)))


def _where_it_begins(excess: Callable[[float], float], low: float) -> float:
    """Return a point of the range of the law with a positive excess; negative curvature needs some lam to be in it."""
    if np.isfinite(excess(low)):
        return low
    inside = next((point for point in low + 0.5 * np.arange(1, 121) if np.isfinite(excess(point))), low)
    outside = inside - 0.5
    while excess(inside) < 0 and inside - outside > 1e-12:
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if np.isfinite(excess(middle)) else (inside, middle)
    return float(inside)


def meeting_by_search(eq: Equilibrium) -> tuple[float, float]:
    """Return the lam at which the scale, and the lam at which the balance, is 1/sqrt(n); NaN where there is none."""
    if eq._symbolic or np.ndim(eq.scale):
        raise NotImplementedError(
            "inverse_sqrt_n beyond plain SGD is found by search, for one set of numbers at a time."
        )
    wanted = eq.n**-0.5
    try:
        model = {"noise": eq.noise, "curvature": eq.curvature}
        white = decay_for(scale=wanted, n=eq.n, eta=eq.eta, optimizer=eq.optimizer, **model)
    except InvalidArgument:
        white = float("nan")

    def inverse(lam: float) -> float:  # 1 / balance, which is a straight line in lam
        return 1 / type(eq)(eq.n, lam, eq.eta, eq.noise, 0.0, eq.curvature, eq.optimizer).balance

    slope = inverse(2 * eq.lam) - inverse(eq.lam)
    coherent = eq.lam * (1 + (1 / wanted - inverse(eq.lam)) / slope)
    return white, coherent if coherent >= 0 else float("nan")


def rescale(
    n: float,
    lam: float,
    eta: float,
    *,
    batch_size: float,
    noise: float | None = None,
    to_n: float | None = None,
    to_batch_size: float | None = None,
    to_eta: float | None = None,
    optimizer: Any = PLAIN,
) -> Recipe:
    """Return hyperparameters for another data set or batch size that keep the equilibrium and the memory in epochs.

    Parameters
    ----------
    n, lam, eta, batch_size : float
        The set-up that works.
    noise : float, optional
        Standard deviation of its minibatch gradient noise per weight. Default 1/sqrt(n).
    to_n, to_batch_size : float, optional
        The new data set size and batch size. Default: unchanged.
    to_eta : float, optional
        A learning rate to be used regardless: only the memory in epochs is then held, and the scale follows.
    optimizer : SGD, Adam or Lion
        Default: plain SGD.

    Returns
    -------
    Recipe
        The new eta and lam, and what became of scale and memory.

    Raises
    ------
    InvalidArgument, NoEquilibrium
        If the old set-up has no equilibrium, the new one cannot have the memory, or a smaller lam has the same: the
        memory is then that of the optimizer's buffer and does not tell lam.

    Examples
    --------
    Four times the batch: SGD takes four times the learning rate and the same lam, AdamW twice of both.

    >>> import theory
    >>> recipe = rescale(50_000, 5.0, 0.1, batch_size=10, to_batch_size=40)
    >>> print(f"{recipe.eta:.4f} {recipe.lam:.4f}")
    0.4000 5.0000
    >>> recipe = rescale(50_000, 500.0, 0.001, batch_size=10, to_batch_size=40, optimizer=theory.AdamW())
    >>> print(f"{recipe.eta:.5f} {recipe.lam:.2f}")
    0.00200 999.86
    """
    old = equilibrium(n, lam, eta, noise=noise, optimizer=optimizer)
    positive("batch_size", batch_size, "Give the number of examples per step.")
    for name, value in (("to_n", to_n), ("to_batch_size", to_batch_size), ("to_eta", to_eta)):
        if value is not None:
            positive(name, value)
    new_n, new_batch = n if to_n is None else to_n, batch_size if to_batch_size is None else to_batch_size
    new_noise = old.noise * (batch_size / new_batch) ** 0.5
    memory = old.relaxation_time * batch_size / n
    model = {"n": new_n, "optimizer": optimizer, "noise": new_noise}
    # The memory fixes eta lam/n, whatever eta is; the variance is then as eta^2.
    least = decay_for(epochs=memory, batch_size=batch_size, n=n, eta=eta, noise=old.noise, optimizer=optimizer)
    if abs(least / lam - 1) > SAME_LAM:
        raise InvalidArgument(
            f"lam must be told by the memory to be rescaled, got {lam:g}: with {optimizer} the memory is {memory:g} "
            f"epochs for lam = {least:g} already. Take a smaller lam or eta."
        )
    new_eta = eta if to_eta is None else to_eta
    new_lam = decay_for(epochs=memory, batch_size=new_batch, eta=new_eta, **model)
    new = equilibrium(lam=new_lam, eta=new_eta, **model)
    if to_eta is None:
        factor = old.scale / new.scale
        new_eta, new_lam = new_eta * factor, new_lam / factor
        new = equilibrium(lam=new_lam, eta=new_eta, **model)
    return Recipe(
        new_n, new_lam, new_eta, new_batch, new.scale / old.scale, new.relaxation_time * new_batch / new_n / memory
    )
