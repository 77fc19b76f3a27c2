"""The page as a file: whole, small, and in need of nothing. What stands in it is looked at in a browser elsewhere."""

import re
import webbrowser

import numpy as np
import pytest
import sympy as sp

from reports.explorer import page
from reports.explorer.adamw_table import adamw_table
from reports.explorer.formulas import falls, javascript, laws
from reports.explorer.mathematics import equations, picture
from theory.settings.schedules import FALLS


def test_one_small_file_that_asks_nothing_of_a_network(page_file):
    text = page_file.read_text(encoding="utf-8")
    assert len(text.encode()) < 6e6
    assert re.findall(r"""<(?:script|img|link|iframe|source)[^>]*\b(?:src|href)=""", text) == []
    assert re.findall(r"@import|url\(", text.split("<style>")[1].split("</style>")[0]) == []


def test_every_formula_is_in_the_page_as_sympy_prints_it(page_file):
    text = page_file.read_text(encoding="utf-8")
    assert javascript(laws()) in text
    assert sp.jscode(laws()["linear_variance"]) in text


def test_the_falls_are_those_of_the_schedules():
    y = np.linspace(0, 1, 101)
    for name, fall in falls().items():
        right = FALLS["linear" if name == "trapezoid" else name](y)
        assert sp.lambdify(sp.Symbol("y", nonnegative=True), fall)(y) == pytest.approx(right, abs=1e-15)


@pytest.mark.parametrize(("beta1", "beta2"), [(0.0, 0.95), (0.9, 0.95), (0.9, 0.99)])
def test_the_table_is_what_theory_knows_of_every_step(beta1, beta2):
    import theory
    from theory.weight.laws.live_start import covariance_from_start

    table = adamw_table(beta1, beta2)
    law = theory.equilibrium(lr=1e-3, weight_decay=0.1, optimizer=theory.AdamW((beta1, beta2))).law
    made = law.corrections(table["full"])
    alone, older, newer, _ = covariance_from_start(law, made, made.divided)
    right = np.column_stack([alone, older, newer])
    first = len(table["stepwise"])
    t = np.arange(first, table["full"] + 1)
    z = (2 * np.log(t) - np.log(first) - np.log(table["full"])) / (np.log(table["full"]) - np.log(first))
    said = np.polynomial.chebyshev.chebval(z, np.array(table["chebyshev"]).T).T
    size = np.abs(right).max(axis=0)
    assert np.array(table["stepwise"]) == pytest.approx(right[:first], abs=0)
    assert np.max(np.abs(said - right[first - 1 :]) / size) < 1e-12
    longer = law.corrections(2 * table["full"])
    later = covariance_from_start(law, longer, longer.divided)[0]
    assert later[-1] == pytest.approx(alone[-1], rel=1e-13)  # full: nothing changes any more


def test_equations_are_read_aloud():
    drawn = picture(equations()["walk"])
    assert 'role="img"' in drawn
    assert 'aria-label="V = eta/(lambda (-eta lambda/n + 2))"' in drawn


def test_the_command_writes_and_opens_it(tailoff, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "html", lambda: "<!doctype html>")
    shown = []
    monkeypatch.setattr(webbrowser, "open", lambda address: shown.append(address) or True)
    out = tmp_path / "a page.html"
    code, said, _ = tailoff("explore", "--out", out, "--no-open")
    assert (code, shown) == (0, [])
    assert str(out) in said
    assert tailoff("explore", "--out", out)[0] == 0
    assert shown == [out.resolve().as_uri()]
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    assert "open the file in one" in tailoff("explore", "--out", out)[2]


def test_without_bokeh_it_says_what_to_install(tailoff, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "find_spec", lambda name: None)
    code, _, said = tailoff("explore", "--out", tmp_path / "page.html", "--no-open")
    assert code == 2
    assert "pip install 'tailoff[explore]'" in said
    assert not (tmp_path / "page.html").exists()


def test_a_folder_is_refused_before_the_work(tailoff, tmp_path):
    code, _, said = tailoff("explore", "--out", tmp_path, "--no-open")
    assert code == 2
    assert "must be a file" in said
