"""The PDF of one run: what it says follows from the run, and a layer that will not settle is told first."""

import io

import numpy as np
import pypdf
import pytest

import sim
import theory


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Record two layers whose steps are random walks under decay: one near its equilibrium, one far above."""
    path, rng = tmp_path_factory.mktemp("run") / "own.arrows", np.random.default_rng(2)
    held = theory.equilibrium(lr=0.1, weight_decay=0.01, noise=1.0).scale
    weights = {"near": held * rng.standard_normal(500), "far": 30 * held * rng.standard_normal(500)}
    with sim.Recorder(path, optimizer="sgd") as recorder:
        for step in range(600):
            gradients = {name: rng.standard_normal(500) for name in weights}
            recorder.update(
                step, {name: (w, gradients[name]) for name, w in weights.items()}, lr=0.1, weight_decay=0.01
            )
            weights = {name: w - 0.1 * (gradients[name] + 0.01 * w) for name, w in weights.items()}
    return path


def text_of(path):
    pages = pypdf.PdfReader(io.BytesIO(path.read_bytes())).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_what_the_report_says(run, tmp_path, tailoff):
    out = tmp_path / "run.pdf"
    code, said, err = tailoff("report", run, "--steps", 300, "--out", out)
    assert code == 0, err
    assert str(out) in said
    text = text_of(out)
    first = text.index("far will not settle within the 300 steps ahead")
    assert first < text.index("what holds it")
    assert "near will not settle" not in text
    assert "SGD's law of noise says" in text
    assert "calibrated on" in text
    longer = tmp_path / "longer.pdf"
    tailoff("report", run, "--steps", 20000, "--out", longer)
    assert "will not settle" not in text_of(longer)


def test_the_same_run_is_the_same_bytes(run, tmp_path, tailoff):
    made = []
    for name in ("a.pdf", "b.pdf"):
        assert tailoff("report", run, "--steps", 300, "--out", tmp_path / name)[0] == 0
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--steps", 5), "--steps is for the report on a run"),
        (("run", "--quick"), "--quick is for the report on the experiments"),
        (("run", "--steps", 5, "--momentum", 0.9), "--momentum must be given with --optimizer"),
        (("nothing.arrows", "--steps", 5), "does not exist"),
    ],
)
def test_refusals(run, tailoff, words, message):
    code, _, err = tailoff("report", *(run if word == "run" else word for word in words))
    assert code == 2
    assert err.count("\n") == 1
    assert message in err
