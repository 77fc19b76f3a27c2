"""The reference has every public name, and the explanations every derivation."""

import re
from importlib import import_module

import pytest

import reports
import sim
import theory
from tests.docs.pages import ROOT

pytest.importorskip("sphinx", reason="the site is built with the extra tailoff[docs]")
derivations, reference = (import_module(f"docs.extensions.{name}") for name in ("derivations", "reference"))

EXPLAINED = [
    directive
    for page in (ROOT / "docs" / "explanation").glob("*.rst")
    for directive in re.findall(r"^\.\. derivation:: (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
]


@pytest.mark.parametrize("face", [theory, sim, reports], ids=lambda face: face.__name__)
def test_every_public_name_is_described_once(face):
    written = "\n".join(reference.pages().values())
    names = re.findall(rf"^\.\. auto(?:class|function|data):: {face.__name__}\.(\w+)$", written, re.MULTILINE)
    modules = re.findall(r"^\.\. automodule:: [\w.]*\.(\w+)$", written, re.MULTILINE)
    public = sorted(face.__all__)
    assert sorted(names + [name for name in modules if name in public]) == public


def test_every_module_that_holds_a_derivation_is_explained():
    holding = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "theory").rglob("*.py")
        if re.search(r"^def derive_\w+\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert holding
    assert {directive.partition(" ")[0] for directive in EXPLAINED} == holding


@pytest.mark.parametrize("directive", EXPLAINED)
def test_every_derivation_prints(directive):
    said, derivation = derivations.derived(directive)
    written = derivations.html(derivation.typst())
    assert "Assumptions\n---" in said
    assert written.count("<strong>") == len(derivation.steps)
    assert written.count('display="block"') == len(derivation.steps)
