"""Networks that learn online from fresh random inputs, run step by step, and the overlaps of their weights measured.

    w_i <- (1 - gamma/N) w_i + (eta / N m) sum over the batch of delta_i xi

Two ways to run the same random process:

* "direct": weights with N entries, inputs with N Gaussian or +-1 entries.
* "reduced" (Gaussian inputs only): a step changes nothing but the components of the weights along the teachers, the
  students and the batch. So the weights are kept as coordinates in a frame of K + M axes, the inputs are drawn in that
  frame, and what sticks out of it is drawn as the Bartlett factor of a Wishart matrix. After each step the frame is
  turned so that it holds the new weights. The overlaps are distributed exactly as in N dimensions, at a cost that does
  not depend on N.

No law of motion of the overlaps is used anywhere: this is what the theory is tested against.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from typing import Any, NamedTuple, TypeVar

import numba
import numpy as np
import xarray as xr

from theory.settings import InvalidArgument, OnlineRule, Overlaps, check_range, non_negative, positive, whole_number

__all__ = ["online"]

Array = np.ndarray
Generator = np.random.Generator
Compiled = TypeVar("Compiled", bound=Callable[..., Any])

METHODS = ("reduced", "direct")
INPUTS = ("gaussian", "sign")
UNITS = ("erf", "logistic")
SAMPLES_PER_ALPHA = 10  # how often the overlaps are read off for their averages, per N steps


class Numbers(NamedTuple):
    """What the compiled steps need to know of a run."""

    eta: float
    gamma: float
    sigma: float
    batch_size: int
    fan_in: int
    reduced: bool
    sign: bool
    logistic: bool


def _compiled(function: Compiled) -> Compiled:
    """Compile a function when it is first called; keep the machine code on disk."""
    compiled: Any = numba.njit(cache=True)(function)
    return compiled


def online(
    rule: OnlineRule,
    start: Overlaps,
    *,
    fan_in: int,
    alpha: float,
    burn_in: float = 0.0,
    records: int = 100,
    replicas: int = 8,
    method: str = "reduced",
    inputs: str = "gaussian",
    unit: str = "erf",
    seed: int = 0,
) -> xr.Dataset:
    """Train networks online, each from its own random stream, and measure the overlaps of their weights.

    Parameters
    ----------
    rule : OnlineRule
        eta, gamma, sigma and the batch size m, in scaled units.
    start : Overlaps
        The weights start with exactly these.
    fan_in : int
        N, at least K + M + m.
    alpha : float
        Length of the run: N alpha steps, rounded to whole steps per record.
    burn_in : float
        The alpha left out of the stationary averages, below `alpha`.
    records : int
        How often Q and R are recorded after the start. The memory depends on this and not on the steps.
    replicas : int
        Independent networks, at least 2; their spread gives the standard errors.
    method : {"reduced", "direct"}
        See the module.
    inputs : {"gaussian", "sign"}
        Distribution of the entries of an input; "sign" needs the direct method.
    unit : {"erf", "logistic"}
        Hidden erf units with a squared loss, or one logistic output with cross-entropy, whose label is 1 with the
        teacher's probability (a half without a teacher).
    seed : int
        Each replica gets a child of it.

    Returns
    -------
    Dataset
        Over `replica` and `alpha`: `Q` (student, other_student) and `R` (student, teacher). Stationary averages over
        the time after the burn-in: `Q_mean` and `R_mean` with `_error` (standard error over replicas), and the standard
        deviations of single networks in time `Q_sd`, `R_sd` with theirs.

    Raises
    ------
    InvalidArgument
        A setting out of range.

    Examples
    --------
    >>> rule, start = OnlineRule(eta=0.5, gamma=0.05, sigma=1.0), Overlaps(Q=1.0)
    >>> result = online(rule, start, fan_in=50, alpha=200.0, burn_in=20.0, seed=1)
    >>> print(f"{result.Q_mean.item():.3f} +/- {result.Q_mean_error.item():.3f}")
    0.284 +/- 0.003
    """
    settings = _checked(rule, start, fan_in, alpha, burn_in, records, replicas, method, inputs, unit, seed)
    length = max(1, round(alpha * fan_in / records))
    left_out = math.ceil(burn_in * fan_in / length)
    if left_out >= records:
        raise InvalidArgument(
            f"burn_in must end before the last record, got {burn_in!r} of {alpha!r}. Record more often."
        )
    children = np.random.SeedSequence(seed).spawn(replicas)
    runs = [_run(rule, start, settings, length, left_out, np.random.default_rng(child)) for child in children]
    paths, moments = (np.array(part) for part in zip(*runs, strict=True))
    settings |= {"steps_per_record": length, "burn_in": left_out * length / fan_in}
    return _dataset(paths, moments, np.arange(records + 1) * length / fan_in, start, settings)


def _checked(
    rule: OnlineRule, start: Overlaps, fan_in: int, alpha: float, burn_in: float, records: int, replicas: int,
    method: str, inputs: str, unit: str, seed: int,
) -> dict[str, Any]:  # fmt: skip
    """Refuse bad settings; return them for the result's attributes."""
    if not isinstance(rule, OnlineRule):
        raise InvalidArgument(f"rule must be a theory.settings.OnlineRule, got {rule!r}. Make one.")
    if not isinstance(start, Overlaps):
        raise InvalidArgument(f"start must be theory.settings.Overlaps, got {start!r}. Make some.")
    whole_number("fan_in", fan_in, least=start.K + start.M + rule.batch_size)
    positive("alpha", alpha, "Give the length of the run in steps / N.")
    non_negative("burn_in", burn_in)
    check_range("burn_in", burn_in, 0, alpha, ends=(True, False))
    whole_number("records", records)
    whole_number("replicas", replicas, least=2)
    whole_number("seed", seed, least=0)
    for name, value, choices in (("method", method, METHODS), ("inputs", inputs, INPUTS), ("unit", unit, UNITS)):
        if value not in choices:
            raise InvalidArgument(f"{name} must be one of {', '.join(choices)}, got {value!r}.")
    if method == "reduced" and inputs != "gaussian":
        raise InvalidArgument(
            f"inputs must be 'gaussian' for the reduced method, got {inputs!r}. Take method='direct'."
        )
    if unit == "logistic" and (start.K != 1 or start.M > 1 or rule.sigma != 0):
        raise InvalidArgument(
            f"unit 'logistic' must have K = 1, M = 0 or 1 and sigma = 0, got K = {start.K}, M = {start.M}, "
            f"sigma = {rule.sigma!r}. Its labels are random already."
        )
    return asdict(rule) | {
        "fan_in": fan_in, "records": records, "replicas": replicas, "method": method, "inputs": inputs, "unit": unit,
        "seed": seed,
    }  # fmt: skip


