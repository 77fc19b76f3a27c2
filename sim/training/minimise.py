"""The minimum of the regularised cost over all training examples at once: where training without noise would end."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import xarray as xr

from sim.data.load import Data
from sim.errors import TrainingError
from sim.machinery.provenance import versions
from sim.training.network import Network, one_hot
from sim.training.settings import TrainingSettings, decays
from theory.settings import InvalidArgument, check_range, whole_number

__all__ = ["minimise"]

NEURON_CURVATURE = 0.005  # of C_0 in a neuron's weighted input, roughly: a wrong one costs iterations, nothing else
UNITS = {
    "norm_sq": "sum of the layer's squared weights",
    "rms": "root mean square of the layer's weights",
    "penalty": "(lam / 2n) times the sum of the layer's squared weights",
    "cost_0": "mean of C_x over the training examples",
    "cost": "cost_0 plus the penalty of all layers, which is what is minimised",
    "accuracy": "fraction of the training examples that is classified rightly",
    "gradient_norm": "norm of the gradient of cost in all weights and biases",
    "excess": "gradient_norm^2 / (2 k cost), k = lam / n the least curvature that a decay brings",
    "iterations": "of L-BFGS",
}


def minimise(
    data: Data,
    *,
    sizes: Sequence[int] = (784, 30, 10),
    lam: float | Sequence[float] = 5.0,
    init: str = "default",
    bias_init: str = "normal",
    cost: str = "cross-entropy",
    replicas: int = 1,
    seed: int = 0,
    start: xr.Dataset | None = None,
    tolerance: float = 1e-8,
    iterations: int = 20_000,
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Find a minimum of C* = C_0 + sum over layers of lam ||w||^2 / 2n by L-BFGS, without minibatches.

    Parameters
    ----------
    data : Data
        From `load_data`; the training split is what counts, and its size is n.
    sizes, init, bias_init, cost, seed
        As in `train`; a start with one seed is the same start.
    lam : float or sequence of float
        Of all layers, or of each; positive, for without decay there need not be a minimum.
    replicas : int
        How many starts: the cost is not convex, and they need not end in one minimum.
    start : Dataset, optional
        What `minimise` returned for the same sizes: start from there, replica by replica, to follow a minimum as lam
        changes. Then init, bias_init, replicas and seed do not count.
    tolerance : float
        Of `excess`, see below.
    iterations : int
        At most.
    progress : callable, optional
        Called after every iteration with `excess`, which has to fall below `tolerance` (it may rise in between). An
        interruption (Ctrl-C, or an exception from here) ends the search and goes to the caller.

    Returns
    -------
    Dataset
        Over (replica, layer): norm_sq, rms, penalty. Over (replica): cost_0, cost, accuracy, gradient_norm, excess,
        iterations. The network itself as weights_2, biases_2, weights_3, ...

    Raises
    ------
    InvalidArgument
        A setting out of range, or sizes that do not fit the data or the start.
    TrainingError
        A search that did not get below `tolerance`.

    Notes
    -----
    `excess` certifies convergence: the cost lies above its minimum by at most this fraction, where no direction curves
    less than a decay alone does; a squared norm is then off by a fraction of about 2 sqrt(excess / alpha), alpha the
    penalty's share of the cost. It is an estimate: C_0 is not convex, and biases have no decay.

    All of MNIST is slow: 30 hidden neurons at lam = 70 take about 900 iterations to a tolerance of 1e-6, 4 minutes of
    one core. Starts end in different minima, their squared norms 2% apart or so. Strong decay is much quicker.

    References
    ----------
    D. C. Liu and J. Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical
    Programming 45 (1989).

    Examples
    --------
    >>> from sim import load_data
    >>> found = minimise(load_data(sizes=(300, 0, 0)), sizes=(784, 5, 10), lam=3.0, tolerance=1e-4)
    >>> bool(found.excess < 1e-4), found.norm_sq.dims
    (True, ('replica', 'layer'))
    """
    settings = TrainingSettings(
        tuple(sizes), batch_size=1, lam=decays(lam), init=init, bias_init=bias_init, cost=cost, replicas=replicas
    )
    settings.check_fit(data)
    if min(settings.lams) <= 0:
        raise InvalidArgument(f"lam must be positive, got {settings.lam}: without decay there need not be a minimum.")
    check_range("tolerance", tolerance, low=0.0, high=1.0)
    whole_number("iterations", iterations)
    whole_number("seed", seed, least=0)
    problem = _Problem(data.train.inputs, data.train.labels, settings)
    starts = _fresh(settings, seed) if start is None else _taken(start, settings)
    found = [_search(problem, net, tolerance, iterations, progress) for net in starts]
    attributes = {
        "sizes": list(settings.sizes), "lam": list(settings.lams), "n": data.sizes[0], "data": data.name,
        "init": init, "bias_init": bias_init, "cost": cost, "seed": seed, "tolerance": tolerance,
        "versions": versions(),
    }  # fmt: skip
    return _dataset(problem, found, attributes)


