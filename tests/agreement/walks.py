"""Many weights that take an optimizer's written-out steps: where `sim.walk` says they settle, and any step on the way.

`sim.walk` reads a run at 64 steps, evenly; from the first steps on, and for what a rule keeps beside the weights, its
steps are taken here one by one.
"""

import numpy as np

import sim


def settled(optimizer, lr, decay, *, noise, burn_in, steps, curvature=0.0, start=0.0, weights=4000, seed=0):  # noqa: PLR0913
    """Return E w^2 in the stationary state over `steps` steps, and its standard error from the spread over weights."""
    run = sim.walk(
        1.0, decay, lr, noise=noise, curvature=curvature, optimizer=optimizer, start=start, weights=weights,
        steps=burn_in + steps, burn_in=burn_in, seed=seed,
    )  # fmt: skip
    return float(run.variance), float(run.variance_error)


def on_the_way(optimizer, lr, decay, *, noise, shape, curvature=0.0, start=0.0, seed=0):  # noqa: PLR0913
    """Yield the weights and the optimizer's rule after every step; `lr` and `decay` are numbers for every step."""
    rng = np.random.default_rng(seed)
    w, decay = np.full(shape, float(start)), np.broadcast_to(decay, np.shape(lr))
    rule = sim.rule_of(optimizer)(float(decay[0]), float(lr[0]), w.shape)
    for eta, pull in zip(lr, decay, strict=True):
        rule.eta, rule.decay = float(eta), float(pull)
        rule.step(w, noise * rng.standard_normal(shape) + curvature * w)
        yield w, rule


def mean_square(w):
    """Return E w^2 of independent weights and its standard error."""
    return np.mean(w**2), np.std(w**2, ddof=1) / np.sqrt(w.size)
