"""The whole report on labels that mean nothing: it can be set, and its sentences say what its numbers do."""

from io import BytesIO

import numpy as np
import pytest

import sim
from reports.document.section import in_order
from reports.document.typeset import typeset
from reports.sections.all import SECTIONS
from reports.sections.envelope import experiments
from tests.reports.sections.measured import measured

FULL = ("mnist_run", "layers", "envelope")  # on so few examples the full sections take seconds


@pytest.fixture(scope="module")
def sections():
    mnist, rng = sim.load_data(), np.random.default_rng(0)
    labels = rng.permutation(mnist.labels[:700])
    data = sim.Data(mnist.inputs[:700, 300:500], labels, (500, 100, 100), "permuted.npz")  # other inputs, too
    specs = in_order(SECTIONS)
    with pytest.MonkeyPatch.context() as patch:  # labels without meaning are learnt slowly
        patch.setattr(experiments, "MOST_EXAMPLES", 60_000)
        patch.setattr(experiments, "MANY_FRACTIONS", (0.5, 0.65))
        tasks = {spec.name: spec.tasks(spec.name not in FULL, 1, data) for spec in specs}
    results = measured(tasks)
    return {spec.name: spec.report(results, spec.name not in FULL) for spec in specs}


@pytest.fixture(scope="module")
def text(sections):
    from pypdf import PdfReader

    header = {"version": "0", "seed": 1, "quick": False, "dataset": "permuted.npz", "pixels": "", "validation": 100}
    pdf = typeset(SECTIONS, list(sections.values()), header)
    return " ".join(" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages)


@pytest.mark.slow
def test_verdicts_that_the_numbers_turn(sections):
    """What MNIST shows and these labels do not: a layer 3 that grows at first, and one power law through all points."""
    run, layers = sections["mnist_run"].facts, sections["layers"].facts
    assert run["verdicts"]["first_epoch"]["3"] != "grows"
    assert run["verdicts"]["output_grows"] is False
    assert layers["budget"]["large-3"]["course"] != "grows"
    assert layers["verdicts"]["readings"]["power_law"] is False
    assert any(rest["verdict"] == "not settled" for rest in layers["rest"])
    network = sections["envelope"].facts
    assert network["widths"]["half"] is network["widths"]["limit"] is False
    assert network["costs"]["within"] is network["collapse"]["sharp"] is network["convex"]["holds"] is False


@pytest.mark.slow
def test_the_text_says_so(text):
    for phrase in (
        "Layer 3 grows",
        "The total falls while this layer grows",
        "the gradient outweighs the decay, and the layer grows",
        "Over these ranges the points lie near powers",
        "are few to share the work",
        "training images of MNIST",
        "As a power",
        "The end is where it is predicted to be",
        "neurons have the predicted rms",
    ):
        assert phrase not in text, phrase
    for phrase in (
        "The points scatter about any power law",
        "does not outweigh the decay in the first epoch",
        "not settled",
        "Not even as a power of the width here",
        "no such limit is seen here",
        "which is not the textbook",
        "Learning ends earlier than predicted",
        "training images of permuted.npz",
        "on MNIST, not on these data",
        "networks [200, 30, 10]",
        "784 inputs, 30 hidden and 10 output neurons",
    ):
        assert phrase in text, phrase


@pytest.mark.slow
def test_no_count_of_another_data_set_is_typed(sections, text):
    """784 and 23,820 are the question's: the network here has 200 inputs and 6,300 weights."""
    network = sections["mnist_run"].facts["network"]
    assert network["sizes"] == [200, 30, 10]
    assert network["n_weights"] == 6300
    assert "6300" in text
    before, after = text.split("What the asker was missing", 1)
    assert "23820" not in before
    assert "23820" in after  # in what is said of the question's own run
