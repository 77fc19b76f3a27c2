"""The page, made once, and a headless Chromium to look at it."""

import shutil

import pytest

PATIENCE = 240_000  # ms; a page takes a second or two, and a hundred times that on a machine that is full
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def page_file(tmp_path_factory):
    """The page as a file."""
    pytest.importorskip("bokeh", reason="the explorer needs Bokeh: pip install 'tailoff[explore]'")
    from reports.explorer.page import write_page

    return write_page(tmp_path_factory.mktemp("explorer") / "explorer.html")


@pytest.fixture(scope="session")
def browser():
    """Chromium without a network."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the page is tested in a browser: install playwright"
    )
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    with playwright.sync_playwright() as driver:
        try:
            running = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        except playwright.Error as error:
            pytest.skip(f"THE EXPLORER IS NOT TESTED: no Chromium. Run apt-get install chromium. {error.message[:80]}")
        yield running
        running.close()


@pytest.fixture
def opened(browser, page_file):
    """Open the page at a width, light or dark; a request, an error or a warning fails the test."""
    contexts = []

    def open_page(width=1280, scheme="light", **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda said: said.type in ("error", "warning") and page.complaints.append(said.text))
        page.on("request", lambda asked: asked.url.startswith("http") and page.complaints.append(asked.url))
        page.goto(page_file.as_uri())
        page.wait_for_selector("html[data-ready=yes]")
        return page

    yield open_page
    for context in contexts:
        assert [complaint for page in context.pages for complaint in page.complaints] == []
        context.close()