def _run(
    rule: OnlineRule, start: Overlaps, settings: dict[str, Any], length: int, left_out: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Run one network; return its overlaps at the records, and their mean and mean square after the burn-in."""
    fan_in, records, reduced = settings["fan_in"], settings["records"], settings["method"] == "reduced"
    students, teachers = _place(start, fan_in, rule.batch_size, reduced, rng)
    numbers = Numbers(
        float(rule.eta), float(rule.gamma), float(rule.sigma), rule.batch_size, fan_in,
        reduced, settings["inputs"] == "sign", settings["unit"] == "logistic",
    )  # fmt: skip
    stride = max(1, fan_in // SAMPLES_PER_ALPHA)
    path = np.empty((records + 1, start.K, start.K + start.M))
    path[0] = _overlaps(students, teachers)
    sums = np.zeros((2, start.K, start.K + start.M))
    samples = 0
    for record in range(1, records + 1):
        if record == left_out + 1:
            sums[:], samples = 0, 0
        samples += _advance(students, teachers, numbers, rng, length, stride, sums)
        path[record] = _overlaps(students, teachers)
    return path, sums / samples


def _place(
    start: Overlaps, fan_in: int, batch_size: int, reduced: bool, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return students and teachers that have the given overlaps: in a frame with room for a batch, or in N axes."""
    teachers = _root(start.T)
    along = np.linalg.lstsq(teachers, start.R.T)[0].T  # components of the students along the teachers' axes
    students = np.concatenate([along, _root(start.Q - along @ along.T)], axis=1)
    teachers = np.concatenate([teachers, np.zeros((start.M, start.K))], axis=1)
    if reduced:
        axes = np.eye(start.K + start.M, start.K + start.M + batch_size)
    else:
        axes = np.linalg.qr(rng.standard_normal((fan_in, start.K + start.M)))[0].T
    return np.ascontiguousarray(students @ axes), np.ascontiguousarray(teachers @ axes)


def _root(gram: np.ndarray) -> np.ndarray:
    """Return vectors, as rows, that have the given overlaps, which may be singular."""
    left, values, _ = np.linalg.svd(gram, hermitian=True)
    return left * np.sqrt(values)


@numba.njit(cache=True, fastmath={"reassoc", "contract"})  # the order of a sum may change, so that it vectorises
def _dot(a: Array, b: Array) -> float:
    total = 0.0
    for j in range(len(a)):
        total += a[j] * b[j]
    return total


@_compiled
def _fields(inputs: Array, weights: Array) -> Array:
    """Return the inner product of every input with every weight vector."""
    result = np.empty((len(inputs), len(weights)))
    for example in range(len(inputs)):
        for unit in range(len(weights)):
            result[example, unit] = _dot(inputs[example], weights[unit])
    return result


@_compiled
def _overlaps(students: Array, teachers: Array) -> Array:
    """Return (Q, R) side by side."""
    K, M = len(students), len(teachers)
    result = np.empty((K, K + M))
    result[:, :K] = _fields(students, students)
    result[:, K:] = _fields(students, teachers)
    return result


@_compiled
def _draw_direct(rng: Generator, inputs: Array, sign: bool) -> None:
    """Fill the inputs with independent entries of variance one."""
    for example in range(inputs.shape[0]):
        for j in range(inputs.shape[1]):
            inputs[example, j] = 2.0 * (rng.random() < 0.5) - 1.0 if sign else rng.standard_normal()


@_compiled
def _draw_reduced(rng: Generator, inputs: Array, fan_in: int) -> None:
    """Fill the inputs with their components in the frame, and the Bartlett factor of the components outside it."""
    batch, width = inputs.shape
    frame = width - batch
    inputs[:] = 0
    for example in range(batch):
        for j in range(frame + example):
            inputs[example, j] = rng.standard_normal()
        inputs[example, frame + example] = math.sqrt(rng.chisquare(fan_in - frame - example))


@_compiled
def _turn_frame(students: Array, M: int) -> None:
    """Turn the axes behind the teachers' so that the students lie in the first K of them: a Cholesky factorisation."""
    K = len(students)
    gram = _fields(students[:, M:], students[:, M:])
    students[:, M:] = 0
    for i in range(K):
        for j in range(i + 1):
            rest = gram[i, j] - _dot(students[i, M : M + j], students[j, M : M + j])
            pivot = students[j, M + j]
            if i == j:  # rounding alone is left of a student that lies in the span of the ones before
                students[i, M + i] = math.sqrt(rest) if rest > 1e-14 * gram[i, i] else 0.0
            elif pivot > 0:
                students[i, M + j] = rest / pivot


@_compiled
def _label_minus_output(x: Array, y: Array, numbers: Numbers, rng: Generator) -> float:
    """Return the error of one example: x are the students' fields, y the teachers'."""
    if numbers.logistic:
        chance = 1 / (1 + math.exp(-y[0])) if len(y) else 0.5
        return (1.0 if rng.random() < chance else 0.0) - 1 / (1 + math.exp(-x[0]))
    error = numbers.sigma * rng.standard_normal()
    for field in y:
        error += math.erf(field / math.sqrt(2.0))
    for field in x:
        error -= math.erf(field / math.sqrt(2.0))
    return error


@_compiled
def _step(students: Array, teachers: Array, inputs: Array, numbers: Numbers, rng: Generator) -> None:
    """Take one step of gradient descent with weight decay."""
    batch = len(inputs)
    x, y = _fields(inputs, students), _fields(inputs, teachers)
    students *= 1 - numbers.gamma / numbers.fan_in
    for example in range(batch):
        error = _label_minus_output(x[example], y[example], numbers, rng)
        for i in range(len(students)):
            slope = 1.0 if numbers.logistic else math.sqrt(2 / math.pi) * math.exp(-(x[example, i] ** 2) / 2)
            students[i] += numbers.eta / (numbers.fan_in * batch) * slope * error * inputs[example]


@_compiled
def _advance(
    students: Array, teachers: Array, numbers: Numbers, rng: Generator, steps: int, stride: int, sums: Array
) -> int:
    """Take `steps` steps; every `stride` of them add the overlaps and their squares to `sums`. Return how often."""
    inputs = np.empty((numbers.batch_size, students.shape[1]))
    samples = 0
    for step in range(steps):
        if numbers.reduced:
            _draw_reduced(rng, inputs, numbers.fan_in)
        else:
            _draw_direct(rng, inputs, numbers.sign)
        _step(students, teachers, inputs, numbers, rng)
        if numbers.reduced:
            _turn_frame(students, len(teachers))
        if step % stride == 0:
            now = _overlaps(students, teachers)
            sums[0] += now
            sums[1] += now**2
            samples += 1
    return samples


def _dataset(
    paths: np.ndarray, moments: np.ndarray, alpha: np.ndarray, start: Overlaps, settings: dict[str, Any]
) -> xr.Dataset:
    K = start.K
    mean, square = moments[:, 0], moments[:, 1]
    pooled = mean.mean(axis=0)
    variance = square - 2 * pooled * mean + pooled**2  # of each replica, about the common mean
    count = math.sqrt(len(mean))
    sd = np.sqrt(variance.mean(axis=0))
    found = {
        "mean": pooled, "mean_error": mean.std(axis=0, ddof=1) / count,
        "sd": sd, "sd_error": variance.std(axis=0, ddof=1) / count / (2 * sd),
    }  # fmt: skip
    blocks = {"Q": (slice(None, K), ("student", "other_student")), "R": (slice(K, None), ("student", "teacher"))}
    variables: dict[str, Any] = {
        name: (("replica", "alpha", *dims), paths[..., part]) for name, (part, dims) in blocks.items()
    }
    for what, values in found.items():
        variables |= {f"{name}_{what}": (dims, values[:, part]) for name, (part, dims) in blocks.items()}
    units = np.arange(1, K + 1)
    coordinates = {
        "alpha": alpha, "replica": np.arange(len(paths)), "student": units, "other_student": units,
        "teacher": np.arange(1, start.M + 1),
    }  # fmt: skip
    return xr.Dataset(variables, coordinates, settings | {"start": repr(start.gram.tolist()), "versions": _versions()})


def _versions() -> str:
    """Return the versions that decide a result's numbers, as one line."""
    parts = [f"{name} {version(name)}" for name in ("tailoff", "numpy", "numba")]
    return ", ".join([*parts, f"Python {platform.python_version()}"])
