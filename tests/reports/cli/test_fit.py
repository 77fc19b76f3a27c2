"""`tailoff fit` on the tables that loggers write: the curve is rms^2 = 0.04 + 0.96 exp(-0.002 t) in all of them."""

import gzip
import json

import numpy as np
import pytest

# Every 100 steps from 0, with 0.2% of noise.
CURVE = """
1.000691 0.910329 0.827291 0.750938 0.687797 0.627588 0.573097 0.526666 0.483903 0.446005 0.412239 0.383003 0.355971
0.333512 0.313350 0.296658 0.281326 0.268243 0.256951 0.247816 0.239969 0.233100 0.228155 0.223271 0.217675 0.214751
0.212754 0.210383 0.208775 0.207229 0.206735 0.204357 0.203795 0.204069 0.202918 0.202445 0.201576 0.200798 0.201265
0.201025 0.200311 0.200384 0.200510 0.200063 0.200322 0.200334 0.200257 0.199996 0.200400 0.200490 0.200237 0.199762
0.200366 0.199859 0.200401 0.199611 0.200399 0.200019 0.199522 0.199892
"""
RMS = CURVE.split()
STEPS = range(0, 6000, 100)
WITHIN = 3e-3  # of the fitted numbers; the rate moves by 0.1% with the noise


def table(head, row, start=0):
    """The curve's lines, each written by `row` from its step, its rms as text, and the rms as a number."""
    return head + "".join(
        row(step, text, float(text)) + "\n" for step, text in list(zip(STEPS, RMS, strict=True))[start:]
    )


@pytest.fixture
def fitted(tailoff, tmp_path):
    """Fit a table; return the numbers, one dict a layer, and the notes."""

    def run(content, *words):
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        code, out, err = tailoff("fit", path, "--json", *words)
        assert code == 0, err
        numbers = json.loads(out)
        assert all(line.startswith("note: ") for line in err.splitlines())
        assert [line[6:] for line in err.splitlines()] == numbers["notes"]
        return numbers.get("layers", [numbers]), err

    return run


@pytest.fixture
def refused(tailoff, tmp_path):
    """Try to fit a table; return the one line of the error."""

    def run(content, *words):
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        code, out, err = tailoff("fit", path, *words)
        assert (code, out) == (2, "")
        lines = [line for line in err.splitlines() if not line.startswith("note: ")]
        assert len(lines) == 1
        return lines[0].removeprefix(f"error: {path}")

    return run


def agrees(numbers, scale=0.2, start=1.0, rate=0.001):
    found = [numbers[name]["value"] for name in ("scale", "start", "rate")]
    return np.allclose(found, (scale, start, rate), rtol=WITHIN, atol=0)


PLAIN = table("step,rms\n", lambda step, text, _: f"{step},{text}")
LIGHTNING = table(
    "epoch,step,train_loss,w_rms\n",
    lambda step, text, _: f"{step // 1000},{step},{'' if step % 200 else 0.31},{text if step % 200 else ''}",
)
WANDB = table(
    '"Step","run-7 - w_rms/layer1","run-7 - w_rms/layer1__MIN","run-7 - w_rms/layer1__MAX"\n',
    lambda step, text, _: f'"{step}","{text}","{text}","{text}"',
)
TENSORBOARD = table("Wall time,Step,Value\n", lambda step, text, _: f"{1732400000.123 + 0.37 * step},{step},{text}", 1)
GERMAN = table("Schritt;rms\n", lambda step, text, _: f"{step};{text.replace('.', ',')}")
KERAS = table("epoch,accuracy,loss,lr,val_loss,w_rms\n", lambda step, text, _: f"{step // 100},0.9,0.3,0.1,0.4,{text}")
HEADLESS = table("", lambda step, text, _: f"{step},{text}")


@pytest.mark.parametrize(
    ("content", "right", "said"),
    [
        (PLAIN, {}, ""),
        (b"\xef\xbb\xbf" + HEADLESS.encode(), {}, "no heading: its columns are taken as time and rms"),
        (GERMAN, {}, "commas are decimal signs"),
        (LIGHTNING, {"start": 0.9095}, "30 of 60 rows are empty or nan, and left out"),
        (WANDB, {}, "left alone: extremes"),
        (TENSORBOARD, {"start": 0.9095}, "no name says what 'Value' records"),
        (KERAS, {"rate": 0.1}, ""),
        (PLAIN.encode("utf-16"), {}, ""),
        (gzip.compress(PLAIN.encode()), {}, ""),
        (HEADLESS.replace(",", " "), {}, "no heading"),
        ("# trained on Tuesday\n" + PLAIN.replace(",", "\t"), {}, ""),
    ],
    ids=["plain", "bom", "german", "lightning", "wandb", "tensorboard", "keras", "utf16", "gzip", "blanks", "tabs"],
)
def test_the_curve_is_read_from_what_loggers_write(fitted, content, right, said):
    (numbers,), notes = fitted(content)
    assert agrees(numbers, **right)
    assert said in notes


