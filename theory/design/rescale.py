r"""How to move a recipe to another data set or batch size: equilibrium and memory in epochs are kept.

.. math:: \frac{E w^2}{\eta^2 \sigma^2} = f(x), \qquad \tau = g(x), \qquad x = \eta\lambda/n

Without curvature both the equilibrium (in units of a step) and the memory (in steps) of any optimizer here are
functions of eta lam/n alone, where sigma is 1 for a normalised step. Hence, to leading order, the memory in epochs is
m / (eta lam) times a constant of the optimizer and stays put if eta lam / m does; the scale stays put with it

* under SGD (noise variance as 1/m) if eta goes as m / sqrt(n) and lam as sqrt(n);
* under AdamW, Lion, Muon (decoupled and normalised: no noise in the law) if eta goes as sqrt(m / n), lam as sqrt(m n);
* under Adam, RMSprop, Adamax with their decay in the gradient (coupled and normalised: the variance goes as
  eta sigma / lam and the memory in epochs as sigma m / (eta lam)) if eta goes as sqrt(m / n) and lam as sqrt(n): lam
  does not move with the batch.

`rescale` solves both conditions exactly and not to leading order.

Gradients accumulated over k micro-batches, and averaged, are those of a batch k times as large: `to_batch_size`.
Another width and other tokens per parameter follow published rules (`theory.design.published`), which set eta by
themselves and hold the memory or the scale.

Assumptions
-----------
1. Those of the optimizer's law, without curvature.
2. The noise of a minibatch gradient has variance (noise of one example)^2 / m, and does not change otherwise.

Range: wherever the optimizer's law holds, on the branch of small rates (the scale falls as lam grows). Exact for the
law; root finding to 1e-12.

References
----------
Wang and Aitchison, "How to set AdamW's weight decay as you scale model and dataset size", 2024 (arXiv:2405.13698): the
memory in epochs is what to hold. Goyal et al., "Accurate, Large Minibatch SGD", 2017 (arXiv:1706.02677): eta as m.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from theory.design.decay_for import decay_for
from theory.design.published import Move, published_move
from theory.errors import InvalidArgument, TailoffError
from theory.settings import check_batch, one_number, positive, representable
from theory.settings.checks import shown
from theory.settings.notebook import InNotebook
from theory.weight.equilibrium import equilibrium
from theory.weight.problem import PLAIN

__all__ = ["Recipe", "rescale"]

SAME_LAM = 1e-6  # what root finding leaves open


@dataclass(frozen=True)
class Recipe(InNotebook, answer=("eta", "lam", "batch_size")):
    """Hyperparameters that keep a training set-up's equilibrium (made by `rescale`).

    Attributes
    ----------
    n, lam, eta, batch_size : float
        The new set-up; n is 1 where it was not given.
    scale_ratio, memory_ratio : float
        New over old equilibrium scale, and memory in epochs: 1 where they were held.
    """

    n: float
    lam: float
    eta: float
    batch_size: float
    scale_ratio: float
    memory_ratio: float

    @property
    def lr(self) -> float:
        """Learning rate: eta."""
        return self.eta

    @property
    def weight_decay(self) -> float:
        """PyTorch's weight decay: lam/n."""
        return self.lam / self.n


