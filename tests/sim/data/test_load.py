import hashlib
import pickle
from importlib.resources import files

import numpy as np
import pytest

from sim import Data, DataError, load_data, train
from sim.data.idx import write_idx
from sim.data.load import MNIST_SHA256
from sim.data.mnist import rebuild
from theory.settings import InvalidArgument

PUBLISHED_NAMES = list(rebuild.MD5)


@pytest.fixture(scope="module")
def mnist():
    return load_data("mnist")


def test_mnist_is_the_published_one(mnist):
    assert hashlib.sha256((files("sim") / "data" / "mnist" / "mnist.npz").read_bytes()).hexdigest() == MNIST_SHA256
    assert mnist.sizes == (50_000, 10_000, 10_000)
    assert mnist.inputs.shape == (70_000, 784)
    assert mnist.classes == 10
    assert mnist.train.inputs.max() == 1.0
    assert (mnist.train.inputs**2).sum(axis=1).mean() == pytest.approx(88.06, abs=0.005)
    assert mnist.train.labels[:5].tolist() == [5, 0, 4, 1, 9]  # the official order
    assert mnist.test.labels[:3].tolist() == [7, 2, 1]


def test_rebuild_gives_the_packaged_file(mnist, tmp_path):
    parts = [mnist.inputs[:60_000].reshape(-1, 28, 28), mnist.labels[:60_000],
             mnist.inputs[60_000:].reshape(-1, 28, 28), mnist.labels[60_000:]]  # fmt: skip
    for name, part in zip(PUBLISHED_NAMES, parts, strict=True):
        write_idx(tmp_path / name, part)
    rebuild.rebuild(tmp_path, tmp_path / "again.npz")
    with np.load(tmp_path / "again.npz") as again:
        np.testing.assert_array_equal(again["images"], mnist.inputs)
        np.testing.assert_array_equal(again["labels"], mnist.labels)
    from_idx = load_data(tmp_path)
    np.testing.assert_array_equal(from_idx.inputs, mnist.inputs)
    assert from_idx.sizes == mnist.sizes
    (tmp_path / PUBLISHED_NAMES[1]).write_bytes(b"\0\0\x08\x01\0\0\0\x01\x07")
    with pytest.raises(DataError, match="not the published file"):
        rebuild.rebuild(tmp_path, tmp_path / "never.npz")
    assert not (tmp_path / "never.npz").exists()


def small(**change):
    return {"images": (np.arange(70 * 6) % 5 * 60).astype("u1").reshape(70, 6), "labels": np.arange(70) % 3} | change


def test_any_npz(tmp_path):
    np.savez(tmp_path / "mine.npz", **small(images=np.ones((70, 2, 3), "f4")))
    data = load_data(tmp_path / "mine.npz")
    assert data.sizes == (50, 10, 10)
    assert data.train.inputs.shape == (50, 6)
    assert data.train.inputs.max() == 1.0  # floats are taken as they are
    assert load_data(tmp_path / "mine.npz", sizes=(60, 5, 5)).sizes == (60, 5, 5)


def test_idx_file_with_labels_beside(tmp_path):
    write_idx(tmp_path / "my-images-idx3-ubyte", np.zeros((14, 2, 2), "u1"))
    write_idx(tmp_path / "my-labels-idx1-ubyte", np.arange(14) % 2)
    assert load_data(tmp_path / "my-images-idx3-ubyte").train.inputs.shape == (10, 4)
    (tmp_path / "my-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="no labels beside"):
        load_data(tmp_path / "my-images-idx3-ubyte")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": np.zeros((3, 4))}, "has no array labels, only"),
        (small(labels=np.zeros(5, int)), "70 images but 5 labels"),
        (small(labels=np.full(70, 0.5)), "labels must be a list of whole numbers"),
        (small(labels=np.full(70, -1)), "labels count from 0"),
        (small(images=np.full((70, 2), np.nan)), r"image 0 has the pixel value nan"),
        (small(images=np.zeros(70)), "images must be a table"),
        (small(images=np.zeros((0, 3)), labels=np.zeros(0, int)), "there are no examples"),
        (small(images=np.array([["a"] * 6] * 70)), "images must be a table of numbers"),
        (small(images=np.array([object()] * 70)), "not a readable .npz of plain arrays"),  # pickles are refused
    ],
)
def test_inconsistent_npz(tmp_path, arrays, message):
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(DataError, match=message):
        load_data(tmp_path / "bad.npz")


