"""What a recorded run holds: the columns of its rows, each with its meaning, and the header before them."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

__all__ = ["COLUMNS", "FORMAT", "MEANS", "VERSION", "header"]

FORMAT, VERSION = "tailoff trace", 1

COLUMNS = {
    "step": "updates made before this row's weights",
    "layer": "name of the weights",
    "segment": "counted from 1; a new one where the run was resumed or a setting jumped",
    "norm_sq": "||w||^2 at this step, exactly",
    "lr": "learning rate of the update that follows",
    "effective_lr": "the same with heavy-ball momentum: lr (1 - dampening) / (1 - momentum)",
    "momentum": "momentum, or beta1, of the update that follows",
    "weight_decay": "weight decay of the update that follows",
    "decay_clock": "sum over the updates made of -2 ln(1 - effective lr * weight decay)",
    "count": "readings since the layer's last row, of which the columns that follow are means",
    "grad_sq": "||g||^2, g the gradient before decay and momentum",
    "alignment": "<w, g>",
    "scaled_grad_sq": "||P g||^2, P the optimizer's preconditioner (1 for SGD)",
    "scaled_alignment": "<w, P g>",
    "decay_weight": "<w, P w> / ||w||^2 where the decay is preconditioned, else 1",
}  # fmt: skip
"""Name and meaning of each column; `step`, `layer`, `segment` and `count` are whole or text, the others float64."""

MEANS = ("grad_sq", "alignment", "scaled_grad_sq", "scaled_alignment", "decay_weight")


def header(**entries: Any) -> dict[str, Any]:
    """Return the header of a new file: what is given, and which format and software wrote it."""
    return {"format": FORMAT, "version": VERSION, "software": f"tailoff {version('tailoff')}", **entries}
