"""How the site is built (`make docs`): warnings are errors, and neither builder nor page fetches anything."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cycler import cycler

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "extensions"), str(HERE.parent)]

from reports.document.style import COLOURS, SETTINGS  # noqa: E402  (from this tree)

project = "tailoff"
author = "The tailoff developers"
copyright = "The tailoff developers, MIT licence"
version = release = installed("tailoff")
language = "en"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "matplotlib.sphinxext.plot_directive",
    "mathml",
    "derivations",
    "reference",
    "frameworks",
]
exclude_patterns = ["_build", "extensions", "static", "reference/generated.rst"]
default_role = "name"  # of docs/extensions/reference.py
suppress_warnings = ["config.cache"]  # sphinx-gallery's settings hold a function

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # numpydoc's Parameters say the types
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False  # autodoc lists them
numpydoc_xref_param_type = False

FIGURES = SETTINGS | {
    "figure.figsize": (6.7, 3.6),
    "figure.constrained_layout.use": True,
    "axes.prop_cycle": cycler(color=[COLOURS[name] for name in ("blue", "orange", "green", "pink", "sky", "grey")]),
}
plot_rcparams = FIGURES
plot_apply_rcparams = True
plot_formats = [("svg", 100)]
plot_html_show_formats = False
plot_html_show_source_link = False
plot_pre_code = ""


def _report_style(gallery_conf: dict[str, Any], script: str) -> None:
    """Draw a script's figures as the report's."""
    mpl.rcParams.update(FIGURES)


sphinx_gallery_conf = {
    "reset_modules": ("matplotlib", _report_style),
    "examples_dirs": str(HERE.parent / "examples"),
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "image_srcset": ["2x"],
    "show_memory": False,
    "download_all_examples": False,
    "abort_on_example_error": True,
    "plot_gallery": True,
    "min_reported_time": 1,
    "show_signature": False,
    "write_computation_times": False,
    "nested_sections": False,
    "copyfile_regex": r".*\.csv",
}

html_theme = "pydata_sphinx_theme"
html_title = "tailoff"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_math_renderer = "mathml"
html_theme_options = {
    "logo": {"text": "tailoff"},
    "navbar_align": "left",
    "navbar_end": ["theme-switcher"],
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["sphinx-version"],
}
html_sidebars = {page.stem: [] for page in HERE.glob("*.*")}  # a page by itself has no neighbours to list

STIX = Path(str(find_spec("ziamath").origin)).parent / "fonts" / "STIXTwoMath-Regular.ttf"  # type: ignore[union-attr]
html_static_path.append(str(STIX))