@representable
def rescale(
    n: float | None = None,
    lam: float | None = None,
    eta: float | None = None,
    *,
    lr: float | None = None,
    weight_decay: float | None = None,
    batch_size: float,
    noise: float | None = None,
    to_n: float | None = None,
    to_batch_size: float | None = None,
    to_eta: float | None = None,
    width: float | None = None,
    to_width: float | None = None,
    width_rule: str | None = None,
    tokens_per_parameter: float | None = None,
    to_tokens_per_parameter: float | None = None,
    optimizer: Any = PLAIN,
    shape: tuple[int, ...] | None = None,
) -> Recipe:
    """Return hyperparameters for another data set or batch size that keep the equilibrium and the memory in epochs.

    Parameters
    ----------
    n, lam, eta, batch_size : float
        The set-up that works.
    lr, weight_decay : float
        In place of lam and eta; n is then needed only with to_n.
    noise : float, optional
        Standard deviation of its minibatch gradient noise per weight. Default 1/sqrt(n); with lr and weight_decay it
        must be given where the law depends on it.
    to_n, to_batch_size : float, optional
        The new data set size and batch size. Default: unchanged.
    to_eta : float, optional
        A learning rate to be used regardless: only the memory in epochs is then held, and the scale follows.
    width, to_width : float, optional
        Old and new width of a network under AdamW: eta goes as 1/width, as in muP, and lam by `width_rule`.
    width_rule : {"wang-aitchison", "fan"}, optional
        Whose rule: Wang and Aitchison hold the memory in epochs (lam as width), Fan et al. the gain of a layer (lam as
        the root of the width).
    tokens_per_parameter, to_tokens_per_parameter : float, optional
        Old and new ones, under AdamW: the memory in epochs goes as their power -0.527, a fit by Bergsma et al. to
        language models; eta stays unless `to_eta` or a width moves it. Tokens that change are n and `to_n`.
    optimizer : SGD, Adam, AdamW, ... or a name
        Default: plain SGD.
    shape : (int, int), optional
        As in `theory.equilibrium`.

    Returns
    -------
    Recipe
        The new eta and lam, and what became of scale and memory.

    Raises
    ------
    InvalidArgument, NoEquilibrium
        If the old set-up has no equilibrium, the new one cannot have the memory, or a smaller lam has the same: the
        memory is then that of the optimizer's buffer and does not tell lam. Or a published rule is asked for more
        than it says.

    Examples
    --------
    Four times the batch: SGD takes four times the learning rate and the same lam, AdamW twice of both.

    >>> import theory
    >>> recipe = rescale(50_000, 5.0, 0.1, batch_size=10, to_batch_size=40)
    >>> print(f"{recipe.eta:.4f} {recipe.lam:.4f}")
    0.4000 5.0000
    >>> recipe = rescale(50_000, 500.0, 0.001, batch_size=10, to_batch_size=40, optimizer=theory.AdamW())
    >>> print(f"{recipe.eta:.5f} {recipe.lam:.2f}")
    0.00200 999.86
    >>> recipe = rescale(lr=0.001, weight_decay=0.01, batch_size=10, to_batch_size=40, optimizer="adamw")
    >>> print(f"{recipe.lr:.5f} {recipe.weight_decay:.5f}")
    0.00200 0.02000

    Four times the width: muP's learning rate, and two rules for the decay.

    >>> small = {"lr": 0.004, "weight_decay": 0.1, "batch_size": 10, "optimizer": "adamw", "width": 256}
    >>> for rule in ("wang-aitchison", "fan"):
    ...     recipe = rescale(**small, to_width=1024, width_rule=rule)
    ...     print(f"{recipe.lr:.3f} {recipe.weight_decay:.2f} {recipe.scale_ratio:.2f} {recipe.memory_ratio:.2f}")
    0.001 0.40 0.25 1.00
    0.001 0.20 0.35 2.00
    """
    book = lr is None and weight_decay is None
    words: dict[str, Any] = {"n": n} if book else {"lr": lr, "weight_decay": weight_decay}
    old = equilibrium(lam=lam, eta=eta, **words, noise=noise, optimizer=optimizer, shape=shape)
    for name, value in (("n", n), ("lam", old.lam), ("eta", old.eta), ("batch_size", batch_size)):
        _given(name, value)
    if n is None and to_n is not None:
        raise InvalidArgument(f"n must be given with to_n, got None and to_n = {shown(to_n)}.")
    if n is not None:
        check_batch(batch_size, n)
        check_batch(batch_size if to_batch_size is None else to_batch_size, to_n or n, "to_batch_size")
    n = 1.0 if n is None else float(n)
    lam, eta = float(old.lam) if book else float(old.lam) * n, float(old.eta)
    for name, value in (("to_n", to_n), ("to_batch_size", to_batch_size), ("to_eta", to_eta)):
        _given(name, value)
    widths = {"width": width, "to_width": to_width}
    tokens = {"tokens_per_parameter": tokens_per_parameter, "to_tokens_per_parameter": to_tokens_per_parameter}
    move = published_move(old.optimizer, widths, tokens, width_rule)
    wanted = {"to_n": to_n, "to_batch_size": to_batch_size, "to_eta": to_eta}
    _refuse_beside_a_rule(move, wanted)
    new_n, new_batch = n if to_n is None else to_n, batch_size if to_batch_size is None else to_batch_size
    new_noise = old.noise * (batch_size / new_batch) ** 0.5
    memory = old.relaxation_time * batch_size / n
    model = {"n": new_n, "optimizer": optimizer, "noise": new_noise, "shape": shape}
    # The memory fixes eta lam/n, whatever eta is; the variance is then as eta^2.
    same: dict[str, Any] = {"noise": old.noise, "optimizer": optimizer, "shape": shape}
    least = decay_for(memory=memory * n / batch_size, n=n, eta=eta, **same)
    if abs(least / lam - 1) > SAME_LAM:
        raise InvalidArgument(
            f"lam must be told by the memory to be rescaled, got {lam:g}: with {optimizer} the memory is {memory:g} "
            f"epochs for lam = {least:g} already. Take a smaller lam or eta."
        )
    hold = move or Move()
    new_eta = (to_eta or eta) * hold.eta
    try:
        if hold.scale is None:
            new_lam = decay_for(memory=memory * hold.memory * new_n / new_batch, eta=new_eta, **model)
        else:
            new_lam = decay_for(scale=float(old.scale) * hold.scale, eta=new_eta, **model)
        new = equilibrium(lam=new_lam, eta=new_eta, **model)
        if to_eta is None and move is None:
            factor = old.scale / new.scale
            new_eta, new_lam = new_eta * factor, new_lam / factor
            new = equilibrium(lam=new_lam, eta=new_eta, **model)
    except (TailoffError, NotImplementedError) as error:
        asked = (wanted | widths | tokens).items()
        given = [(name, value) for name, value in asked if name.startswith("to_") and value is not None]
        name, value = given[0] if given else ("batch_size", batch_size)
        raise InvalidArgument(
            f"{name} must leave the new set-up an equilibrium with this memory, got {value:g}: {error}"
        ) from error
    return Recipe(
        new_n, new_lam, new_eta, new_batch, new.scale / old.scale, new.relaxation_time * new_batch / new_n / memory
    )


def _refuse_beside_a_rule(move: Move | None, wanted: dict[str, float | None]) -> None:
    """Refuse what a published rule sets itself, or says nothing about."""
    if move is None:
        return
    for name, value in wanted.items():
        if value is not None and move.scale is not None:
            raise InvalidArgument(
                f"{name} must be left out with width_rule = 'fan', got {shown(value)}. Move the width in a call of its "
                "own."
            )
    if wanted["to_eta"] is not None and move.eta != 1:
        raise InvalidArgument(
            f"to_eta must be left out with to_width, got {shown(wanted['to_eta'])}: muP takes eta as 1/width."
        )


def _given(name: str, value: float | None) -> None:
    """Refuse what is given and is not one positive number."""
    if value is not None:
        positive(name, one_number(name, value))
