"""The page as a person has it: sliders are dragged, keys pressed, the button pushed, at a desk and on a phone."""

import re

import pytest

import theory

pytestmark = pytest.mark.slow


COLOURED = """([name, rgb]) => {  // pixels of a figure that have this colour
    const found = [];
    const visit = (node) => {
        if (node instanceof HTMLCanvasElement) found.push(node);
        for (const child of [...node.children, ...(node.shadowRoot?.children ?? [])]) visit(child);
    };
    visit(document.getElementById(`figure-${name}`));
    let near = 0;
    for (const canvas of found.filter((c) => c.width && c.height)) {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        for (let k = 0; k < data.length; k += 4) near += rgb.every((v, c) => Math.abs(data[k + c] - v) < 12);
    }
    return near;
}"""
ROWS = "all => all.map(row => [row.children[0].textContent, row.children[1].textContent])"


def shown(page, panel):
    """The numbers that stand as text under a panel, by their labels."""
    return dict(page.eval_on_selector_all(f"#{panel}-numbers dl > div", ROWS))


def number(text):
    return float(re.match(r"[\d.,]+", text)[0].replace(",", ""))


def drag(page, slider, share):
    """Take a slider's thumb from where it is to a share of its length."""
    page.locator(slider).scroll_into_view_if_needed()
    box = page.locator(slider).bounding_box()
    part = page.eval_on_selector(slider, "input => input.value / input.max")
    middle = box["y"] + box["height"] / 2
    thumb = 17  # px
    at = [box["x"] + thumb / 2 + p * (box["width"] - thumb) for p in (part, share)]
    page.mouse.move(at[0], middle)
    page.mouse.down()
    page.mouse.move(at[1], middle, steps=4)
    page.mouse.up()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_dragged_slider_moves_the_prediction(opened, width):
    page = opened(width)
    before = shown(page, "one-weight")
    assert number(before["equilibrium"]) == pytest.approx(theory.equilibrium(1000, 5, 0.1).scale, rel=0.01)
    drag(page, "#one-weight-lam", 0.8)
    lam = page.evaluate("() => explorer.settingsOf(document.getElementById('one-weight')).lam")
    assert lam > 50
    after = shown(page, "one-weight")
    assert number(after["equilibrium"]) == pytest.approx(theory.equilibrium(1000, lam, 0.1).scale, rel=0.01)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_keys_move_a_slider_and_its_words(opened):
    page = opened()
    page.focus("#run-steps")
    before = page.get_attribute("#run-steps", "aria-valuetext")
    page.keyboard.press("Home")
    assert page.get_attribute("#run-steps", "aria-valuetext") == "100" != before
    assert page.text_content("#run-steps-value") == "100"


def test_every_control_has_a_name(opened):
    page = opened()
    unnamed = page.eval_on_selector_all(
        "input, select, button", "all => all.filter(e => !e.labels?.length && !e.textContent.trim()).length"
    )
    assert unnamed == 0
    assert page.eval_on_selector_all("svg, .figure", "all => all.every(e => e.getAttribute('aria-label'))")


@pytest.mark.parametrize("preset", ["a random walk held back", "noise that keeps its sign", "momentum 0.9", "AdamW"])
def test_three_hundred_weights_walk_over_the_line(opened, preset):
    page = opened(390, reduced_motion="reduce")  # the same walk, shown at its end
    page.get_by_role("button", name=preset).click()
    page.click("#walk")
    page.wait_for_function("document.getElementById('walk-numbers').textContent.startsWith('After')")
    said = re.search(
        r"rms ([\d.]+) ± ([\d.]+) of 300 weights, predicted ([\d.]*\d)", page.text_content("#walk-numbers")
    )
    value, error, predicted = map(float, said.groups())
    assert abs(value - predicted) < 5 * error  # 300 squares: their mean is a little skewed
    assert 0.02 < error / predicted < 0.08


@pytest.mark.parametrize("optimizer", ["sgd", "sgdw", "adamw"])
def test_the_walk_obeys_the_law_and_no_other(opened, optimizer):
    """6,000 of the page's own walkers against `theory`; a quarter more decay is rejected by the same gate."""
    page = opened()
    settings = {
        "optimizer": optimizer, "n": 200, "lam": 40.0, "eta": 0.1, "momentum": 0.8, "memory": 0.5, "beta1": 0.9,
        "beta2": 0.98, "start": 0.5,
    }  # fmt: skip
    if optimizer == "adamw":
        settings |= {"memory": 0}
    found = page.evaluate("""([settings, steps]) => {
        const swarm = new explorer.Swarm(settings, 6000);
        while (swarm.t < steps) swarm.advance();
        return swarm.rms();
    }""", [settings, 600])  # fmt: skip
    kinds = {"sgd": theory.SGD(0.8), "sgdw": theory.SGDW(0.8), "adamw": theory.AdamW((0.9, 0.98))}

    def rms(lam):
        eq = theory.equilibrium(200, lam, 0.1, correlation=settings["memory"], optimizer=kinds[optimizer])
        return float(eq.rms(600, start=0.5))

    assert found["error"] / rms(40.0) < 0.01
    assert abs(found["value"] - rms(40.0)) < 4 * found["error"]
    assert abs(found["value"] - rms(50.0)) > 4 * found["error"]


def test_what_overshoots_has_no_line(opened):
    page = opened()
    drag(page, "#one-weight-n", 0.0)
    drag(page, "#one-weight-eta", 1.0)
    drag(page, "#one-weight-lam", 1.0)
    assert shown(page, "one-weight") == {"equilibrium": "none"}
    assert "overshoots" in page.text_content("#one-weight-numbers")
    assert page.is_disabled("#walk")


def test_the_decay_of_the_network_can_be_chosen(opened):
    page = opened()
    tables = page.locator("#network table")
    assert tables.locator("visible=true").count() == 1
    drag(page, "#network-lam", 1.0)
    assert "λ = 160" in page.locator("#network caption").locator("visible=true").text_content()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_figures_are_drawn(opened, width, scheme, tmp_path):
    """Each canvas has the accent colour of its scheme somewhere; the screenshot is for people."""
    page = opened(width, scheme)
    page.wait_for_timeout(500)
    page.screenshot(path=tmp_path / f"explorer-{width}-{scheme}.png", full_page=True)
    accent = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent').trim()")
    rgb = [int(accent[k : k + 2], 16) for k in (1, 3, 5)]
    for name in ("one-weight", "over-lam", "over-epochs", "run"):
        near = page.evaluate(COLOURED, [name, rgb])
        assert near > 200, (name, near)
