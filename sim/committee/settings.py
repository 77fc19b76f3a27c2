"""Everything that decides a run of online learning: checked when made, written into the result."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sim.committee.kernel import Numbers
from sim.machinery.provenance import versions
from theory.settings import InvalidArgument, OnlineRule, Overlaps, check_range, non_negative, positive, whole_number

__all__ = ["OnlineSettings"]

METHODS = ("reduced", "direct")
INPUTS = ("gaussian", "sign")
UNITS = ("erf", "logistic")
SAMPLES_PER_ALPHA = 10  # how often the overlaps are read off for their averages, per N steps


@dataclass(frozen=True, eq=False, kw_only=True)
class OnlineSettings:
    """The settings of `sim.online` (see there)."""

    rule: OnlineRule
    start: Overlaps
    fan_in: int
    alpha: float
    burn_in: float | None = None
    records: int = 100
    replicas: int = 8
    method: str = "reduced"
    inputs: str = "gaussian"
    unit: str = "erf"
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.rule, OnlineRule):
            raise InvalidArgument(
                f"rule must be a theory.OnlineRule, got {self.rule!r}. Give one: OnlineRule(eta=0.5, gamma=0.02)."
            )
        if not isinstance(self.start, Overlaps):
            raise InvalidArgument(
                f"start must be theory.Overlaps, got {self.start!r}. Give them: Overlaps.orthogonal(K=2, Q=100)."
            )
        whole_number("fan_in", self.fan_in, least=self.start.K + self.start.M + self.rule.batch_size)
        positive("alpha", self.alpha, "Give the length of the run in steps / N.")
        whole_number("records", self.records)
        whole_number("replicas", self.replicas, least=2)
        whole_number("seed", self.seed, least=0)
        for name, choices in (("method", METHODS), ("inputs", INPUTS), ("unit", UNITS)):
            if getattr(self, name) not in choices:
                raise InvalidArgument(f"{name} must be one of {', '.join(choices)}, got {getattr(self, name)!r}.")
        self._check_burn_in()
        self._check_together()

    def _check_burn_in(self) -> None:
        if self.burn_in is None:
            return
        non_negative("burn_in", self.burn_in)
        check_range("burn_in", self.burn_in, 0, self.alpha, ends=(True, False))
        if math.ceil(self.burn_in / self.alpha_per_record) >= self.records:
            raise InvalidArgument(
                f"burn_in must end before the last record, got {self.burn_in!r} of {self.alpha!r}. Record more often."
            )

    def _check_together(self) -> None:
        """Refuse settings that exclude each other."""
        if self.reduced and self.inputs != "gaussian":
            raise InvalidArgument(
                f"inputs must be 'gaussian' for the reduced method, got {self.inputs!r}. Take method='direct'."
            )
        K, M, sigma = self.start.K, self.start.M, self.rule.sigma
        if self.unit == "logistic" and (K != 1 or M > 1 or sigma != 0):
            raise InvalidArgument(
                f"unit 'logistic' must have K = 1, M = 0 or 1 and sigma = 0, got K = {K}, M = {M}, sigma = {sigma!r}. "
                "Its labels are random already."
            )

    @property
    def reduced(self) -> bool:
        """Whether the weights are kept as coordinates in a small frame."""
        return self.method == "reduced"

    @property
    def steps_per_record(self) -> int:
        """Steps from one record to the next."""
        return max(1, round(self.alpha * self.fan_in / self.records))

    @property
    def alpha_per_record(self) -> float:
        """Time from one record to the next, in steps / N."""
        return self.steps_per_record / self.fan_in

    @property
    def stride(self) -> int:
        """Steps from one reading of the overlaps, for their averages, to the next."""
        return max(1, self.fan_in // SAMPLES_PER_ALPHA)

    @property
    def numbers(self) -> Numbers:
        """What the compiled steps need to know."""
        rule = self.rule
        return Numbers(
            float(rule.eta), float(rule.gamma), float(rule.sigma), rule.batch_size, self.fan_in,
            self.reduced, self.inputs == "sign", self.unit == "logistic",
        )  # fmt: skip

    def attributes(self, left_out: int | None) -> Mapping[str, float | str]:
        """Return the settings, the records left out (None: it never settled) and the versions, as netCDF holds them."""
        own = {name: getattr(self, name) for name in ("fan_in", "records", "replicas", "method", "inputs", "unit")}
        return asdict(self.rule) | own | {
            "seed": self.seed,
            "steps_per_record": self.steps_per_record,
            "burn_in": math.nan if left_out is None else left_out * self.alpha_per_record,
            "burn_in_chosen": "from the data" if self.burn_in is None else "given",
            "stationary": int(left_out is not None),
            "start": repr(self.start.gram.tolist()),
            "versions": versions(),
        }  # fmt: skip
