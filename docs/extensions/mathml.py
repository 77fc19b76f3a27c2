"""Mathematics as MathML, made while the site is built: browsers draw it without a script and without a network."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.errors import SphinxError

__all__ = ["mathml", "setup"]


def mathml(latex: str, *, display: bool = False) -> str:
    """Return LaTeX mathematics as a MathML element; SphinxError names what cannot be converted.

    Examples
    --------
    >>> "<mfrac>" in mathml(r"\\frac{1}{2}")
    True
    """
    try:
        return convert(latex, display="block" if display else "inline")
    except Exception as error:
        raise SphinxError(f"cannot convert to MathML: {latex!r} ({error!r})") from error


def _inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def _block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="math">{mathml(node.astext(), display=True)}</div>\n')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer as `html_math_renderer = "mathml"`."""
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
