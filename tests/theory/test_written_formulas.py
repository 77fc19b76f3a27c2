r"""Every formula in a docstring of `theory` says what the code evaluates.

Each `.. math::` block has an entry in a table: `written_formulas*.py` beside the tests of its room. An entry is a
function of the block that yields pairs (written, evaluated), where `block.right(i, {...})` reads the last side of the
i-th statement with numbers for its letters. Where a block states something about matrices or averages that no parser
reads, the entry is a pair (text, function): the very text, and pairs that check it. A block without an entry fails,
and so does a block in which a factor has been changed. So do inline formulas with an equals sign that are not
registered: as laws, with an entry, or as definitions, with None.
"""

import importlib
import re
import runpy
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sympy import Symbol
from sympy.parsing.latex import parse_latex

import theory

SIGN = (
    r"(?<= )(?:[=<>]|\\approx|\\to)(?= )"  # of a statement; those of an index, as in \\sum_{s=1}, stand without spaces
)
ROOT = Path(theory.__file__).parent
MODULES = sorted(".".join(("theory", *p.relative_to(ROOT).with_suffix("").parts)) for p in ROOT.rglob("*.py"))
MODULES = [name.removesuffix(".__init__") for name in MODULES]
TABLES = [runpy.run_path(str(path)) for path in sorted(Path(__file__).parent.rglob("written_formulas*.py"))]
BLOCKS = {module: entries for table in TABLES for module, entries in table["BLOCKS"].items()}
INLINE = {module: entries for table in TABLES for module, entries in table.get("INLINE", {}).items()}


class Block:
    """The LaTeX of one block; `right` and `left` evaluate the last or first side of a statement in it."""

    def __init__(self, text):
        self.text = text
        self.statements = [part.strip().rstrip(",;") for part in re.split(r"\\q?quad", text)]

    def right(self, statement, values):
        return value(re.split(SIGN, self.statements[statement])[-1], values)

    def left(self, statement, values):
        return value(re.split(SIGN, self.statements[statement])[0], values)


def value(latex, values):
    """Read a formula and put numbers in; keys of `values` that are no single letter are replaced as they stand."""
    numbers = {"e": np.e, "pi": np.pi}
    latex = re.sub(r"\\(Big|left|right|!|,)(?![a-z])", " ", latex)
    for i, key in enumerate(sorted(values, key=len, reverse=True)):
        if re.fullmatch(r"\\?[A-Za-z]+(_(\w|\{\w+\}))?", key):
            numbers[bare(key)] = values[key]
        else:
            latex = latex.replace(key, f" Z_{{{i}}} ")
            numbers[f"Z_{i}"] = values[key]
    latex = (
        latex.replace("[", "(").replace("]", ")").replace("\\{", "(").replace("\\}", ")").replace("\\tfrac", "\\frac")
    )
    latex = re.sub(r"\\frac(\d)(\d)", r"\\frac{\1}{\2}", latex)
    latex = re.sub(r"\\sqrt\s*([A-Za-z0-9])", r"\\sqrt{\1}", latex)
    latex = re.sub(r"(?<![\\A-Za-z])([A-Za-z])\s*\(", r"\1 \\cdot (", latex)  # a product and not a function
    latex = re.sub(r"(\\(?:eta|gamma|mu|sigma|alpha|tau))\s*\(", r"\1 \\cdot (", latex)
    latex = re.sub(r"(_\{\w+\}|_\w)\s*\(", r"\1 \\cdot (", latex)
    parsed = parse_latex(latex)
    return float(parsed.subs({s: numbers[bare(s.name)] for s in parsed.free_symbols if isinstance(s, Symbol)}))


def bare(name):
    return re.sub(r"[\\{}*]", "", name)  # the parser reads an index of two letters as a product


@cache
def docstring(module):
    return importlib.import_module(module).__doc__ or ""


@cache
def blocks(module):
    found = re.findall(r"\.\. math::((?:.|\n)*?)(?=\n *\n|\n\.\. math::|\Z)", docstring(module))
    return tuple(" ".join(block.split()) for block in found)


def inline(module):
    found = (" ".join(text.split()) for text in re.findall(r":math:`([^`]*)`", docstring(module)))
    return {text for text in found if "=" in text}


def says_what_is_evaluated(entry, text):
    if isinstance(entry, tuple):
        quoted, entry = entry
        if text != quoted:
            return False
        pairs = list(entry())
    else:
        pairs = list(entry(Block(text)))
    assert pairs, "an entry must compare something"
    return all(np.allclose(written, evaluated, rtol=1e-9, atol=0) for written, evaluated in pairs)


def changed(text):
    """The text with a factor 3 after the last sign of each statement in turn."""
    parts = re.split(r"(\\q?quad)", text)
    for i, part in enumerate(parts):
        signs = list(re.finditer(SIGN, part))
        if signs:
            end = signs[-1].end()
            yield "".join([*parts[:i], part[:end], " 3 ", part[end:], *parts[i + 1 :]])


def test_every_module_is_in_a_table():
    assert sorted(BLOCKS) == [module for module in MODULES if blocks(module)]
    assert {module: len(entries) for module, entries in BLOCKS.items()} == {m: len(blocks(m)) for m in BLOCKS}


def test_every_inline_formula_is_in_a_table():
    assert {m: set(entries) for m, entries in INLINE.items()} == {m: inline(m) for m in MODULES if inline(m)}


@pytest.mark.parametrize(("module", "index"), [(m, i) for m in sorted(BLOCKS) for i in range(len(BLOCKS[m]))])
def test_block(module, index):
    entry, text = BLOCKS[module][index], blocks(module)[index]
    assert says_what_is_evaluated(entry, text), text


@pytest.mark.parametrize(("module", "index"), [(m, i) for m in sorted(BLOCKS) for i in range(len(BLOCKS[m]))])
def test_a_changed_factor_is_found(module, index):
    entry, text = BLOCKS[module][index], blocks(module)[index]
    tampered = list(changed(text))
    assert tampered
    for wrong in tampered:
        assert not says_what_is_evaluated(entry, wrong), wrong


@pytest.mark.parametrize(("module", "text"), [(m, t) for m in sorted(INLINE) for t, e in INLINE[m].items() if e])
def test_inline_law(module, text):
    assert says_what_is_evaluated(INLINE[module][text], text)
    assert not any(says_what_is_evaluated(INLINE[module][text], wrong) for wrong in changed(text))


def test_a_new_formula_without_an_entry_is_found(monkeypatch):
    monkeypatch.delitem(BLOCKS, "theory.layer.balance")
    with pytest.raises(AssertionError):
        test_every_module_is_in_a_table()
