"""reports compares: predictions from `theory` over measurements from `sim`, in a PDF and on the command line.

>>> import reports
>>> print(reports.Comparison("scale", predicted=0.1, measured=0.13, standard_error=0.001).verdict)
differs
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports.comparison import Comparison

if TYPE_CHECKING:
    from reports.assemble import build

__all__ = ["Comparison", "build"]


def __getattr__(name: str) -> Any:
    """Import Matplotlib and Typst on first use, so that small commands answer at once."""
    if name == "build":
        from reports.assemble import build

        return build
    raise AttributeError(f"module 'reports' has no attribute {name!r}")
