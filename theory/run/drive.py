r"""What drives a layer against its decay, read off its norm alone.

.. math:: E = \frac{N' - N e^{-S}}{1 - e^{-S}}

is the drive that takes :math:`\|w\|^2` from N to N' while the clock of the decay goes on by S, the sum of
:math:`-2 \ln(1 - k)` over the updates, k the share of the weights that one takes. E has the unit of the squared norm:
it is where the layer would settle if the drive stayed. Per step it is what noise and signal add, over what decay takes
(`theory.layer.budget`).

Assumptions
-----------
1. Between the two norms E is constant; if it is not, this is its mean with the weight that the decay leaves of it.

Range: S > 0. Exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from theory.algebra.derived import derived
from theory.errors import InvalidArgument
from theory.layer.budget import budget_terms
from theory.run.record import LayerRecord
from theory.settings.types import Number

if TYPE_CHECKING:
    from theory.algebra.proof import Derivation

__all__ = ["Drive", "blocks_of", "derive_drive", "drive_between", "norm_after", "present_drive"]

BLOCKS = 24
FIRST = 1 / 30  # of the record: what comes before is forgotten
PRESENT = 0.75  # of the record: from there on is "now"


@derived
def derive_drive() -> Derivation:
    """Derive the drive in SymPy from the balance of a step; return a Derivation.

    Examples
    --------
    >>> derive_drive().check().result
    (-N*exp(-S) + N')/(1 - exp(-S))
    """
    import sympy as sp

    from theory.algebra.proof import Derivation, Step

    N, E, S = sp.symbols("N E S", positive=True)
    following = sp.Symbol("N'", positive=True)
    along = sp.Function("N")
    path = E + (N - E) * sp.exp(-S)
    drive = (following - N * sp.exp(-S)) / (1 - sp.exp(-S))
    chain = (
        Step(
            "balance",
            sp.Eq(sp.Derivative(along(S), S), E - along(S)),
            "Per unit of the clock, decay takes away N and the drive adds E.",
            lambda eq: [eq.rhs.subs(along(S), path) - sp.diff(path, S)],
        ),
        Step(
            "norm after",
            sp.Eq(following, path),
            "Solved from N at S = 0.",
            lambda eq: [eq.rhs.subs(S, 0) - N, sp.diff(eq.rhs, S) - (E - eq.rhs)],
        ),
        Step("drive", sp.Eq(E, drive), "Solved for the drive.", lambda eq: [path.subs(E, eq.rhs) - following]),
    )
    return Derivation(chain, drive)


@lru_cache
def _compiled() -> tuple[Callable[..., Number], Callable[..., Number]]:
    import sympy as sp

    N, E, S = sp.symbols("N E S", positive=True)
    following = sp.Symbol("N'", positive=True)
    chain = derive_drive()
    # both are evaluated with expm1: over a short stretch 1 - exp(-S) would lose its digits
    fall = sp.Symbol("f")  # 1 - exp(-S)
    drive = chain["drive"].rhs.subs(sp.exp(-S), 1 - fall)
    after = chain["norm after"].rhs.subs(sp.exp(-S), 1 - fall)
    return sp.lambdify([N, following, fall], drive), sp.lambdify([N, E, fall], after)


def drive_between(norm_sq: Number, following: Number, clock: Number) -> Number:
    """Return the drive that takes one squared norm to the other while the clock goes on by `clock`.

    Examples
    --------
    >>> round(float(drive_between(1.0, norm_after(1.0, 3.0, 0.2), 0.2)), 12)
    3.0
    """
    return _compiled()[0](norm_sq, following, -np.expm1(-np.asarray(clock)))


def norm_after(norm_sq: Number, drive: Number, clock: Number) -> Number:
    """Return the squared norm after a constant drive, while the clock goes on by `clock`."""
    return _compiled()[1](norm_sq, drive, -np.expm1(-np.asarray(clock)))


@dataclass(frozen=True)
class Drive:
    """The drive over a stretch of the record, or of each of several.

    Attributes
    ----------
    time : float or ndarray
        Steps made, at its middle in the logarithm.
    total : float or ndarray
        In the unit of the squared norm. Negative: signal and noise together shrink the layer.
    noise : float or ndarray
        The part that the size of the gradients makes; NaN where no gradients were recorded. The rest is signal.
    norm_sq, rate : float or ndarray
        Means over the stretch.
    """

    time: Number
    total: Number
    noise: Number
    norm_sq: Number
    rate: Number

    @property
    def signal(self) -> Number:
        """The part that the gradient's alignment with the weights makes: positive where it wants larger weights."""
        return self.total - self.noise


def blocks_of(record: LayerRecord) -> Drive:
    """Return the drive in blocks of the record, equally long in the logarithm of the time."""
    last = record.step[-1]
    begin = max(record.step[0], FIRST * last)
    edges = np.geomspace(max(begin, 1.0), last, BLOCKS + 1)
    at = np.unique(np.abs(record.step[:, None] - edges).argmin(0))
    at = at[np.concatenate([[True], np.diff(record.clock[at]) > 0])]
    stretches = [_stretch(record, int(a), int(b)) for a, b in pairwise(at)]
    columns = np.array(stretches).reshape(-1, 5).T
    return Drive(*columns)


def present_drive(record: LayerRecord) -> Drive:
    """Return the drive over the last quarter of the record.

    Raises
    ------
    InvalidArgument
        If the decay has taken nothing there: no clock, no drive.
    """
    since = min(int(np.searchsorted(record.step, PRESENT * record.step[-1])), len(record.step) - 2)
    if not record.clock[-1] > record.clock[since]:
        raise InvalidArgument("decay must have taken something over the end of the record, got 0: without weight decay "
                              "nothing holds the layer, and its drive has no scale.")  # fmt: skip
    return Drive(*_stretch(record, since, len(record.step) - 1))


def _stretch(record: LayerRecord, a: int, b: int) -> tuple[float, float, float, float, float]:
    inside = slice(a + 1, b + 1)
    passed = np.diff(record.clock[a : b + 1])
    share = passed / passed.sum()
    total = float(drive_between(record.norm_sq[a], record.norm_sq[b], passed.sum()))
    norm_sq = float(share @ (record.norm_sq[inside] + record.norm_sq[a:b]) / 2)
    rate = float(share @ record.rate[inside])
    time = float(np.sqrt(max(record.step[a], 1.0) * record.step[b]))
    return time, total, _noise(record, inside, share), norm_sq, rate


def _noise(record: LayerRecord, rows: slice, share: np.ndarray) -> float:
    """Return the drive of the gradients' size, as each step's budget has it."""
    if record.noise_sq is None:
        return float("nan")
    squares, decay = record.noise_sq[rows], record.decay[rows]
    known = np.isfinite(squares) & (decay > 0)
    if not known.any():
        return float("nan")
    taken, added, _ = budget_terms(decay[known], record.rate[rows][known], 1.0, squares[known], 0.0)
    return float(share[known] @ (added / -taken) / share[known].sum())
