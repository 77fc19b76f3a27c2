"""Check a built site: every link within it leads somewhere, no page fetches anything, and what lies outside is listed.

Sphinx's linkcheck asks the network; this asks the files: `python docs/extensions/links.py docs/_build/html`.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

__all__ = ["Page", "faults"]

LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
NO_LOAD = {"search", "index", "genindex", "next", "prev", "canonical", "copyright", "author"}  # relations of <link>


class Page(HTMLParser):
    """The names that a page defines, where it leads, and what it loads to be shown.

    Examples
    --------
    >>> page = Page('<p id="a"><a href="#b">b</a><img src="c.png">')
    >>> page.names, page.links, page.loads
    ({'a'}, ['#b'], ['c.png'])
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take down what a tag defines and refers to."""
        given = {name: value for name, value in attrs if value}
        self.names |= {given[key] for key in ("id", "name") if key in given}
        target = given.get(LOADS.get(tag, ""))
        if target and not (tag == "link" and NO_LOAD & set(given.get("rel", "").split())):
            self.loads.append(target)
        if tag == "a" and "href" in given:
            self.links.append(given["href"])


def faults(root: Path) -> tuple[list[str], set[str]]:
    """Return what is wrong with a site, a sentence each, and the addresses outside to which it links."""
    pages = {
        path: Page(path.read_text(encoding="utf-8")) for path in root.rglob("*.html") if "_static" not in path.parts
    }
    wrong, outside = [], set()
    for path, page in pages.items():
        here = path.relative_to(root)
        wrong += [f"{here} loads {target} from a network" for target in page.loads if urlsplit(target).netloc]
        for target in page.links + page.loads:
            parts = urlsplit(target)
            if parts.netloc:
                outside.add(target)
            elif not parts.scheme and (why := _dead(path, target, pages)):
                wrong.append(f"{here} links to {target}: {why}")
    return wrong, outside


def _dead(path: Path, target: str, pages: dict[Path, Page]) -> str | None:
    """Return why a link within the site leads nowhere; None if it leads somewhere."""
    address, name = urldefrag(target)
    file = (path.parent / unquote(urlsplit(address).path)).resolve() if address else path
    if not file.exists():
        return "there is no such file"
    known = pages.get(file)
    return f"nothing there is called {name}" if known and name and unquote(name) not in known.names else None


if __name__ == "__main__":
    wrong, outside = faults(Path(sys.argv[1]).resolve())
    print(*(f"outside, not checked: {address}" for address in sorted(outside)), sep="\n")
    print(*wrong, sep="\n", file=sys.stderr)
    sys.exit(bool(wrong))
