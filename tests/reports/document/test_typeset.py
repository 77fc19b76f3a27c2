import json
import math
import subprocess
import sys

import pytest
from matplotlib.figure import Figure

from reports.document.numbers import as_json
from reports.document.style import new_figure, styled


def test_json_refuses_nan_and_is_stable():
    assert as_json({"b": 1, "a": [0.1]}) == as_json({"a": [0.1], "b": 1})
    with pytest.raises(ValueError, match="JSON"):
        as_json({"a": math.nan})


@styled
def picture() -> Figure:
    figure, axes = new_figure(1, 1, 2.0)
    axes[0, 0].plot([0, 1], [0, 1])
    axes[0, 0].set_xlabel(r"$\eta\lambda$")
    return figure


def test_a_figure_is_the_same_bytes_every_time():
    assert picture() == picture()


@pytest.mark.slow
def test_quick_report_twice_is_the_same_bytes(tmp_path):
    """From the command line, as people do it, and from Python."""
    from pypdf import PdfReader

    from reports import build

    command = [
        sys.executable,
        "-m",
        "reports.cli.app",
        "report",
        "--quick",
        "--seed",
        "7",
        "--out",
        tmp_path / "a" / "r.pdf",
    ]
    subprocess.run(command, check=True, capture_output=True)
    build(tmp_path / "b" / "r.pdf", quick=True, seed=7, quiet=True)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert {"r.pdf", "r.json", "r-walks.nc", "r-training-large.nc", "r-training-default.nc"} <= set(names)
    for name in ("r.pdf", "r.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name
    numbers = json.loads((tmp_path / "a" / "r.json").read_text())
    walks = [c for c in numbers["comparisons"] if c["section"] == "random_walk"]
    assert len(walks) >= 20
    assert all(abs(c["z"]) < 4 for c in walks)
    text = " ".join(" ".join(page.extract_text().split()) for page in PdfReader(tmp_path / "a" / "r.pdf").pages)
    for phrase in (
        "Where does weight decay hold the weights?",
        "Abstract.",
        "In which sense it is right",
        "References",
        "Figure 4",
    ):
        assert phrase in text
    assert "nan" not in text.split()
