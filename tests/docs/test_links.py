"""The built site is checked without a network: dead links, missing names and pages that fetch something are found."""

import pytest

from docs.extensions.links import faults


def site(folder, body):
    (folder / "other.html").write_text('<h1 id="there">Other</h1>')
    (folder / "index.html").write_text(body)
    return faults(folder)


def test_a_site_without_faults(tmp_path):
    body = '<a href="other.html#there">a</a><a id="here" href="#here">b</a><a href="https://example.org/x">c</a>'
    assert site(tmp_path, body) == ([], {"https://example.org/x"})


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('<a href="nowhere.html">a</a>', "there is no such file"),
        ('<a href="other.html#nowhere">a</a>', "nothing there is called nowhere"),
        ('<a href="#nowhere">a</a>', "nothing there is called nowhere"),
        ('<img src="nowhere.png">', "there is no such file"),
        ('<script src="https://example.org/x.js"></script>', "from a network"),
        ('<link rel="stylesheet" href="//example.org/x.css">', "from a network"),
    ],
)
def test_a_fault_is_said(tmp_path, body, said):
    (wrong,), _ = site(tmp_path, body)
    assert said in wrong