class _Coordinates:
    """First-layer weights in which the cost curves about alike in all directions: three times fewer iterations.

    Inputs that vary much make stiff directions, and their mean mixes weights with biases. With C the covariance of the
    inputs and m their mean, V = W R^-1 and b + W m are the coordinates, R = (C + k / h)^(-1/2), h the curvature of a
    neuron: it then is about h in all of them.
    """

    def __init__(self, inputs: np.ndarray, decay: float) -> None:
        self.mean = inputs.mean(axis=0)
        covariance = inputs.T @ inputs / len(inputs) - np.outer(self.mean, self.mean)
        spread, axes = np.linalg.eigh(covariance)
        scale = np.sqrt(np.maximum(spread, 0.0) + decay / NEURON_CURVATURE)  # rounding may make a zero negative
        self.narrow, self.widen = axes / scale @ axes.T, axes * scale @ axes.T

    def of(self, net: Network) -> Network:
        """Return the network in these coordinates."""
        w, b = net.weights[0], net.biases[0]
        return Network([w @ self.widen, *net.weights[1:]], [b + w @ self.mean, *net.biases[1:]], net.cost)

    def back(self, net: Network) -> Network:
        """Return the network from these coordinates."""
        w = net.weights[0] @ self.narrow
        return Network([w, *net.weights[1:]], [net.biases[0] - w @ self.mean, *net.biases[1:]], net.cost)

    def gradient(self, grad_w: np.ndarray, grad_b: np.ndarray) -> np.ndarray:
        """Return the gradient in V from those in the first layer's W and b."""
        return (grad_w - np.outer(grad_b, self.mean)) @ self.narrow


