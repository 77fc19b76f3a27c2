"""What a notebook shows of a result: the answer first."""

import dataclasses
import inspect

import numpy as np
import pytest

import reports
import sim
import theory

LEADS = {
    "equilibrium": (lambda: theory.equilibrium(50_000, 5.0, 0.1), "scale = 0.10000025"),
    "equilibria": (lambda: theory.equilibrium(50_000, 5.0, np.array([0.1, 0.2])), "scale = [0.1 0.141422]"),
    "trajectory": (lambda: theory.trajectory(100, 5.0, 0.1, steps=50), "rms at the end   "),
    "fit": (lambda: sim.fit_decay(np.arange(100), 0.1 + np.exp(-np.arange(100) / 9)), "scale = "),
    "balance": (lambda: theory.norm_balance(50_000, 160.0, 0.1, grad_sq=0.3, alignment=-0.2), "norm_sq = 67.1782"),
    "rotation": (lambda: theory.rotation(50_000, 5.0, 0.1, grad_sq=1.0, dimension=100), "angle = "),
    "timescale": (lambda: theory.timescale(50_000, 500.0, 1e-3, batch_size=128), "epochs = 255.99"),
    "recipe": (lambda: theory.rescale(50_000, 5.0, 0.1, batch_size=10, to_batch_size=40), "eta = 0.399994, lam = 5"),
    "mean field": (lambda: theory.mean_field((784, 30, 10), squared_norm=88.06), "norm_sq = "),
    "comparison": (lambda: reports.Comparison("scale", 0.1, 0.13, 0.001), "verdict = differs"),
    "data": (sim.load_data, "mnist"),
}


@pytest.mark.parametrize(("made", "lead"), LEADS.values(), ids=list(LEADS))
def test_the_answer_comes_first(made, lead):
    shown = made()._repr_html_()
    assert shown.lower().startswith(f"<div><strong>{lead.lower()}"), shown[:200]
    assert shown.count("<") == shown.count(">")
    assert len(shown) < 4000


def test_an_equilibrium_shows_its_formula_below():
    shown = theory.equilibrium(50_000, 5.0, 0.1)._repr_html_()
    assert shown.index("relaxation_time") < shown.index("$\\displaystyle")


def test_a_derivation_begins_with_its_law():
    shown = theory.derive()._repr_html_()
    assert shown.startswith("<div>$\\displaystyle \\frac{\\eta \\sigma^{2}}")
    assert shown.count("<li>") == len(theory.derive().steps)


def test_the_conventions_are_a_table():
    assert theory.conventions._repr_html_().count("<tr>") == len(theory.conventions) + 1


def test_every_result_has_an_answer():
    """What is public and a dataclass is settings, a part of a theory, or a result that a notebook can show."""
    parts = {"Problem", "LinearOptimizer", "LinearRecursion", "Split", "LayerRecord", "Ahead"}
    without = {
        name
        for package in (theory, sim, reports)
        for name in package.__all__
        if dataclasses.is_dataclass(kind := getattr(package, name)) and inspect.isclass(kind)
        if not kind.__module__.startswith("theory.settings") and not hasattr(kind, "_repr_html_")
    }
    assert without - parts == set()
