"""All optimizers in one figure: what was simulated over what is predicted."""

from __future__ import annotations

from matplotlib.figure import Figure

from reports.comparison import Comparison
from reports.document.style import COLOURS, new_figure, styled
from reports.sections.optimizers.catalogue import Case

__all__ = ["every_figure"]

LOOKS = {  # colour and marker by where the decay enters
    "in the gradient": ("blue", "o"),
    "beside it": ("orange", "s"),
    "in it, and lambd": ("green", "D"),
    "at the average": ("pink", "^"),
}


@styled
def every_figure(rows: list[tuple[Case, Comparison]]) -> Figure:
    """Draw measured over predicted rms, an optimizer a line, with the error that its law states as a bar."""
    figure, axes = new_figure(1, 1, 1.1 + 0.168 * len(rows))
    axis = axes[0, 0]
    ordered = sorted(rows, key=lambda row: not row[0].settles)  # stable: those in equilibrium first
    seen: set[str] = set()
    for place, (case, c) in enumerate(ordered):
        colour, marker = LOOKS[case.decay]
        label = None if case.decay in seen else f"decay {case.decay}"
        seen.add(case.decay)
        axis.barh(place, 200 * c.accuracy, left=-100 * c.accuracy, height=0.72, color="#dddddd", zorder=0)
        off, error = 100 * (c.measured / c.predicted - 1), 100 * c.standard_error / c.predicted
        axis.errorbar(off, place, xerr=2 * error, fmt=marker, color=COLOURS[colour], mfc="none", label=label)
    settled = sum(case.settles for case, _ in ordered)
    axis.axhline(settled - 0.5, color="black", linewidth=0.5, linestyle=":")
    axis.axvline(0, color="black", linewidth=0.7, zorder=0)
    widest = max(abs(100 * (c.measured / c.predicted - 1)) + 200 * c.standard_error / c.predicted for _, c in rows)
    axis.set_xlim(-1.08 * widest, 1.9 * widest)  # room for the legend
    axis.text(1.86 * widest, settled - 0.62, "in equilibrium", ha="right", va="bottom", fontsize=8.5)
    axis.text(1.86 * widest, settled - 0.38, "along a path", ha="right", va="top", fontsize=8.5)
    axis.set_ylim(len(ordered) - 0.4, -0.6)
    axis.set_yticks(range(len(ordered)), [case.name for case, _ in ordered])
    axis.tick_params(axis="y", length=0, labelsize=8.5)
    axis.set_xlabel("simulated rms over the predicted one, minus one [%]")
    axis.legend(loc="upper right")
    return figure