class _Problem:
    """The regularised cost as a function of one vector, the network's parameters in `_Coordinates`."""

    def __init__(self, inputs: np.ndarray, labels: np.ndarray, settings: TrainingSettings) -> None:
        self.inputs, self.labels, self.settings = inputs, labels, settings
        self.targets = one_hot(labels, settings.sizes[-1])
        self.decay = [lam / len(labels) for lam in settings.lams]
        self.coordinates = _Coordinates(inputs, self.decay[0])
        self.gradient_sq = np.nan  # in weights and biases, where the cost was asked for last

    def network(self, vector: np.ndarray) -> Network:
        """Return the network of a vector: layer by layer, each layer's biases last."""
        weights, biases, begin = [], [], 0
        for fan_in, fan_out in pairwise(self.settings.sizes):
            middle, end = begin + fan_in * fan_out, begin + (fan_in + 1) * fan_out
            weights.append(vector[begin:middle].reshape(fan_out, fan_in))
            biases.append(vector[middle:end])
            begin = end
        return self.coordinates.back(Network(weights, biases, self.settings.cost))

    def vector(self, net: Network) -> np.ndarray:
        """Return the vector of a network."""
        net = self.coordinates.of(net)
        return _joined(net.weights, net.biases)

    def costs(self, net: Network) -> tuple[float, list[float], float]:
        """Return C_0, the penalty of each layer and the accuracy."""
        cost_0, accuracy = net.evaluate(self.inputs, self.labels)
        return cost_0, self.penalties(net), accuracy

    def penalties(self, net: Network) -> list[float]:
        """Return lam ||w||^2 / 2n of each layer."""
        return [k / 2 * float(np.vdot(w, w)) for k, w in zip(self.decay, net.weights, strict=True)]

    def __call__(self, vector: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the regularised cost and its gradient in the vector."""
        net = self.network(vector)
        layers = net.activations(self.inputs)
        cost_0, _ = net.assess(layers[-2], self.labels)
        grad_w, grad_b = net.backward(layers, self.targets)
        grad_w = [g + k * w for g, k, w in zip(grad_w, self.decay, net.weights, strict=True)]
        self.gradient_sq = sum(float(np.vdot(g, g)) for g in grad_w + grad_b)
        grad_w[0] = self.coordinates.gradient(grad_w[0], grad_b[0])
        return cost_0 + sum(self.penalties(net)), _joined(grad_w, grad_b)

    def excess(self, cost: float) -> float:
        """Return the certificate at the vector that was asked for last; see `minimise`."""
        return self.gradient_sq / (2 * min(self.decay) * cost)


@dataclass(frozen=True)
class _Found:
    """Where a search ended."""

    network: Network
    cost: float
    gradient_norm: float
    excess: float
    iterations: int


def _search(
    problem: _Problem, net: Network, tolerance: float, iterations: int, progress: Callable[[float], None] | None
) -> _Found:
    from scipy.optimize import OptimizeResult, minimize

    def stop(intermediate_result: OptimizeResult) -> None:
        excess = problem.excess(intermediate_result.fun)
        if progress:
            progress(excess)
        if excess < tolerance:
            raise StopIteration

    # Its own criteria are off: only the certificate ends the search.
    options = {"maxiter": iterations, "maxfun": 10 * iterations, "ftol": 0.0, "gtol": 0.0}
    result = minimize(problem, problem.vector(net), jac=True, method="L-BFGS-B", callback=stop, options=options)
    cost, _ = problem(result.x)
    excess = problem.excess(cost)
    if not excess < tolerance:
        raise TrainingError(
            f"the search for the minimum ended after {result.nit} iterations with excess = {excess:.2g}, above the "
            f"tolerance of {tolerance:g} ({result.message}). Allow more iterations, or a larger tolerance."
        )
    return _Found(problem.network(result.x), cost, math.sqrt(problem.gradient_sq), excess, int(result.nit))


def _joined(weights: list[np.ndarray], biases: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([part.ravel() for layer in zip(weights, biases, strict=True) for part in layer])


def _fresh(settings: TrainingSettings, seed: int) -> list[Network]:
    children = np.random.SeedSequence(seed).spawn(settings.replicas)
    s = settings
    return [Network.initialised(s.sizes, s.init, np.random.default_rng(c), s.cost, s.bias_init) for c in children]


def _taken(start: xr.Dataset, settings: TrainingSettings) -> list[Network]:
    layers = range(2, len(settings.sizes) + 1)
    if not isinstance(start, xr.Dataset) or any(f"weights_{layer}" not in start for layer in layers):
        raise InvalidArgument(
            "start must be what sim.minimise returned for as many layers. Leave it out to begin anew."
        )
    if list(start.attrs["sizes"]) != list(settings.sizes):
        raise InvalidArgument(f"start must have sizes = {list(settings.sizes)}, got {list(start.attrs['sizes'])}.")
    return [
        Network(
            [one[f"weights_{i}"].values for i in layers], [one[f"biases_{i}"].values for i in layers], settings.cost
        )
        for one in (start.isel(replica=r) for r in range(start.sizes["replica"]))
    ]


def _dataset(problem: _Problem, found: list[_Found], attributes: dict[str, object]) -> xr.Dataset:
    sizes = problem.settings.sizes
    costs = [problem.costs(one.network) for one in found]
    norm_sq = np.array([[float(np.vdot(w, w)) for w in one.network.weights] for one in found])
    layer_weights = np.array([before * after for before, after in pairwise(sizes)])
    values = {
        "norm_sq": norm_sq, "rms": np.sqrt(norm_sq / layer_weights), "penalty": np.array([c[1] for c in costs]),
        "cost_0": np.array([c[0] for c in costs]), "accuracy": np.array([c[2] for c in costs]),
    } | {
        name: np.array([getattr(one, name) for one in found])
        for name in ("cost", "gradient_norm", "excess", "iterations")
    }  # fmt: skip
    variables = {n: (("replica", "layer")[: v.ndim], v, {"long_name": UNITS[n]}) for n, v in values.items()}
    for i, name in enumerate(f"{layer}" for layer in range(2, len(sizes) + 1)):
        weights = np.array([one.network.weights[i] for one in found])
        biases = np.array([one.network.biases[i] for one in found])
        variables[f"weights_{name}"] = (("replica", f"neuron_{name}", f"neuron_{i + 1}"), weights, {})
        variables[f"biases_{name}"] = (("replica", f"neuron_{name}"), biases, {})
    coordinates = {
        "replica": np.arange(len(found)), "layer": np.arange(2, len(sizes) + 1),
        "layer_weights": ("layer", layer_weights),
    }  # fmt: skip
    return xr.Dataset(variables, coordinates, attributes)
