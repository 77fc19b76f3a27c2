"""Where the drive takes a layer: its present size and trend, the rates ahead, and the norm that follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theory.run.calibration import Calibration
from theory.run.drive import Drive, blocks_of, norm_after, present_drive
from theory.run.record import Ahead, LayerRecord, clock_moves

__all__ = ["Outlook", "outlook", "paths"]

POINTS = 400  # at which the path ahead is followed
LEAST = 0.02  # of the drive: what falling rates leave of it
TREND_SINCE = 0.4  # of the record
TREND_RATES = 1.25  # between the present learning rate and that of the blocks that tell a trend: no warm-up
UNTOLD = 0.3  # trend that is not excluded where no blocks tell it, per ln t
HALF = 0.5  # of the drive is taken for noise where no gradients were recorded


@dataclass(frozen=True)
class Outlook:
    """What the record says of the drive: now, and its trend.

    Attributes
    ----------
    drive : Drive
        Now.
    noise : float
        Its noise, as taken for the rates ahead: measured, or half of it.
    trend, raw_trend, residual : float
        d ln E / d ln t, shrunk as the record deserves, and nearly as it is; what the blocks scatter about it.
    feedback : float
        1 where the drive goes with 1 / ||w||^2 (gradients before a normalisation), else 0.
    from_noise : float
        What share of a change of the learning rate reaches the noise.
    """

    drive: Drive
    noise: float
    trend: float
    raw_trend: float
    residual: float
    feedback: float
    from_noise: float


def outlook(record: LayerRecord, invariant: bool, constants: Calibration) -> Outlook:
    """Return what the record says of its layer's drive."""
    now, blocks = present_drive(record), blocks_of(record)
    total = float(now.total)
    noise = float(now.noise)
    if invariant:
        noise = total
    elif not np.isfinite(noise):
        noise = HALF * max(total, 0.0)
    feedback = 1.0 if invariant and not record.adaptive else 0.0
    share = 1.0 if invariant else constants.from_noise
    trend, raw, residual = _trend(record, blocks, (share, noise / total if total > 0 else 0.0, feedback), constants)
    return Outlook(now, noise, trend, raw, residual, feedback, share)


def _trend(
    record: LayerRecord, blocks: Drive, now: tuple[float, float, float], constants: Calibration
) -> tuple[float, float, float]:
    """Fit ln E over ln t, the rates and the norm divided out: a ridge whose prior is the trends expected."""
    share, noise, feedback = now
    time, total, norm_sq, rate = (np.asarray(own) for own in (blocks.time, blocks.total, blocks.norm_sq, blocks.rate))
    alike = (rate <= TREND_RATES * rate[-1]) & (rate >= rate[-1] / TREND_RATES) if len(rate) else rate > 0
    used = (total > 0) & (time > TREND_SINCE * record.step[-1]) & (rate > 0) & alike
    if used.sum() < 4:
        return 0.0, UNTOLD, 0.0
    by_rate = 1 + share * noise * (rate[used] / rate[used][-1] - 1)
    level = np.log(total[used]) - np.log(np.maximum(by_rate, LEAST)) + feedback * np.log(norm_sq[used])
    x = np.log(time[used])
    x, y = x - x.mean(), level - level.mean()
    slope = x @ y / (x @ x)
    residual = float(np.sqrt(((y - slope * x) ** 2).sum() / (len(x) - 2)))
    shrunk = [x @ y / (x @ x + (residual / prior) ** 2) for prior in (constants.trend_prior, 1.0)]
    return float(shrunk[0]), float(shrunk[1]), residual


def paths(record: LayerRecord, ahead: Ahead, look: Outlook, constants: Calibration) -> dict[str, np.ndarray]:
    """Return the squared norm along the rates ahead: as forecast, and with band.

    Returns
    -------
    dict of ndarray, shape (points + 1,)
        `step`, counted from the end of the record; `norm_sq`, `low`, `high`; `deviation` of ln E.
    """
    edges = np.unique(np.linspace(0, len(ahead.rate), min(POINTS, len(ahead.rate)) + 1).astype(int))
    clock = np.concatenate([[0.0], np.cumsum(clock_moves(ahead.decay))])
    moves, rates = np.diff(clock[edges]), np.add.reduceat(ahead.rate, edges[:-1]) / np.diff(edges)
    h = np.log1p((edges[:-1] + edges[1:]) / 2 / record.step[-1])
    d, deviation = constants.memory, _deviation(h, look, constants)
    fading = constants.fading * min(1.0, look.residual / constants.scatter)
    trend = np.exp(look.trend * d * -np.expm1(-h / d) - fading * h)
    relative = rates / look.drive.rate - 1 if look.drive.rate > 0 else np.zeros(len(rates))
    shares = (look.from_noise, *((0.0, 1.0) if (relative != 0).any() and look.from_noise < 1 else ()))
    signs = np.array([0.0, -1.0, 1.0] + [0.0] * (len(shares) - 1))
    by_share = np.array([shares[0]] * 3 + list(shares[1:]))
    norm = np.full(len(signs), record.norm_sq[-1])
    every, total = [norm], float(look.drive.total)
    for j, move in enumerate(moves):
        drive = total + by_share * look.noise * relative[j]
        if total > 0:
            drive = np.maximum(drive, LEAST * total) * trend[j] * (look.drive.norm_sq / norm) ** look.feedback
            drive = drive * np.exp(signs * deviation[j])
            norm = np.asarray(norm_after(norm, drive, move))
        else:  # the signal shrinks the layer: a decay of its own, in proportion to the norm
            pull = (look.noise - total) / look.drive.norm_sq * np.exp(-signs * deviation[j])
            norm = np.asarray(norm_after(norm, look.noise / (1 + pull), move * (1 + pull)))
        every.append(norm)
    return _banded(np.array(every), edges, np.concatenate([deviation[:1], deviation]), (record, constants))


def _deviation(h: np.ndarray, look: Outlook, constants: Calibration) -> np.ndarray:
    """Return half the band of ln E at h = ln(t / t_now)."""
    drift = constants.wander**2 + (constants.trend_doubt * look.raw_trend) ** 2
    return constants.width * np.sqrt((1.25 * look.residual) ** 2 + constants.scatter**2 + drift * h**2)


def _banded(
    every: np.ndarray, edges: np.ndarray, deviation: np.ndarray, given: tuple[LayerRecord, Calibration]
) -> dict[str, np.ndarray]:
    record, constants = given
    middle, low, high = every[:, 0], every[:, 1], every[:, 2]
    below, above = middle - low, high - middle
    if every.shape[1] > 3:  # what is not known of how the noise follows the rates
        apart = np.abs(every[:, 3:] - middle[:, None]).max(1)
        below, above = np.hypot(below, apart), np.hypot(above, apart)
    base = constants.base * deviation * record.norm_sq[-1] * (edges > 0)
    low, high = np.maximum(middle - below - base, 0.0), middle + above + base
    return {"step": edges, "norm_sq": middle, "low": low, "high": high, "deviation": deviation}
