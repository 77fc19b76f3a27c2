"""What becomes of a layer: its norm after more steps, with a band, and what drives it; or why that cannot be known.

A forecast follows the drive of `theory.run.drive` ahead: its present size, its trend over the logarithm of the time,
which dies out, and the rates that are planned. The band is calibrated on training runs (`CALIBRATED.made_on`): it is no
confidence interval.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from theory.errors import InvalidArgument
from theory.run.calibration import CALIBRATED, Calibration
from theory.run.drive import Drive
from theory.run.invariance import is_invariant
from theory.run.path import Outlook, outlook, paths
from theory.run.record import Ahead, LayerRecord
from theory.settings.checks import shown
from theory.settings.notebook import InNotebook

__all__ = ["Forecast", "forecast"]

SETTLED = 0.05  # of the norm


@dataclass(frozen=True)
class Forecast(InNotebook, answer=("norm_sq", "low", "high", "knows")):
    """Where a layer goes. Made by `forecast`.

    Attributes
    ----------
    norm_sq, low, high : float
        ||w||^2 after the steps ahead, and its band.
    equilibrium : float or None
        ||w||^2 at the present drive and rates, if they stayed; None if the drive shrinks the layer.
    invariant : bool or None
        Whether the layer stands before a normalisation; None where nothing tells.
    knows : bool
        Whether the record carries the forecast.
    reason : str
        What holds the layer, or why it cannot be known.
    drive : Drive
        Of now: total, noise and signal.
    settles_after : int or None
        Steps ahead from which the norm stays within 5% of the equilibrium; None if not within these.
    path : dict of ndarray
        `step` ahead, `norm_sq`, `low` and `high` along the way.
    feedback : float
        1 where the drive goes with 1 / ||w||^2, else 0.
    """

    norm_sq: float
    low: float
    high: float
    equilibrium: float | None
    invariant: bool | None
    knows: bool
    reason: str
    drive: Drive
    settles_after: int | None
    path: dict[str, np.ndarray]
    feedback: float = 0.0

    @property
    def norm_with_half_the_decay(self) -> tuple[float, float]:
        """The norm's equilibrium at half the decay, over that at the present one: at least and at most.

        Where a law holds, both are the same: before a normalisation the drive is noise in proportion to 1 / decay, and
        under SGD to 1 / ||w||^2 too. In other layers signal answers, and drives from the present record would mislead.
        """
        if self.invariant:
            factor = 2 ** (1 / (2 * (1 + self.feedback)))
            return factor, factor
        return 1.0, 2**0.5


def forecast(record: LayerRecord, ahead: Ahead, *, constants: Calibration = CALIBRATED) -> Forecast:
    """Forecast a layer's norm over the steps ahead.

    Parameters
    ----------
    record : LayerRecord
        The run so far.
    ahead : Ahead
        The rates of the steps to come, such as `Ahead.held(decay, rate, steps)`.
    constants : Calibration, optional
        How drives go on; `theory.run.calibration`.

    Returns
    -------
    Forecast

    Raises
    ------
    InvalidArgument
        If an argument is of another kind, or the decay has taken nothing over the end of the record: no clock.

    Examples
    --------
    >>> step = np.arange(0, 1001, 10.0)
    >>> norm_sq = 4 - 3 * np.exp(-0.002 * step)
    >>> rates = np.full((2, 101), [[-np.expm1(-0.001)], [0.1]])
    >>> found = forecast(LayerRecord(step, norm_sq, *rates), Ahead.held(*rates[:, 0], 2000))
    >>> print(f"{found.norm_sq:.3f} {found.equilibrium:.3f} {found.knows} {found.settles_after}")
    3.993 4.000 True 25
    """
    kinds = {"record": (record, LayerRecord), "ahead": (ahead, Ahead), "constants": (constants, Calibration)}
    for name, (given, kind) in kinds.items():
        if not isinstance(given, kind):
            raise InvalidArgument(f"{name} must be a theory.run {kind.__name__}, got {shown(given)}.")
    invariant = is_invariant(record)
    look = outlook(record, bool(invariant), constants)
    path = paths(record, ahead, look, constants)
    end, low, high = (float(path[name][-1]) for name in ("norm_sq", "low", "high"))
    half = (np.sqrt(high) - np.sqrt(low)) / 2 / np.sqrt(end)
    total = float(look.drive.total)
    equilibrium = _equilibrium(look) if total > 0 else None
    doubt = _doubt(look, half, constants)
    reason = doubt or _holds(look, invariant)
    return Forecast(
        end, low, high, equilibrium, invariant, not doubt, reason, look.drive, _settles(path, equilibrium), path,
        look.feedback,
    )  # fmt: skip


def _equilibrium(look: Outlook) -> float:
    """Return where the drive holds the norm: at E; or where it goes with 1 / N, at the root of E N."""
    total, norm_sq = float(look.drive.total), float(look.drive.norm_sq)
    return float(np.sqrt(total * norm_sq)) if look.feedback else total


def _doubt(look: Outlook, half: float, constants: Calibration) -> str:
    if look.drive.total <= 0:
        return "cannot know: the signal shrinks the layer faster than decay does, and nothing yet holds it up"
    if half > constants.widest:
        return f"cannot know: the band is {100 * half:.0f}% of the norm to either side"
    return ""


def _holds(look: Outlook, invariant: bool | None) -> str:
    if invariant:
        return (
            "held by noise alone: the layer stands before a normalisation, where the gradient cannot pull on the norm"
        )
    share = float(look.drive.noise / look.drive.total)
    if not np.isfinite(share):
        return "noise and signal are not told apart: no gradients were recorded"
    if share > 1:
        return f"held by noise, of which signal undoes {100 * (1 - 1 / share):.0f}%"
    return f"held {100 * share:.0f}% by noise and {100 * (1 - share):.0f}% by signal"


def _settles(path: dict[str, np.ndarray], equilibrium: float | None) -> int | None:
    if equilibrium is None:
        return None
    apart = np.abs(np.sqrt(path["norm_sq"] / equilibrium) - 1) > SETTLED
    if not apart.any():
        return 0
    last = int(np.flatnonzero(apart)[-1])
    return int(path["step"][last + 1]) if last + 1 < len(apart) else None
