r"""Published rules for AdamW's decay: as a network gets wider, and as more tokens are trained on per parameter.

They say what to hold and not why, so each is named, and where two disagree the caller chooses. Both rules for the width
go from d to d' with muP's learning rate

.. math:: \eta' = \eta \frac{d}{d'}

for the matrices whose both sides grow. Wang and Aitchison then hold the memory in epochs, so that lam goes as d'/d and
the scale as d/d'. Fan et al. hold the gain of a layer instead, for which they measured that the scale must fall as

.. math:: r' = r \left(\frac{d}{d'}\right)^{3 / 4}

so that lam goes as the root of d'/d and the memory grows as that root. Bergsma et al. find that the memory, as a part
of the run, is best at

.. math:: \frac{\tau}{T} = c \left(\frac{D}{N}\right)^{p}

with D tokens for N parameters and T steps. There c = 1.084 and p = -0.527 are their fit (R^2 = 0.975), to language
models of 111 million to 3.3 billion parameters under muP; at 20 tokens per parameter the memory is 22% of the run. The
learning rate in it is the peak's. At a fixed D/N it is Wang and Aitchison's rule.

Assumptions
-----------
1. AdamW, for which alone the rules are published.
2. For other tokens per parameter: as many epochs as before.

Bergsma et al.'s c, p and R^2 are taken from quotations of their paper, and have not been checked against its tables.

Range: that of the authors' experiments, against which neither widths nor tokens are checked. What follows for lam is
exact for the law of AdamW; the exponents 3/4 and p and the constant c are measurements.

References
----------
Yang et al., "Tensor Programs V", 2022 (arXiv:2203.03466): muP. Wang and Aitchison, "How to set AdamW's weight decay as
you scale model and dataset size", ICML 2025 (arXiv:2405.13698). Fan et al., "Robust Layerwise Scaling Rules by Proper
Weight Decay Tuning", 2025 (arXiv:2510.15262). Bergsma et al., "Power Lines: Scaling Laws for Weight Decay and Batch
Size in LLM Pre-training", NeurIPS 2025 (arXiv:2505.13738).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from theory.errors import InvalidArgument
from theory.settings import AdamW, one_number, positive
from theory.settings.checks import shown
from theory.settings.optimizers.named import named_optimizer

__all__ = ["BERGSMA", "WIDTH_RULES", "Move", "part_of_the_run", "published_move", "refuse_unless_adamw"]

SCALE_POWER = 3 / 4  # Fan et al.: top singular value as sqrt(eta/lam) d^(3/4), measured
PART_AT_ONE_TOKEN, PART_POWER = 1.084, -0.527  # Bergsma et al.: a fit to their runs
BERGSMA = "Bergsma et al. 2025 (arXiv:2505.13738)"
WIDTH_RULES: Mapping[str, str] = MappingProxyType({
    "wang-aitchison": "Wang and Aitchison 2024 (arXiv:2405.13698): the memory in epochs is held",
    "fan": "Fan et al. 2025 (arXiv:2510.15262): the gain of a layer is held",
})  # fmt: skip


@dataclass(frozen=True)
class Move:
    """What published rules make of a recipe: factors of the learning rate, and of the memory or the scale to hold."""

    eta: float = 1.0
    memory: float = 1.0
    scale: float | None = None


def part_of_the_run(tokens_per_parameter: float) -> float:
    """Return the memory that Bergsma et al. find best, over the length of the run.

    Examples
    --------
    >>> print(f"{part_of_the_run(20):.4f} {part_of_the_run(200):.4f}")
    0.2236 0.0664
    """
    positive("tokens_per_parameter", one_number("tokens_per_parameter", tokens_per_parameter))
    return PART_AT_ONE_TOKEN * float(tokens_per_parameter) ** PART_POWER


def published_move(
    optimizer: Any, widths: Mapping[str, float | None], tokens: Mapping[str, float | None], width_rule: str | None
) -> Move | None:
    """Return what the rules make of other widths and tokens per parameter; None if nothing of the kind is asked for.

    Parameters
    ----------
    optimizer : AdamW
        Its settings.
    widths, tokens : mapping
        Old and new width, old and new tokens per parameter, by the names of `rescale`; both or neither of a pair.
    width_rule : str or None
        A name of `WIDTH_RULES`; needed for widths.

    Raises
    ------
    InvalidArgument
        Half of a pair, a number that is not positive, no such rule, or an optimizer for which none is published.
    """
    wider, longer = _ratio(widths), _ratio(tokens)
    if width_rule is not None and wider is None:
        raise InvalidArgument(f"width_rule must be left out without width and to_width, got {shown(width_rule)}.")
    if wider is None and longer is None:
        return None
    refuse_unless_adamw(optimizer)
    if wider is None:
        return Move(memory=longer**PART_POWER)  # type: ignore[operator]
    if not isinstance(width_rule, str) or width_rule not in WIDTH_RULES:
        known = "; ".join(f"{name!r}, {text}" for name, text in WIDTH_RULES.items())
        raise InvalidArgument(f"width_rule must be given with to_width, got {shown(width_rule)}. Take one of {known}.")
    if width_rule == "fan":
        if longer is not None:
            raise InvalidArgument(
                "width_rule must be 'wang-aitchison' with to_tokens_per_parameter, got 'fan': the rule of tokens sets "
                "the memory, Fan et al. the scale."
            )
        return Move(eta=1 / wider, scale=wider**-SCALE_POWER)
    return Move(eta=1 / wider, memory=1.0 if longer is None else longer**PART_POWER)


def refuse_unless_adamw(optimizer: Any) -> None:
    """Raise InvalidArgument for an optimizer, or the name of one, that none of the published rules is about."""
    if isinstance(optimizer, str):
        optimizer = named_optimizer(optimizer)
    if not isinstance(optimizer, AdamW):
        raise InvalidArgument(
            f"optimizer must be AdamW for a rule of width or tokens per parameter, got {shown(optimizer)}: none is "
            "published for another. Say what to hold: a scale or a memory."
        )


def _ratio(pair: Mapping[str, float | None]) -> float | None:
    """Return new over old, or None if neither is given."""
    given = {name: value for name, value in pair.items() if value is not None}
    if not given:
        return None
    for name in pair:
        if name not in given:
            raise InvalidArgument(f"{name} must be given with {next(iter(given))}, got None.")
        positive(name, one_number(name, given[name]))
    old, new = (float(value) for value in given.values())
    return new / old
