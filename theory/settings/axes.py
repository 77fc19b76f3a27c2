"""Where a result draws itself: axes of Matplotlib, which is imported when something is drawn and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from theory.errors import InvalidArgument
from theory.settings.checks import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["axes_or_current"]


def axes_or_current(axes: Any = None) -> Axes:
    """Return `axes`, or pyplot's current ones if None; InvalidArgument if it is something else.

    Examples
    --------
    >>> axes_or_current("top")
    Traceback (most recent call last):
    theory.errors.InvalidArgument: axes must be axes of Matplotlib, got 'top'. Leave it out to draw on the current ones.
    """
    if axes is None:
        from matplotlib import pyplot

        return pyplot.gca()
    if not (hasattr(axes, "plot") and hasattr(axes, "set_xlabel")):
        raise InvalidArgument(
            f"axes must be axes of Matplotlib, got {shown(axes)}. Leave it out to draw on the current ones."
        )
    return axes
