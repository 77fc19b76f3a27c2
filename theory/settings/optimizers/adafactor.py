"""The settings of Adafactor, in PyTorch's conventions: its weight decay stands beside the gradient."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from theory.errors import InvalidArgument
from theory.settings.checks import check_flag, check_range, non_negative, positive, shown

__all__ = ["Adafactor"]


@dataclass(frozen=True, slots=True)
class Adafactor:
    """Adafactor as `torch.optim.Adafactor` does it: steps relative to the size of the whole tensor, which slow down.

    w' = (1 - lr weight_decay) w - max(eps_2, RMS(w)) min(lr, t^(-1/2)) U / max(1, RMS(U)/d), where U is the gradient
    over the root of a second moment that remembers ever more, 1 - beta_2t = t^beta2_decay; of a matrix it keeps the
    means over rows and columns only.

    Parameters
    ----------
    beta2_decay : float
        Exponent of the second moment's forgetting, at most 0.
    eps : (float or None, float)
        Floor of the second moment (None: the dtype's machine epsilon), and floor of the tensor's rms.
    d : float
        Largest rms of a step before it is scaled; at least 1.
    maximize : bool
        Climb: the gradient's sign is changed.

    Raises
    ------
    InvalidArgument
        If a number is out of range.
    """

    beta2_decay: float = -0.8
    eps: tuple[float | None, float] = (None, 1e-3)
    d: float = 1.0
    _: KW_ONLY
    maximize: bool = False

    def __post_init__(self) -> None:
        check_range("beta2_decay", self.beta2_decay, float("-inf"), 0, ends=(False, True), must="at most 0, and finite")
        try:
            first, second = self.eps
        except (TypeError, ValueError) as error:
            raise InvalidArgument(f"eps must be a pair, got {shown(self.eps)}. Write eps=(None, 1e-3).") from error
        if first is not None:
            non_negative("eps[0]", first)
        positive("eps[1]", second, "It is the rms below which a tensor's steps shrink no further.")
        check_range("d", self.d, 1, float("inf"), ends=(True, False), must="at least 1, and finite")
        check_flag("maximize", self.maximize)
