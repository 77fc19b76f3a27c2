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
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
import xarray as xr

from sim.committee.kernel import Numbers, advance, overlaps
from sim.machinery.jit import announced
from sim.machinery.pool import Channel, run_all
from sim.machinery.provenance import versions
from theory.settings import InvalidArgument, OnlineRule, Overlaps, check_range, non_negative, positive, whole_number

__all__ = ["online"]

METHODS = ("reduced", "direct")
INPUTS = ("gaussian", "sign")
UNITS = ("erf", "logistic")
SAMPLES_PER_ALPHA = 10  # how often the overlaps are read off for their averages, per N steps


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
    threads: int | None = None,
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
    threads : int, optional
        How many replicas run at once; all cores by default. The result does not depend on it.

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

    def run(child: np.random.SeedSequence) -> Callable[[Channel], Any]:
        return lambda channel: _run(rule, start, settings, length, left_out, np.random.default_rng(child), channel)

    with announced("the steps of online learning"):
        runs = run_all([run(child) for child in children], threads)
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
    rule: OnlineRule,
    start: Overlaps,
    settings: dict[str, Any],
    length: int,
    left_out: int,
    rng: np.random.Generator,
    channel: Channel,
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
    path[0] = overlaps(students, teachers)
    sums = np.zeros((2, start.K, start.K + start.M))
    samples = 0
    for record in range(1, records + 1):
        channel.check()
        if record == left_out + 1:
            sums[:], samples = 0, 0
        samples += advance(students, teachers, numbers, rng, length, stride, sums)
        path[record] = overlaps(students, teachers)
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
    return xr.Dataset(variables, coordinates, settings | {"start": repr(start.gram.tolist()), "versions": versions()})
