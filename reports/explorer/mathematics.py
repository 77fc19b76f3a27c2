"""Equations as pictures that need no network: SymPy objects set by Typst, as SVG in the colour of the text around."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any
from zlib import crc32

import typst

from sim.machinery.saving import work_folder

if TYPE_CHECKING:
    import sympy as sp

__all__ = ["equations", "picture"]

SIZE = 11  # pt; the page sets pictures in em of this


def equations() -> dict[str, Any]:
    """Return the equations that the page shows, from the derivations, by name."""
    import sympy as sp

    import theory
    from theory.layer.budget import derive_norm_balance
    from theory.symbols import V, eta, lam, n
    from theory.weight.derivations.plain import derive_plain
    from theory.weight.derivations.schedules import derive_schedules
    from theory.weight.laws.linear import plain_optimizer

    plain = derive_plain(correlated=True)
    m, after = sp.Symbol("m", positive=True), sp.Symbol("V'")
    step = plain_optimizer().recursion.one_step(sp.Matrix([[V]]))[0]
    adamw = theory.equilibrium(n, lam, eta, optimizer=theory.AdamW())
    walk = theory.equilibrium(n, lam, eta)
    return {
        "rate": plain["rate"],
        "rule": plain["update"],
        "equilibrium": plain["equilibrium"],
        "walk": plain["random walk"],
        "balance": plain["balance"],
        "white": plain["white noise meets 1/sqrt(n)"],
        "coherent": plain["coherent noise meets 1/sqrt(n)"],
        "adamw": sp.Eq(V, adamw.expression**2),
        "pure": sp.Eq(sp.Symbol("f"), walk.shrink_per_epoch(m)),
        "norm": derive_norm_balance()["stationary norm"],
        "step": sp.Eq(after, step),
        "fall": derive_schedules()["linear fall"],
    }


def picture(equation: sp.Basic) -> str:
    """Return an equation as an `<svg>` with its plain text for those who cannot see it.

    Examples
    --------
    >>> from theory.symbols import eta, lam
    >>> drawn = picture(eta / (2 * lam))
    >>> drawn[:29], "currentColor" in drawn, "#000" in drawn
    ('<svg role="img" aria-label="e', True, False)
    """
    from theory.algebra.typst_math import typst_math

    page = "#set page(width: auto, height: auto, margin: (x: 1pt, y: 2pt), fill: none)\n"
    with work_folder() as folder:
        source = folder / "equation.typ"
        source.write_text(f"{page}#set text(size: {SIZE}pt)\n$ {typst_math(equation)} $", encoding="utf-8")
        drawn = bytes(typst.compile(str(source), format="svg", ignore_system_fonts=True)).decode()
    width, height = (float(re.search(rf'{side}="([\d.]+)pt"', drawn)[1]) / SIZE for side in ("width", "height"))  # type: ignore[index]
    drawn = re.sub(
        r' width="[\d.]+pt" height="[\d.]+pt"', f' style="width:{width:.3f}em;height:{height:.3f}em"', drawn, count=1
    )
    drawn = drawn.replace("#000000", "currentColor")
    mine = f"{crc32(drawn.encode()):x}-"  # each picture has glyphs of its own: ids are unique in a page
    drawn = re.sub(r'(id="|href="#)(?=[gc])', rf"\g<1>{mine}", drawn)
    return drawn.replace("<svg ", f'<svg role="img" aria-label="{html.escape(_read_aloud(equation))}" ', 1)


def _read_aloud(equation: sp.Basic) -> str:
    text = re.sub(r"Eq\((.*), (.*)\)$", r"\1 = \2", str(equation))
    return text.replace("**", "^").replace("*", " ")
