import numpy as np
import pytest

from sim import DataError, load_data
from sim.data.pixels import scaled


def unit(images, pixels=None):
    """What is trained on: bytes are divided by 255, floats are as they are."""
    inputs, note = scaled("file", np.asarray(images), pixels)
    assert "pixels: " in note
    assert inputs.dtype == np.uint8 or inputs.dtype.kind == "f"
    return inputs / (255.0 if inputs.dtype == np.uint8 else 1.0)


@pytest.mark.parametrize(
    ("images", "right"),
    [
        (np.array([[0, 51, 255]], "u1"), [0, 0.2, 1]),
        (np.array([[0, 51, 255]], "i8"), [0, 0.2, 1]),
        (np.array([[0, 51, 255]], ">i4"), [0, 0.2, 1]),
        (np.array([[0, 51, 255]], "f4"), [0, 0.2, 1]),
        (np.array([[0, 51, 204.0]]), [0, 0.2, 0.8]),
        (np.array([[0, 25.5, 255]]), [0, 0.1, 1]),  # resized: no longer whole
        (np.array([[0, 0.25, 1]]), [0, 0.25, 1]),
        (np.array([[0, 0.25, 0.5]], "f2"), [0, 0.25, 0.5]),
        (np.array([[False, True]]), [0, 1]),
        (np.array([[0, 1]], "u1"), [0, 1]),
        (np.array([[0, 1]], "i8"), [0, 1]),
        (np.array([[0, 13107, 65535]], "u2"), [0, 0.2, 1]),
        (np.array([[0, 128]], "u1"), [0, 128 / 255]),
        (np.zeros((1, 2), "u1"), [0, 0]),
    ],
)
def test_the_table(images, right):
    np.testing.assert_allclose(unit(images)[0], right, rtol=1e-15)


@pytest.mark.parametrize(
    "images",
    [
        np.array([[-128, 127]], "i1"),
        np.array([[0, 127]], "i1"),
        *(np.array([[0, 16]], kind) for kind in ("i8", "u1", "f4")),  # scikit-learn's digits
        np.array([[0, 127]], "u1"),
        np.array([[0, 2]], "u1"),
        np.array([[0, 1 / 255]]),  # divided twice
        np.array([[0, 16.0]]),
        np.array([[-0.42, 2.82]]),  # standardised
        np.array([[-1.0, 1.0]]),
        np.array([[0, 4095]], "u2"),
        np.array([[0, 256.0]]),
        np.array([[0, 65535]], "i4"),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked_about(images):
    with pytest.raises(
        DataError, match=r"file: pixels: .* not clear which numbers are black and white. .*pixels=\(0, 255\)"
    ):
        scaled("file", images, None)


def test_the_answer_is_followed():
    np.testing.assert_allclose(unit(np.array([[-128, 127]], "i1"), (-128, 127)), [[0, 1]])
    np.testing.assert_allclose(unit(np.array([[0, 4, 16]]), (0, 16)), [[0, 0.25, 1]])
    np.testing.assert_allclose(unit(np.array([[-0.42, 2.82]]), (0, 1)), [[-0.42, 2.82]])
    np.testing.assert_allclose(unit(np.array([[0, 255]], "u1"), (255, 0)), [[1, 0]])  # ink on paper


def test_bytes_stay_bytes_and_whole_floats_become_bytes():
    images = np.array([[0, 255]], "u1")
    assert scaled("file", images, None)[0] is images
    assert scaled("file", images.astype(float), None)[0].dtype == np.uint8


@pytest.mark.parametrize("kind", ["f4", "i8", "u1"])
def test_parts_on_different_scales_are_refused_or_taken_as_asked(tmp_path, kind):
    rng = np.random.default_rng(1)
    dark = rng.integers(0, 2, (12, 4)).astype(kind)
    arrays = {"x_train": dark, "y_train": np.arange(12) % 2, "x_test": 255 * dark, "y_test": np.arange(12) % 2}
    np.savez(tmp_path / "parts.npz", **arrays)
    with pytest.raises(DataError, match=r"on different scales: 0 to 1 and 0 to 255. Save them .*\(--pixels 0,255\)"):
        load_data(tmp_path / "parts.npz")
    data = load_data(tmp_path / "parts.npz", pixels=(0, 255))
    assert data.test.inputs.max() == 1
    assert "the parts are on different scales, 0 to 1 and 0 to 255, and are taken as asked" in " ".join(data.notes)
    np.savez(tmp_path / "parts.npz", **arrays | {"x_train": 16 * dark})
    with pytest.raises(DataError, match="on different scales: 0 to 16 and 0 to 255"):
        load_data(tmp_path / "parts.npz")
    np.savez(tmp_path / "parts.npz", **arrays | {"x_test": 0 * dark})  # black fits any scale
    assert load_data(tmp_path / "parts.npz").train.inputs.max() == 1
