import io
import zipfile

import numpy as np
import pytest

from sim import DataError, load_data

RNG = np.random.default_rng(0)


def digits(n, dtype="u1"):
    return RNG.integers(0, 256, (n, 3, 3)).astype(dtype)


def npy(array=None, header=None, content=b""):
    stream = io.BytesIO()
    if header is None:
        np.save(stream, array)
        return stream.getvalue()
    text = f"{header:<117}\n".encode()
    return b"\x93NUMPY\x01\0" + len(text).to_bytes(2, "little") + text + content


def archive(path, members, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return path


def test_keras(tmp_path):
    x, y = digits(80), np.arange(80) % 10
    np.savez(tmp_path / "mnist.npz", x_train=x[:60], y_train=y[:60], x_test=x[60:], y_test=y[60:])
    data = load_data(tmp_path / "mnist.npz")
    assert data.sizes == (50, 10, 20)
    np.testing.assert_array_equal(data.train.inputs, x[:50].reshape(50, 9) / 255)
    np.testing.assert_array_equal(data.test.inputs, x[60:].reshape(20, 9) / 255)
    np.testing.assert_array_equal(data.validation.labels, y[50:60])
    assert any("test as the file says" in note for note in data.notes)


def test_medmnist(tmp_path):
    x, y = digits(30), (np.arange(30) % 2)[:, None]
    parts = {"train": slice(0, 20), "val": slice(20, 24), "test": slice(24, 30)}
    arrays = {f"{p}_images": x[s] for p, s in parts.items()} | {f"{p}_labels": y[s] for p, s in parts.items()}
    np.savez_compressed(tmp_path / "med.npz", **arrays)
    data = load_data(tmp_path / "med.npz")
    assert data.sizes == (20, 4, 6)
    np.testing.assert_array_equal(data.test.labels, y[24:, 0])


def test_validation_beside_keras_names_is_not_lost(tmp_path):
    x, y = digits(30), np.arange(30) % 2
    parts = {"train": slice(0, 20), "val": slice(20, 24), "test": slice(24, 30)}
    arrays = {f"x_{p}": x[s] for p, s in parts.items()} | {f"y_{p}": y[s] for p, s in parts.items()}
    np.savez(tmp_path / "val.npz", **arrays)
    data = load_data(tmp_path / "val.npz")
    assert data.sizes == (20, 4, 6)
    np.testing.assert_array_equal(data.validation.inputs, x[20:24].reshape(4, 9) / 255)
    assert not any("left alone" in note for note in data.notes)


def test_arrays_that_are_left_alone_are_said(tmp_path):
    x, y = digits(14), np.arange(14) % 2
    np.savez(tmp_path / "more.npz", images=x, labels=y, test_images=x, test_labels=y)
    assert "arrays: 'test_images', 'test_labels' left alone" in load_data(tmp_path / "more.npz").notes


def test_order_in_memory_does_not_matter(tmp_path):
    x = np.asfortranarray(digits(14, "f4"))
    np.savez(tmp_path / "f.npz", images=x, labels=np.arange(14) % 2)
    np.testing.assert_array_equal(load_data(tmp_path / "f.npz").inputs, x.reshape(14, 9))


def test_parts_must_be_alike(tmp_path):
    y = np.arange(10) % 2
    np.savez(tmp_path / "a.npz", x_train=digits(10), y_train=y, x_test=digits(10, "f4") / 255, y_test=y)
    with pytest.raises(DataError, match=r"images of its parts are not alike: uint8 .* and float32"):
        load_data(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", x_train=digits(10), y_train=y, x_test=digits(9), y_test=y)
    with pytest.raises(DataError, match="9 images but 10 labels"):
        load_data(tmp_path / "b.npz")


def test_a_header_that_declares_46_gigabytes(tmp_path):
    images = npy(header="{'descr': '|u1', 'fortran_order': False, 'shape': (46000000000,), }", content=b"\0" * 100)
    path = archive(tmp_path / "big.npz", {"images": images, "labels": npy(np.zeros(3, int))})
    with pytest.raises(DataError, match=r"has 100 bytes, and its header .* promises 46000000000"):
        load_data(path)


def test_an_archive_that_declares_46_gigabytes(tmp_path):
    path = archive(tmp_path / "big.npz", {"images": npy(digits(3)), "labels": npy(np.zeros(3, int))})
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")  # the directory's entry of images; its unpacked size is 24 bytes in
    content[at + 24 : at + 28] = (0xFFFFFFF0).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(
        DataError, match=r"big.npz holds 4,294,967,\d+ bytes unpacked, more than the limit of 1,073,741,824"
    ):
        load_data(path)
    with pytest.raises(DataError, match=r"big.npz is not a readable"):  # the limit raised, the lie comes out
        load_data(path, max_bytes=2**33)


def test_the_limit_can_be_raised(tmp_path):
    path = archive(tmp_path / "a.npz", {"images": npy(digits(14)), "labels": npy(np.arange(14) % 2)})
    with pytest.raises(DataError, match="raise the limit: max_bytes=494"):
        load_data(path, max_bytes=493)
    assert load_data(path, max_bytes=494).sizes == (10, 2, 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": npy(np.array(3))}, "one is a single number"),
        ({"images": npy(np.array(3))}, "one is a single number"),
        ({"images": npy(np.zeros((14, 0)))}, "no pixels|not a readable"),
        ({"images": npy(np.zeros((14, 2), "V4"))}, "images must be a table of numbers"),
        ({"images": npy(np.zeros((14, 2), "c8"))}, "images must be a table of numbers"),
        (
            {"images": npy(header="{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", content=b"x")},
            "Python objects",
        ),
        ({"images": npy(header="{'descr': '|S0', 'fortran_order': False, 'shape': (9,), }")}, "nothing"),
        ({"images": npy(header="((((((((((")}, "not a readable"),
        ({"images": npy(header="{'descr': '|u1', 'fortran_order': False, 'shape': (-1,), }")}, "not a readable"),
        ({"images": b"\x93NUMPY\x03\0"}, "format"),
        ({"images": b""}, "not a readable"),
    ],
)
def test_members_that_are_no_plain_arrays(tmp_path, change, message):
    members = {"images": npy(digits(14)), "labels": npy(np.arange(14) % 2)} | change
    with pytest.raises(DataError, match=rf"odd\.npz.*({message})"):
        load_data(archive(tmp_path / "odd.npz", members))


def test_encrypted_and_oddly_packed_archives(tmp_path):
    members = {"images": npy(digits(14)), "labels": npy(np.arange(14) % 2)}
    path = archive(tmp_path / "a.npz", members)
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(signature) + flags] |= 1
    (tmp_path / "encrypted.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"encrypted\.npz is not a readable .* images.npy is encrypted"):
        load_data(tmp_path / "encrypted.npz")
    with pytest.raises(DataError, match="packed in a way that NumPy does not write"):
        load_data(archive(tmp_path / "lzma.npz", members, zipfile.ZIP_LZMA))


def test_other_archives_are_described(tmp_path):
    with zipfile.ZipFile(tmp_path / "digit-recognizer.zip", "w") as file:
        file.writestr("train.csv", "label,pixel0")
    with pytest.raises(DataError, match=r"no array images and no array labels, only train.csv"):
        load_data(tmp_path / "digit-recognizer.zip")