def test_the_gate_rejects_what_was_read_before(fitted):
    """Without its first row, as a mark of UTF-16 or a typo once cost, the start is 0.910."""
    (numbers,), _ = fitted(table("step,rms\n", lambda step, text, _: f"{step},{text}", 1))
    assert not agrees(numbers)
    assert agrees(numbers, start=0.9095)


def test_json_lines_and_arrays_are_read(fitted):
    objects = [{"_step": t, "train/loss": 2.0, "w": {"rms": float(y)}} for t, y in zip(STEPS, RMS, strict=True)]
    assert agrees(fitted("\n".join(map(json.dumps, objects)))[0][0])
    assert agrees(fitted(json.dumps(objects))[0][0])


def test_every_layer_of_a_wide_table_is_fitted(fitted, tailoff, tmp_path):
    wide = table("step,layer1,layer2,layer3\n", lambda step, _, y: f"{step},{y:.6f},{1.1 * y:.6f},{0.9 * y:.6f}")
    layers, notes = fitted(wide)
    assert [numbers["layer"] for numbers in layers] == ["layer1", "layer2", "layer3"]
    for numbers, factor in zip(layers, (1.0, 1.1, 0.9), strict=True):
        assert agrees(numbers, scale=0.2 * factor, start=factor)
    assert "taken as rms" in notes
    for words in (["--layer", "2"], ["--layer", "layer2"], ["--value", "layer2"]):
        (numbers,), _ = fitted(wide, *words)
        assert agrees(numbers, scale=0.22, start=1.1)
    _, out, _ = tailoff("fit", tmp_path / "table.csv")
    assert "layer3: rms; the rate is per step\nscale    0.1799" in out
    assert "--plot draws one layer" in tailoff("fit", tmp_path / "table.csv", "--plot", tmp_path / "fit.svg")[2]
    assert tailoff("fit", tmp_path / "table.csv", "--plot", tmp_path / "fit.svg", "--layer", 3)[0] == 0
    assert (tmp_path / "fit.svg").exists()


def test_a_layer_that_cannot_be_fitted_leaves_the_others(fitted, refused):
    two = table("step,fc1,bias\n", lambda step, text, _: f"{step},{text},0")
    layers, _ = fitted(two)
    assert agrees(layers[0])
    assert "line 2: 'bias' is 0, and a rms of weights is positive" in layers[1]["message"]
    assert not layers[1]["converged"]
    assert ", bias: " in refused(two, "--layer", "bias", "--quantity", "rms")


def test_a_second_layer_is_no_error(fitted):
    two = table("step,layer1,layer2\n", lambda step, _, y: f"{step},{y:.6f},{1.1 * y:.6f}")
    layers, _ = fitted(two)
    assert agrees(layers[0])
    assert layers[0]["chi2_per_dof"] is None
    assert agrees(layers[1], scale=0.22, start=1.1)


def test_a_long_table_is_fitted_by_layer(fitted, refused):
    long = table("step,layer,rms\n", lambda step, text, y: f"{step},fc1,{text}\n{step},fc2,{1.1 * y:.6f}")
    layers, _ = fitted(long)
    assert [numbers["layer"] for numbers in layers] == ["fc1", "fc2"]
    assert agrees(layers[1], scale=0.22, start=1.1)
    assert agrees(fitted(long, "--layer", "fc1")[0][0])
    assert "has the layers 'fc1', 'fc2'; --layer '3' fits none" in refused(long, "--layer", "3")
    tagged = table("tag,step,value\n", lambda step, text, _: f"loss,{step},2.0\nw_rms/fc1,{step},{text}")
    (numbers,), _ = fitted(tagged)
    assert agrees(numbers)


def test_quantities_are_told_by_name_and_converted(fitted, refused):
    def of(name, value):
        return table(f"step,{name}\n", lambda step, _, y: f"{step},{value(y):.8g}")

    assert agrees(fitted(of("variance", lambda y: y**2))[0][0])
    for name, value in (("weight_norm", lambda y: 20 * y), ("norm_sq", lambda y: 400 * y**2)):
        (numbers,), notes = fitted(of(name, value))
        assert numbers["quantity"] == "norm"
        assert agrees(numbers, scale=4.0, start=20.0)
        assert "for the rms give --weights" in notes
        (numbers,), _ = fitted(of(name, value), "--weights", "20x20")
        assert numbers["quantity"] == "rms"
        assert agrees(numbers)
    odd = of("odd", lambda y: 400 * y**2)
    assert agrees(fitted(odd, "--value", "odd", "--quantity", "norm_sq", "--weights", "400")[0][0])
    assert "no name says which column is the rms" in refused(odd)
    assert "is for norms" in refused(PLAIN, "--weights", "400")
    assert "--weights must be whole numbers" in refused(PLAIN, "--weights", "many")


