"""What laws share of optimizers under which no stationary state exists: they refuse it, and answer along a path."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from theory.errors import NoEquilibrium
from theory.settings.types import Value
from theory.weight.law import Law

__all__ = ["UnsettledLaw"]


class UnsettledLaw(Law):
    """A law without an equilibrium; a subclass says why, and what `path` and `forgetting` are."""

    method = "approximate"

    @property
    @abstractmethod
    def reason(self) -> str:
        """Why there is none, completing "no equilibrium under X: "."""

    def refuse(self) -> None:
        """Raise NoEquilibrium, always."""
        raise NoEquilibrium(
            f"no equilibrium under {type(self.problem.optimizer).__name__}: {self.reason}. "
            "theory.trajectory(...).rms answers for every step of a run."
        )

    def _refused(self) -> Any:
        self.refuse()

    @property
    def variance(self) -> Value:
        """Refused."""
        return self._refused()

    @property
    def balance(self) -> Value:
        """Refused."""
        return self._refused()

    @property
    def shrink(self) -> Value:
        """Refused."""
        return self._refused()

    @property
    def relaxation_time(self) -> Value:
        """Refused."""
        return self._refused()

    @property
    def settling_time(self) -> Value:
        """Refused."""
        return self._refused()

    @property
    def expression(self) -> Any:
        """Refused."""
        return self._refused()

    def shrink_over(self, steps: Value, *, limit: bool) -> Value:
        """Refuse."""
        del steps, limit
        return self._refused()
