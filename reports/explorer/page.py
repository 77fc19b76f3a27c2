"""The page: words, style, code, formulas, tables, measurements and Bokeh itself, put together into one HTML file."""

from __future__ import annotations

import json
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from reports.comparison import SIGMAS
from reports.explorer.adamw_table import BETAS1, BETAS2, adamw_table
from reports.explorer.controls import ONE_WEIGHT, PRESETS, RUN, network_slider
from reports.explorer.formulas import falls, javascript, laws
from reports.explorer.mathematics import equations, picture
from reports.explorer.network import measured
from reports.explorer.verdicts import CLAIMS, verdicts
from reports.sections.mnist_run.facts import AROUND, NEAR
from sim.machinery.saving import refuse_unwritable, write
from theory import TailoffError

__all__ = ["html", "write_page"]

CODE = ("linear", "adamw", "schedule", "walkers", "controls", "drawing", "one_weight", "network", "run", "main")


def write_page(path: Path) -> Path:
    """Write the explorer; return its path.

    Raises
    ------
    TailoffError
        If Bokeh is not installed.
    DataError
        If the file cannot be written.
    """
    refuse_unwritable(path)
    return write(path, html().encode())


def html() -> str:
    """Return the page: one file, which asks nothing of a network.

    Raises
    ------
    TailoffError
        If Bokeh is not installed.
    """
    if find_spec("bokeh") is None:
        raise TailoffError("the explorer draws with Bokeh, which is not installed. Run: pip install 'tailoff[explore]'")
    from bokeh.embed import json_item
    from bokeh.resources import Resources
    from jinja2 import Environment, StrictUndefined

    from reports.explorer.figures import figures

    network = measured()
    data = {
        "figures": {name: json_item(figure) for name, figure in figures().items()},
        "tables": {f"{b1:g}/{b2:g}": adamw_table(b1, b2) for b1 in BETAS1 for b2 in BETAS2},
        "network": network,
    }
    environment = Environment(undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_text("page.html")).render(
        style=_text("style.css"),
        bokeh=Resources(mode="inline", components=["bokeh"]).render_js(),
        data="\n".join(f"const {name} = {_literal(value)};" for name, value in data.items()),
        formulas=f"const formula = {javascript(laws())};\nconst fall = {javascript(falls())};",
        code="\n".join(_text(f"{name}.js") for name in CODE),
        one_weight=ONE_WEIGHT,
        presets=PRESETS,
        run=RUN,
        network=[network_slider(tuple(sorted({run["lam"] for run in network["runs"]})))],
        settings=network["settings"],
        verdicts=verdicts(network),
        titles=CLAIMS,
        near=f"{100 * NEAR:g}",
        around=f"{AROUND:g}",
        sigmas=f"{SIGMAS:g}",
        mathematics={name: picture(equation) for name, equation in equations().items()},
        printed=javascript(laws()),
        version=network["source"]["version"],
    )


def _text(name: str) -> str:
    return (files("reports") / "explorer" / "page" / name).read_text(encoding="utf-8")


def _literal(value: object) -> str:
    """Return JSON that is safe inside a script element."""
    return json.dumps(value, allow_nan=False, separators=(",", ":")).replace("</", "<\\/")