def test_the_errors_are_converted_too(fitted):
    sigma = 0.002
    rms = table("step,rms,rms_err\n", lambda step, text, y: f"{step},{text},{sigma * y:.9g}")
    norm_sq = table("step,norm_sq,stderr\n", lambda step, _, y: f"{step},{400 * y**2:.9g},{400 * 2 * sigma * y**2:.9g}")
    one, other = fitted(rms)[0][0], fitted(norm_sq, "--weights", "400")[0][0]
    assert agrees(one)
    assert 0.5 < one["chi2_per_dof"] < 2
    assert other["chi2_per_dof"] == pytest.approx(one["chi2_per_dof"], rel=1e-4)
    assert other["scale"]["error"] == pytest.approx(one["scale"]["error"], rel=1e-4)
    assert fitted(rms, "--error", "none")[0][0]["chi2_per_dof"] is None


@pytest.mark.parametrize(("span", "size"), [(5e8, 1.0), (1.0, 1e-4), (1.0, 1e159), (1e-9, 1e-20)])
def test_any_unit_gives_the_same_numbers_and_errors(fitted, span, size):
    (plain,), _ = fitted(PLAIN)
    (other,), _ = fitted(table("step,rms\n", lambda step, _, y: f"{step * span!r},{y * size!r}"))
    for name, unit in (("scale", size), ("start", size), ("rate", 1 / span)):
        for part in ("value", "error"):
            assert other[name][part] == pytest.approx(plain[name][part] * unit, rel=1e-3)


def test_what_no_fit_can_tell_is_said(fitted, refused):
    (constant,), _ = fitted(table("step,rms\n", lambda step, *_: f"{step},0.25"))
    assert (constant["scale"]["value"], constant["rate"]["value"]) == (pytest.approx(0.25), None)
    assert not constant["converged"]
    (to_zero,), _ = fitted(table("step,rms\n", lambda step, *_: f"{step},{0.02 * np.exp(-0.001 * step)}"))
    assert to_zero["rate"]["value"] == pytest.approx(0.001, rel=WITHIN)
    assert not to_zero["tail_seen"]
    assert "1e-300" in refused(table("step,rms,err\n", lambda step, text, _: f"{step},{text},1e-300"))


def test_the_unit_of_time_is_kept(fitted):
    tokens = table("tokens,rms\n", lambda step, text, _: f"{step * 5},{text}")
    (numbers,), _ = fitted(tokens)
    assert numbers["time_unit"] == "token"
    assert agrees(numbers, rate=0.0002)
    assert fitted(KERAS)[0][0]["time_unit"] == "epoch"
    assert agrees(fitted(LIGHTNING.replace("epoch", "seconds"), "--time", "step")[0][0], start=0.9095)


def test_a_restart_is_said_and_its_last_segment_fitted(fitted, refused):
    other = table("", lambda step, _, y: f"{step},{3 * y:.6f}")
    (numbers,), notes = fitted(PLAIN + other)
    assert agrees(numbers, scale=0.6, start=3.0)
    assert "the step goes back once (5900 to 0), as after a restart: segments of 60, 60 points" in notes
    assert "the last segment is fitted (--segment chooses)" in notes
    assert agrees(fitted(PLAIN + other, "--segment", 1)[0][0])
    assert "has 2 segments, counted from 1; got --segment 3" in refused(PLAIN + other, "--segment", 3)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADLESS.replace("100,0.910329", "1OO,0.912").split("\n", 1)[1], ", line 1: '1OO' is no number"),
        (
            table("epoch,loss,accuracy\n", lambda step, text, _: f"{step},{text},0.5"),
            "columns are 'epoch', 'loss', 'acc",
        ),
        (table("step,grad_norm\n", lambda step, text, _: f"{step},{text}"), "Choose with --time NAME, --value NAME"),
        (table("", lambda step, text, _: f"{step},{text},0.001"), "no heading says which column is what"),
        (table("", lambda step, text, _: f"{step},{text},0.1,3"), "--error NAME, --layer NAME and --quantity"),
        (PLAIN.replace("0.910329", "0.91O329"), ", line 3: '0.91O329' in the column 'rms' is not a number"),
        (PLAIN.replace("0.910329", "0.910329,7"), ", line 3: 3 cells, not 2"),
        (PLAIN.replace("0.910329", "inf"), ", line 3: 'inf'"),
        (PLAIN.encode() + b"\0", "is neither netCDF nor text"),
        (gzip.compress(PLAIN.encode())[:-9], "cannot be read"),
        ("", "has no rows"),
    ],
)
def test_what_names_do_not_decide_is_refused_in_one_line(refused, content, message):
    assert message in refused(content)


def test_a_bomb_is_refused_by_size_and_the_limit_is_an_option(refused, fitted):
    bomb = gzip.compress(b"0,1\n" * 1_000_000)
    assert "has more than 2 MB, unpacked. Raise the limit with --max-size" in refused(bomb, "--max-size", "2MB")
    assert agrees(fitted(PLAIN, "--max-size", "10kB")[0][0])
    for size in ("0", "-1", "many", "1e400", "2TB"):
        assert "--max-size must be a number of bytes" in refused(PLAIN, "--max-size", size)
