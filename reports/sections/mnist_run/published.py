"""What others published about this experiment, on MNIST: the numbers that the report puts beside its own.

Sources: the question (Cross Validated, 2021, "L2 regularization ... weight initialization"), whose network was
[784, 30, 10], 30 epochs, m = 10, eta = 0.1, lam = 5, trained once; the textbook's figures of the validation accuracy
with both initialisations (same settings, 30 and 100 hidden neurons); and one independent run of the question's program.
"""

from __future__ import annotations

__all__ = ["INDEPENDENT_ACCURACY", "INDEPENDENT_RUN", "QUESTION", "QUESTION_SETTINGS", "TEXTBOOK_ACCURACIES"]

QUESTION_SETTINGS = {
    "dataset": "MNIST", "sizes": [784, 30, 10], "n": 50_000, "epochs": 30, "batch_size": 10, "eta": 0.1, "lam": 5.0,
}  # fmt: skip

QUESTION: dict[tuple[str, int], tuple[float, float]] = {  # (statistic, layer): (before training, after 30 epochs)
    ("variance", 2): (1.01, 0.08),
    ("variance", 3): (1.15, 3.62),
    ("induced_1_norm", 2): (33.03, 12.75),
    ("induced_1_norm", 3): (12.51, 26.65),
    ("sum", 2): (75.94, 130.23),
    ("sum", 3): (4.26, -72.15),
}
INDEPENDENT_RUN: dict[tuple[str, int], tuple[float, float]] = {
    ("variance", 2): (1.001, 0.0789),
    ("variance", 3): (1.035, 3.648),
}
INDEPENDENT_ACCURACY = 0.9598
TEXTBOOK_ACCURACIES = {  # by the number of hidden neurons
    30: {"default": 0.9650, "large": 0.9637},
    100: {"default": 0.9781, "large": 0.9742},
}
