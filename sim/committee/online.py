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
from functools import partial

import numpy as np
import xarray as xr

from sim.committee.averages import records_left_out, stationary_averages
from sim.committee.kernel import advance, overlaps
from sim.committee.placement import placed
from sim.committee.settings import OnlineSettings
from sim.machinery.jit import announced
from sim.machinery.pool import Channel, run_all
from theory.settings import OnlineRule, Overlaps

__all__ = ["online"]


def online(
    rule: OnlineRule,
    start: Overlaps,
    *,
    fan_in: int,
    alpha: float,
    burn_in: float | None = None,
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
    burn_in : float, optional
        The alpha left out of the stationary averages, below `alpha`; chosen from the data if it is not given.
    records : int
        How often Q and R are recorded after the start. The memory depends on this and not on the steps. A burn-in is
        found in at least 16 of them.
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
        deviations of single networks in time `Q_sd`, `R_sd` with theirs. If the record never settles, or has fewer than
        16 records to tell by, these are NaN and the attribute `stationary` is 0. The attribute `burn_in` is the alpha
        left out, `burn_in_chosen` says by whom. Settings, seed and versions are attributes too.

    Raises
    ------
    InvalidArgument
        A setting out of range.

    Examples
    --------
    >>> rule, start = OnlineRule(eta=0.5, gamma=0.05, sigma=1.0), Overlaps(Q=1.0)
    >>> result = online(rule, start, fan_in=50, alpha=300.0, seed=1)
    >>> print(f"{result.Q_mean.item():.3f} +/- {result.Q_mean_error.item():.3f}")
    0.282 +/- 0.003
    """
    settings = OnlineSettings(
        rule=rule, start=start, fan_in=fan_in, alpha=alpha, burn_in=burn_in, records=records, replicas=replicas,
        method=method, inputs=inputs, unit=unit, seed=seed,
    )  # fmt: skip
    children = np.random.SeedSequence(seed).spawn(replicas)
    with announced("the steps of online learning"):
        runs = run_all([partial(_run, settings, child) for child in children], threads)
    paths, moments = (np.array(part) for part in zip(*runs, strict=True))
    return _dataset(paths, moments, settings)


def _run(settings: OnlineSettings, seed: np.random.SeedSequence, channel: Channel) -> tuple[np.ndarray, np.ndarray]:
    """Run one network.

    Returns
    -------
    path : ndarray, shape (records + 1, K, K + M)
        Its overlaps (Q, R) at the start and at every record.
    moments : ndarray, shape (records, 2, K, K + M)
        Their mean and mean square between one record and the next.
    """
    rng = np.random.default_rng(seed)
    students, teachers = placed(settings, rng)
    now, numbers = overlaps(students, teachers), settings.numbers
    path, moments = [now], np.zeros((settings.records, 2, *now.shape))
    for sums in moments:
        channel.check()
        sums /= advance(students, teachers, numbers, rng, settings.steps_per_record, settings.stride, sums)
        path.append(overlaps(students, teachers))
    return np.array(path), moments


def _dataset(paths: np.ndarray, moments: np.ndarray, settings: OnlineSettings) -> xr.Dataset:
    K, M = settings.start.K, settings.start.M
    if settings.burn_in is None:
        left_out = records_left_out(moments[:, :, 0])
    else:
        left_out = math.ceil(settings.burn_in / settings.alpha_per_record)
    blocks = {"Q": (slice(None, K), ("student", "other_student")), "R": (slice(K, None), ("student", "teacher"))}
    variables: dict[str, tuple[tuple[str, ...], np.ndarray]] = {
        name: (("replica", "alpha", *dims), paths[..., part]) for name, (part, dims) in blocks.items()
    }
    for what, values in stationary_averages(moments, left_out).items():
        variables |= {f"{name}_{what}": (dims, values[:, part]) for name, (part, dims) in blocks.items()}
    units = np.arange(1, K + 1)
    coordinates = {
        "alpha": np.arange(settings.records + 1) * settings.alpha_per_record, "replica": np.arange(len(paths)),
        "student": units, "other_student": units, "teacher": np.arange(1, M + 1),
    }  # fmt: skip
    return xr.Dataset(variables, coordinates, settings.attributes(left_out))
