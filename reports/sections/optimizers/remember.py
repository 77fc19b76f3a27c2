"""What a practitioner should remember: every number of the box, from theory."""

from __future__ import annotations

from math import sqrt
from typing import Any

import theory
from reports.sections.optimizers.scheduled import ends_closed_form
from theory import SGD, Adam, AdamW, Muon

__all__ = ["remember_facts"]

LR, WEIGHT_DECAY, STEPS, NOISE = 3e-4, 0.1, 100_000, 0.01
BATCH, LARGER = 128, 512
SHAPE, MUON_LR = (768, 3072), 0.02


def remember_facts() -> dict[str, Any]:
    """Return the numbers, by sentence."""
    group: dict[str, Any] = {"lr": LR, "weight_decay": WEIGHT_DECAY}
    rule = sqrt(LR / (2 * WEIGHT_DECAY))
    adamw = theory.equilibrium(**group, optimizer=AdamW())
    coupled = theory.equilibrium(**group, noise=NOISE, optimizer=Adam())
    K = LR * WEIGHT_DECAY * STEPS
    run = theory.trajectory(**group, optimizer=AdamW(), steps=STEPS, start=float(adamw.scale), schedule="cosine")
    matched = theory.equilibrium(**group, optimizer=Muon(adjust_lr_fn="match_rms_adamw"), shape=SHAPE)
    muon = theory.equilibrium(lr=MUON_LR, weight_decay=WEIGHT_DECAY, optimizer=Muon(), shape=SHAPE)
    return {
        "lr": LR, "weight_decay": WEIGHT_DECAY, "steps": STEPS, "noise": NOISE, "K": K,
        "rule": rule, "adamw": float(adamw.scale), "memory": float(adamw.relaxation_time),
        "taken": theory.conventions["torch.AdamW"].per_step(WEIGHT_DECAY, lr=LR),
        "bare": theory.conventions["tfa.AdamW"].per_step(WEIGHT_DECAY),
        "translated": theory.translate(WEIGHT_DECAY, source="torch.AdamW", target="tfa.AdamW", lr=LR),
        "coupled": float(coupled.scale), "coupled_memory": float(coupled.relaxation_time),
        "start_left": run.start_left, "remembered": run.remembered(),
        "cosine": theory.end_over_peak("cosine", K), "linear": theory.end_over_peak("linear", K),
        "held_cosine": ends_closed_form("cosine", True, K), "held_linear": ends_closed_form("linear", True, K),
        "batch": BATCH, "larger": LARGER, "moves": _moves(),
        "shape": SHAPE, "muon_lr": MUON_LR, "muon": float(muon.scale), "matched": float(matched.scale) / rule,
    }  # fmt: skip


def _moves() -> dict[str, dict[str, float]]:
    """Return by what lr and weight_decay change with the batch, by optimizer."""
    asked: dict[str, dict[str, Any]] = {
        "AdamW": {"lr": LR, "weight_decay": WEIGHT_DECAY, "optimizer": AdamW()},
        "Adam": {"lr": LR, "weight_decay": WEIGHT_DECAY, "noise": NOISE, "optimizer": Adam()},
        "SGD": {"lr": 0.05, "weight_decay": 5e-4, "noise": 1.0, "optimizer": SGD(0.9)},
    }
    moved = {}
    for name, settings in asked.items():
        to = theory.rescale(**settings, batch_size=BATCH, to_batch_size=LARGER)
        moved[name] = {"lr": to.lr / settings["lr"], "weight_decay": to.weight_decay / settings["weight_decay"]}
    return moved