def test_damaged_and_foreign_files(tmp_path):
    good = tmp_path / "good.npz"
    np.savez_compressed(
        good, images=np.random.default_rng(0).integers(0, 255, (70, 784), dtype="u1"), labels=np.zeros(70, int)
    )
    raw = good.read_bytes()
    flipped = bytearray(raw)
    flipped[len(raw) // 2] ^= 0xFF
    cases = {
        "half.npz": raw[: len(raw) // 2],
        "flipped.npz": bytes(flipped),
        "list.pkl": pickle.dumps([1, 2]),
        "empty": b"",
    }
    for name, content in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=name):
            load_data(tmp_path / name)
    with pytest.raises(DataError, match="does not exist"):
        load_data(tmp_path / "nowhere.npz")
    (tmp_path / "folder").mkdir()
    with pytest.raises(DataError, match="no train-images"):
        load_data(tmp_path / "folder")


def test_splits_must_fit():
    with pytest.raises(DataError, match="cannot split 5 examples"):
        Data(np.zeros((5, 2)), np.zeros(5, int), (4, 1, 1))


def test_the_result_says_what_was_decided(tmp_path, mnist):
    np.savez(tmp_path / "mine.npz", **small(labels=np.arange(70) % 3 + 1))
    data = load_data(tmp_path / "mine.npz")
    assert data.class_names == ("1", "2", "3")
    assert data.classes == 3
    assert str(data).splitlines() == [
        "mine.npz: 70 examples of 3 classes",
        "  pixels: uint8 from 0 to 240, divided by 255",
        "  labels: '1', '2', '3' are the classes 0 to 2",
        "  split: the file names no parts: the first 5/7 train, the next 1/7 validates, the last 1/7 tests",
    ]
    assert mnist.class_names == tuple("0123456789")
    assert mnist.inputs.dtype == mnist.labels.dtype == np.uint8  # the file's bytes, which checkpoints are known by


def test_a_split_that_was_asked_for_is_not_explained(tmp_path):
    np.savez(tmp_path / "mine.npz", **small())
    assert not any(note.startswith("split") for note in load_data(tmp_path / "mine.npz", sizes=(60, 5, 5)).notes)


@pytest.mark.parametrize("pixels", [(1, 1), 5, (0, np.nan), "ab", (0, 1, 2)])
def test_pixels_must_be_two_numbers(pixels):
    with pytest.raises(InvalidArgument, match="pixels must be two different numbers"):
        load_data(pixels=pixels)


@pytest.mark.parametrize("sizes", [5, (1.5, 1, 1), (1, 1), (0, 5, 5)])
def test_sizes_must_be_three_whole_numbers(tmp_path, sizes):
    np.savez(tmp_path / "mine.npz", **small())
    with pytest.raises(DataError, match="cannot split 70 examples"):
        load_data(tmp_path / "mine.npz", sizes=sizes)


def test_examples_sorted_by_label_are_not_cut_by_class(tmp_path):
    np.savez(tmp_path / "mine.npz", **small(labels=np.arange(70) // 7))
    with pytest.raises(DataError, match="sorted by their labels"):
        load_data(tmp_path / "mine.npz")
    data = load_data(tmp_path / "mine.npz", sizes=(56, 7, 7))
    assert data.notes[-1] == "split: no training example is of '8', '9'"


def test_class_names_must_reach_all_labels():
    with pytest.raises(DataError, match="label 2 has no name among the 2"):
        Data(np.zeros((3, 2)), np.arange(3), (3, 0, 0), class_names=("a", "b"))


def test_whatever_is_loaded_can_be_trained_on(tmp_path):
    np.savez(tmp_path / "mine.npz", **small(labels=np.array(["dog", "cat"] * 35)))
    result = train(load_data(tmp_path / "mine.npz"), sizes=(6, 3, 2), epochs=1, engine="numpy")
    assert np.isfinite(result.rms).all()
