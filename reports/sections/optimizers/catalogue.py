"""Every optimizer that tailoff knows, at one setting each: where its decay enters, what is predicted, what to walk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

import theory
from reports.comparison import Comparison
from theory import (
    ASGD,
    SGD,
    SGDW,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Lion,
    Muon,
    NAdam,
    RAdam,
    RMSprop,
    ScheduleFreeAdamW,
    ScheduleFreeSGD,
    Signum,
)
from theory.settings import Optimizer

__all__ = ["BETAS", "CASES", "MOMENTUM", "STEPS", "Case"]

STEPS = 1280  # after which a weight without a stationary state is looked at
MATRIX = 400  # so many single weights are walked for one matrix
BETAS, MOMENTUM = (0.9, 0.96), 0.83


@dataclass(frozen=True)
class Case:
    """One optimizer at one setting.

    Attributes
    ----------
    name : str
        For people; unique.
    optimizer : Optimizer
    decay : {"in the gradient", "beside it", "in it, and lambd", "at the average"}
        Where the decay enters; ASGD's `lambd` shrinks too.
    default : float or None
        PyTorch's weight_decay unless it is given; None where PyTorch has no such class.
    settles : bool
        Whether there is an equilibrium; if not, the rms after STEPS steps from `start` is predicted.
    lr, weight_decay, noise, start : float
    shape : (int, int), optional
        Of the matrix, where a weight's step depends on the others.
    quick : bool
        Whether it stands in the quick report too.
    """

    name: str
    optimizer: Optimizer
    decay: str
    default: float | None = 0.0
    settles: bool = True
    lr: float = 0.01
    weight_decay: float = 3.1
    noise: float = 1.0
    start: float = 0.0
    shape: tuple[int, int] | None = None
    quick: bool = field(default=False, compare=False)

    @property
    def settings(self) -> dict[str, Any]:
        """What `theory.equilibrium` and `theory.trajectory` are asked."""
        named: dict[str, Any] = {
            "lr": self.lr,
            "weight_decay": self.weight_decay,
            "noise": self.noise,
            "optimizer": self.optimizer,
        }
        return named | ({"shape": self.shape} if self.shape else {})

    def predict(self, steps: int = STEPS) -> tuple[float, float]:
        """Return the predicted rms, and the relative error of an rms that the law states for itself."""
        if self.settles:
            eq = theory.equilibrium(**self.settings)
            return float(eq.scale), float(eq.accuracy) / 2
        run = theory.trajectory(**self.settings, steps=steps, start=self.start)
        return float(run.rms[-1]), float(run.accuracy[-1]) / 2

    def walk(self, weights: int, steps: int) -> dict[str, Any]:
        """Return the settings of the `sim.walk` that measures it on about so many weights."""
        model: dict[str, Any] = {
            "n": 1.0,
            "lam": self.weight_decay,
            "eta": self.lr,
            "noise": self.noise,
            "optimizer": self.optimizer,
        }
        if self.shape:
            model |= {"shape": self.shape}
        if self.settles:
            weights, steps = (weights // MATRIX, steps // 5) if self.shape else (weights, steps)
            return model | {"weights": weights, "steps": steps, "burn_in": 3 * steps // 8}
        averaged = isinstance(self.optimizer, (ScheduleFreeSGD, ScheduleFreeAdamW))
        path = {"steps": STEPS, "start": self.start, "schedule": "constant", "average": averaged}
        return model | path | {"weights": 2 * weights // MATRIX if self.shape else 4 * weights}

    def measured(self, walk: xr.Dataset) -> tuple[float, float]:
        """Return the measured rms and its standard error."""
        if self.settles:
            scale = float(np.sqrt(walk.variance))
            return scale, float(walk.variance_error) / (2 * scale)
        return float(walk.rms[-1]), float(walk.rms_error[-1])

    def comparison(self, walk: xr.Dataset, precision: float) -> Comparison:
        """Return the prediction beside what a walk measured."""
        predicted, accuracy = self.predict()
        where = "equilibrium" if self.settles else f"after {STEPS} steps"
        return Comparison(f"rms, {self.name}, {where}", predicted, *self.measured(walk), precision, accuracy)


INSIDE, BESIDE, BOTH, AVERAGE = "in the gradient", "beside it", "in it, and lambd", "at the average"
LINEAR: dict[str, Any] = {"lr": 0.31, "weight_decay": 0.1}

CASES = (
    Case("SGD", SGD(), INSIDE, **LINEAR, quick=True),
    Case("SGD, momentum", SGD(MOMENTUM), INSIDE, **LINEAR),
    Case("SGD, momentum, dampening", SGD(MOMENTUM, 0.4), INSIDE, **LINEAR),
    Case("SGD, Nesterov", SGD(MOMENTUM, nesterov=True), INSIDE, **LINEAR),
    Case("SGDW, momentum", SGDW(MOMENTUM), BESIDE, None, **LINEAR, quick=True),
    Case("Adam", Adam(BETAS), INSIDE, quick=True),
    Case("Adam, amsgrad", Adam(BETAS, amsgrad=True), INSIDE, settles=False),
    Case("AdamW", AdamW(BETAS), BESIDE, 0.01, quick=True),
    Case("AdamW, amsgrad", AdamW(BETAS, amsgrad=True), BESIDE, 0.01, settles=False),
    Case("NAdam", NAdam(BETAS, momentum_decay=0.1), INSIDE),
    Case("NAdam, decoupled", NAdam(BETAS, momentum_decay=0.1, decoupled_weight_decay=True), BESIDE),
    Case("RAdam", RAdam(BETAS), INSIDE),
    Case("RAdam, decoupled", RAdam(BETAS, decoupled_weight_decay=True), BESIDE),
    Case("Adamax", Adamax(BETAS), INSIDE),
    Case("RMSprop", RMSprop(0.96), INSIDE, quick=True),
    Case("RMSprop, momentum", RMSprop(0.96, momentum=0.4), INSIDE, weight_decay=1.9),
    Case("RMSprop, centered", RMSprop(0.96, centered=True), INSIDE),
    Case("Adadelta", Adadelta(0.87, 0.1), INSIDE, lr=0.7, weight_decay=0.06),
    Case("Adagrad", Adagrad(), INSIDE, settles=False, lr=0.1, weight_decay=0.53, start=0.3),
    Case("ASGD", ASGD(lambd=0.07, alpha=0.6), BOTH, settles=False, **LINEAR, start=0.5, quick=True),
    Case("Adafactor", Adafactor(), BESIDE, settles=False, lr=0.02, weight_decay=0.13, start=0.05, shape=(40, 40)),
    Case("Muon, square", Muon(), BESIDE, 0.1, shape=(40, 40)),
    Case("Muon, 1:4", Muon(), BESIDE, 0.1, shape=(40, 160), quick=True),
    Case("Muon, 1:4, match_rms_adamw", Muon(adjust_lr_fn="match_rms_adamw"), BESIDE, 0.1, shape=(40, 160)),
    Case("Lion", Lion((0.9, 0.96)), BESIDE, None, quick=True),
    Case("Signum", Signum(MOMENTUM), BESIDE, None),
    Case("Signum, coupled", Signum(MOMENTUM, decoupled=False), INSIDE, None, lr=0.003),
    Case("schedule-free SGD", ScheduleFreeSGD(0.9), AVERAGE, None, settles=False, **LINEAR, quick=True),
    Case("schedule-free AdamW", ScheduleFreeAdamW(BETAS), AVERAGE, None, settles=False),
)
