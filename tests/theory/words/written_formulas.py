"""The table of written formulas of theory/words (see tests/theory/test_written_formulas.py)."""

import theory

QUANTITIES = {"lr": 0.013, "max_lr": 0.06, "initial_lr": 0.02, "rms": 0.7, "n": 137.0}


def fraction():
    """Of every row that takes a fraction; and what a weight without gradients keeps."""
    for row in theory.conventions.values():
        if row.kind == "averaged":
            continue
        product = row.coefficient * 0.4
        for name, power in row.powers:
            product *= QUANTITIES[name] ** power
        yield product, row.per_step(0.4, **{name: QUANTITIES[name] for name in row.needs})
    f = theory.conventions["torch.AdamW"].per_step(0.4, lr=0.013)
    yield 1 - f, theory.equilibrium(lr=0.013, weight_decay=0.4, optimizer="adamw").shrink


BLOCKS = {"theory.words.convention": [(r"w' = (1 - f) w, \qquad f = c v \prod_i q_i^{p_i}", fraction)]}
