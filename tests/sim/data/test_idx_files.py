import gzip

import numpy as np
import pytest

from sim import DataError, load_data
from sim.data.idx import write_idx

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (80, 2, 3), dtype="u1")


def write_set(folder, prefix="", test="t10k", first=0, packed=False):
    folder.mkdir(parents=True, exist_ok=True)
    for part, some in (("train", slice(0, 60)), (test, slice(60, 80))):
        for what, array in (("images-idx3", IMAGES[some]), ("labels-idx1", np.arange(80)[some] % 26 + first)):
            path = folder / f"{prefix}{part}-{what}-ubyte"
            write_idx(path, array)
            if packed:
                path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
                path.unlink()


def check(data):
    assert data.sizes == (50, 10, 20)
    np.testing.assert_array_equal(data.inputs, IMAGES.reshape(80, 6))
    np.testing.assert_array_equal(data.labels, np.arange(80) % 26)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("given", ["", "MNIST", "MNIST/raw"])
def test_torchvision_s_root(tmp_path, packed, given):
    write_set(tmp_path / "MNIST" / "raw", packed=packed)
    check(load_data(tmp_path / given))


def test_unpacked_and_packed_side_by_side_are_one_set(tmp_path):
    write_set(tmp_path, packed=True)
    write_set(tmp_path)
    check(load_data(tmp_path))


def test_labels_may_be_packed_otherwise_than_images(tmp_path):
    write_set(tmp_path)
    for labels in list(tmp_path.glob("*labels*")):
        labels.with_name(f"{labels.name}.gz").write_bytes(gzip.compress(labels.read_bytes()))
        labels.unlink()
    check(load_data(tmp_path))


def test_several_sets_are_asked_about(tmp_path):
    write_set(tmp_path / "MNIST" / "raw")
    write_set(tmp_path / "FashionMNIST" / "raw")
    with pytest.raises(DataError, match=r"more than one set of IDX files: .*FashionMNIST/raw, .*MNIST/raw"):
        load_data(tmp_path)
    check(load_data(tmp_path / "FashionMNIST"))


def test_emnist(tmp_path):
    write_set(tmp_path, "emnist-letters-", "test", first=1)
    data = load_data(tmp_path)
    assert data.sizes == (50, 10, 20)
    assert data.classes == 26  # labels from 1, and no class without examples
    assert data.class_names[0] == "A"
    assert data.class_names[25] == "Z"
    np.testing.assert_array_equal(data.labels, np.arange(80) % 26)
    np.testing.assert_array_equal(data.inputs[5].reshape(3, 2), IMAGES[5].T)  # stored with rows and columns exchanged
    assert any("stored with rows and columns exchanged" in note for note in data.notes)


def test_emnist_s_sets_are_chosen_by_the_beginning_of_their_names(tmp_path):
    for which, first in (("letters", 1), ("balanced", 0)):
        write_set(tmp_path, f"emnist-{which}-", "test", first=first)
    with pytest.raises(DataError, match=r"more than one set of IDX files: .*emnist-balanced, .*emnist-letters"):
        load_data(tmp_path)
    assert load_data(tmp_path / "emnist-balanced").class_names[:12] == tuple("0123456789AB")
    assert load_data(tmp_path / "emnist-letters").class_names[:2] == tuple("AB")


def test_one_file_of_emnist(tmp_path):
    write_set(tmp_path, "emnist-letters-", "test", first=1)
    data = load_data(tmp_path / "emnist-letters-train-images-idx3-ubyte")
    assert len(data.labels) == 60
    assert data.class_names == tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def test_half_a_set_is_not_enough(tmp_path):
    write_set(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="no labels beside"):
        load_data(tmp_path)
    (tmp_path / "t10k-images-idx3-ubyte").unlink()
    with pytest.raises(DataError, match=r"no train-images. file with a t10k-images.*, only .*train-images-idx3-ubyte"):
        load_data(tmp_path)
