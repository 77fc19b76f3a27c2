"""A prediction beside a measurement: by how many standard errors they differ, and what that means."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from theory import InvalidArgument
from theory.settings.notebook import InNotebook

__all__ = ["SIGMAS", "Comparison", "z_summary"]

SIGMAS = 4.0  # false alarms: 6.3e-5 for one Gaussian comparison, 0.6% for a hundred of them


@dataclass(frozen=True)
class Comparison(InNotebook, answer=("verdict",)):
    """One predicted number, one measured number with its standard error, and a verdict.

    Parameters
    ----------
    name : str
        What is compared, for people.
    predicted, measured, standard_error : float
        The prediction may come with no error (a closed form).
    precision : float
        The largest standard_error / abs(predicted) with which the measurement can confirm anything.
    accuracy : float
        Relative error of the prediction itself, where it is stated (an order left out); 0 for an exact law.

    Raises
    ------
    InvalidArgument
        If a number is NaN or infinite, or the standard error is not positive: missing data is not a comparison.

    Notes
    -----
    Two gates: no further apart than 4 standard errors and what the law leaves open, and the measurement sharp enough: a
    noisy measurement would agree with every law.

    Examples
    --------
    >>> print(Comparison("scale", predicted=0.1, measured=0.1003, standard_error=0.0002))
    scale: predicted 0.1, measured 0.1003 +/- 0.0002, z = +1.50: agrees
    """

    name: str
    predicted: float
    measured: float
    standard_error: float
    precision: float = 0.01
    accuracy: float = 0.0

    def __post_init__(self) -> None:
        for field in ("predicted", "measured", "standard_error"):
            if not math.isfinite(getattr(self, field)):
                raise InvalidArgument(f"{self.name}: {field} is {getattr(self, field)}; there is nothing to compare.")
        if self.standard_error <= 0:
            raise InvalidArgument(f"{self.name}: standard_error must be positive, got {self.standard_error}.")
        if not 0 <= self.accuracy < 1:
            raise InvalidArgument(f"{self.name}: accuracy must be at least 0 and below 1, got {self.accuracy}.")

    @property
    def z(self) -> float:
        """(measured - predicted) / standard_error."""
        return (self.measured - self.predicted) / self.standard_error

    @property
    def sharp(self) -> bool:
        """Whether the measurement is precise enough to confirm the prediction."""
        return self.standard_error <= self.precision * abs(self.predicted)

    @property
    def verdict(self) -> str:
        """One of "agrees", "differs", "undecided" (no difference seen, but too blunt to confirm)."""
        if abs(self.measured - self.predicted) >= SIGMAS * self.standard_error + self.accuracy * abs(self.predicted):
            return "differs"
        return "agrees" if self.sharp else "undecided"

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers, z and the verdict, for JSON."""
        return asdict(self) | {"z": self.z, "verdict": self.verdict}

    def __str__(self) -> str:
        return (
            f"{self.name}: predicted {self.predicted:.6g}, measured {self.measured:.6g} +/- {self.standard_error:.2g}, "
            f"z = {self.z:+.2f}: {self.verdict}"
        )


def z_summary(comparisons: list[Comparison]) -> dict[str, float]:
    """Return how many comparisons there are, how many agree, the rms of z (1 if all is well) and the largest abs(z)."""
    z = [c.z for c in comparisons]
    return {
        "count": len(z),
        "agree": sum(c.verdict == "agrees" for c in comparisons),
        "rms_z": math.sqrt(sum(v * v for v in z) / len(z)),
        "max_z": max(abs(v) for v in z),
    }
