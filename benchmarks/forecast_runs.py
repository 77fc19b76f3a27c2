"""The training runs of `python -m benchmarks.forecasts`: small networks, ordinary PyTorch, recorded by our hooks."""

from __future__ import annotations

import pydoc_data.topics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import sim
import theory

__all__ = ["CALIBRATION", "HELD_OUT", "OTHERS", "Run", "train"]

CONTEXT, BATCH = 32, 32


@dataclass(frozen=True)
class Run:
    """One training run: the network, its optimizer and the schedule of its learning rate."""

    network: str
    optimizer: str
    lr: float
    weight_decay: float
    steps: int
    schedule: str = "constant"
    seed: int = 0

    @property
    def kind(self) -> str:
        """Network and optimizer."""
        return f"{self.network} {self.optimizer}"

    @property
    def name(self) -> str:
        """A name for its file."""
        return f"{self.network}-{self.optimizer}-{self.lr:g}-{self.weight_decay:g}-{self.schedule}-{self.seed}"


SCHEDULES: dict[str, Callable[[int], Any]] = {
    "constant": lambda steps: theory.schedules.constant(),
    "cosine": lambda steps: theory.schedules.cosine(warmup=steps // 20),
    "step": lambda steps: theory.schedules.step(every=steps // 3, factor=0.3),
}
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "momentum": lambda groups, **own: torch.optim.SGD(groups, momentum=0.9, **own),
    "adamw": torch.optim.AdamW,
    "adam": torch.optim.Adam,
}

# What the issue names, at settings that no constant was chosen on; three seeds.
_PROOF = [
    ("mlp", "sgd", 0.1, 1e-3, 6000),
    ("mlp", "momentum", 0.02, 6e-4, 6000),
    ("mlp", "adamw", 1e-3, 0.1, 6000),
    ("conv", "momentum", 0.02, 6e-4, 5000),
    ("transformer", "adamw", 1e-3, 0.15, 4000),
]
# Other learning rates and decays, on which the constants of theory.run were chosen.
_CHOSEN_ON = [
    ("mlp", "sgd", 0.05, 8e-3, 5000),
    ("mlp", "sgd", 0.2, 5e-4, 8000),
    ("mlp", "momentum", 0.01, 4e-3, 5000),
    ("mlp", "momentum", 0.03, 5e-4, 6000),
    ("mlp", "adamw", 5e-4, 0.8, 5000),
    ("mlp", "adamw", 2e-3, 0.08, 6000),
    ("conv", "momentum", 0.01, 4e-3, 4000),
    ("conv", "momentum", 0.05, 5e-4, 5000),
    ("conv", "adamw", 1e-3, 0.3, 5000),
    ("transformer", "adamw", 5e-4, 0.8, 3000),
    ("transformer", "adamw", 2e-3, 0.1, 4000),
]
CALIBRATION = [Run(*own, schedule, 100) for own in _CHOSEN_ON for schedule in ("constant", "cosine")]
HELD_OUT = [Run(*own, schedule, seed) for own in _PROOF for schedule in ("constant", "cosine") for seed in range(3)]
OTHERS = [
    Run("mlp", "sgd", 0.15, 3e-3, 6000, "step", 50),
    Run("conv", "adamw", 5e-4, 0.5, 5000, "step", 50),
    Run("mlp", "adam", 1e-3, 1e-3, 6000, "constant", 50),
]  # of no kind that any constant was chosen on


class Transformer(nn.Module):
    """A decoder of characters: two blocks, four heads, 48 channels."""

    def __init__(self, letters: int, width: int = 48, blocks: int = 2) -> None:
        super().__init__()
        self.embedding, self.position = nn.Embedding(letters, width), nn.Embedding(CONTEXT, width)
        self.blocks = nn.ModuleList(
            nn.ModuleDict({
                "norm1": nn.LayerNorm(width), "qkv": nn.Linear(width, 3 * width), "out": nn.Linear(width, width),
                "norm2": nn.LayerNorm(width), "up": nn.Linear(width, 4 * width), "down": nn.Linear(4 * width, width),
            })
            for _ in range(blocks)
        )  # fmt: skip
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, letters)

    def forward(self, text: torch.Tensor) -> torch.Tensor:
        x = self.embedding(text) + self.position.weight
        for block in self.blocks:
            q, k, v = (
                part.view(*x.shape[:2], 4, -1).transpose(1, 2) for part in block["qkv"](block["norm1"](x)).chunk(3, -1)
            )
            seen = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + block["out"](seen.transpose(1, 2).reshape(x.shape))
            x = x + block["down"](functional.gelu(block["up"](block["norm2"](x))))
        return self.head(self.norm(x)).transpose(1, 2)


def mlp() -> nn.Module:
    """784-64-64-10."""
    return nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def conv() -> nn.Module:
    """Three convolutions, each before a batch normalisation, and a head, on images of half the size."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)), nn.AvgPool2d(2),
        nn.Conv2d(1, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 16, 3, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Flatten(), nn.Linear(144, 10),
    )  # fmt: skip


def _images(generator: torch.Generator) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    data = sim.load_data().train
    inputs = torch.tensor(np.asarray(data.inputs[:20_000], np.float32))
    labels = torch.tensor(np.asarray(data.labels[:20_000], np.int64))
    while True:
        at = torch.randint(len(inputs), (BATCH,), generator=generator)
        yield inputs[at], labels[at]


def _letters() -> torch.Tensor:
    text = "".join(pydoc_data.topics.topics[name] for name in sorted(pydoc_data.topics.topics))
    _, numbers = np.unique(np.frombuffer(text.encode("ascii", "ignore"), np.uint8), return_inverse=True)
    return torch.tensor(numbers, dtype=torch.int64)


def _texts(letters: torch.Tensor, generator: torch.Generator) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    reach = torch.arange(CONTEXT + 1)
    while True:
        at = torch.randint(len(letters) - CONTEXT, (BATCH // 2, 1), generator=generator)
        piece = letters[at + reach]
        yield piece[:, :-1], piece[:, 1:]


def train(run: Run, folder: Path) -> Path:
    """Train one network and return the file of its record; one that is there already is taken as it is."""
    path = folder / f"{run.name}.arrows"
    if path.exists():
        return path
    torch.manual_seed(run.seed)
    generator = torch.Generator().manual_seed(run.seed)
    if run.network == "transformer":
        letters = _letters()
        model, batches = Transformer(int(letters.max()) + 1), _texts(letters, generator)
    else:
        model, batches = {"mlp": mlp, "conv": conv}[run.network](), _images(generator)
    matrices = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() < 2]
    optimizer = OPTIMIZERS[run.optimizer](
        [{"params": matrices}, {"params": others, "weight_decay": 0.0}], lr=run.lr, weight_decay=run.weight_decay
    )
    schedule = SCHEDULES[run.schedule](run.steps)
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    with sim.torch_recorder(model, optimizer, unfinished, planned_steps=run.steps, schedule=schedule):
        for factor in schedule.factors(run.steps):
            for group in optimizer.param_groups:
                group["lr"] = run.lr * float(factor)
            inputs, labels = next(batches)
            optimizer.zero_grad()
            functional.cross_entropy(model(inputs), labels).backward()
            optimizer.step()
    return unfinished.rename(path)
