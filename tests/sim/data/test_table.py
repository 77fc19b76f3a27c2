import codecs
import gzip

import numpy as np
import pytest

from sim import DataError, load_data

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (70, 4))
IMAGES[0, 0] = 255
LABELS = np.arange(70) % 7
HEADING = "label,pixel0,pixel1,pixel2,pixel3"


def rows(labels=LABELS, images=IMAGES, separator=","):
    return [separator.join([str(label), *map(str, image)]) for label, image in zip(labels, images, strict=True)]


def write(tmp_path, lines, name="train.csv", encode=lambda text: text.encode()):
    path = tmp_path / name
    content = encode("\n".join(lines) + "\n")
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def check(data, names=tuple("0123456")):
    assert data.sizes == (50, 10, 10)
    assert data.inputs.dtype == np.uint8
    np.testing.assert_array_equal(data.inputs, IMAGES)
    np.testing.assert_array_equal(data.labels, LABELS)
    assert data.class_names == names


def test_kaggle(tmp_path):
    check(load_data(write(tmp_path, [HEADING, *rows()])))
    check(load_data(write(tmp_path, [HEADING, *rows()], "train.csv.gz")))


@pytest.mark.parametrize("names", [["pixel0", "pixel1", "pixel9", "pixel10"], ["1x1", "1x2", "1x10", "2x1"]])
def test_pixels_are_in_the_order_of_their_names(tmp_path, names):
    """Also where the columns are sorted like text, or shuffled: pixel0, pixel1, pixel10, pixel2."""
    plain = load_data(write(tmp_path, [",".join(["label", *names]), *rows()]))
    check(plain)
    for order in ([0, 1, 3, 2], [3, 1, 2, 0]):
        heading = ",".join(["label", *(names[i] for i in order)])
        data = load_data(write(tmp_path, [heading, *rows(images=IMAGES[:, order])]))
        check(data)
        assert any("put in the order of their names" in note for note in data.notes)


def test_pixels_may_be_named_column_by_column(tmp_path):
    data = load_data(write(tmp_path, ["label,1x1,2x1,1x2,2x2", *rows()]))
    check(data)
    assert not any("order of their names" in note for note in data.notes)


def test_without_a_heading_the_label_comes_first(tmp_path):
    data = load_data(write(tmp_path, rows()))
    check(data)
    assert any("no heading" in note for note in data.notes)
    with pytest.raises(DataError, match=r"the first column, .* is '7' in every row"):
        load_data(write(tmp_path, rows(labels=[7] * 70)))


@pytest.mark.parametrize("encode", [lambda t: codecs.BOM_UTF8 + t.encode(), lambda t: t.encode("utf-16")])
@pytest.mark.parametrize("heading", [[HEADING], []])
def test_byte_order_marks(tmp_path, encode, heading):
    check(load_data(write(tmp_path, [*heading, *rows()], encode=encode)))


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators(tmp_path, separator):
    check(load_data(write(tmp_path, [HEADING.replace(",", separator), *rows(separator=separator)])))


def test_the_label_is_found_by_name(tmp_path):
    lines = ["1x1,1x2,2x1,2x2,class", *[",".join([*map(str, i), str(y)]) for i, y in zip(IMAGES, LABELS, strict=True)]]
    check(load_data(write(tmp_path, lines)))


def test_names_of_classes(tmp_path):
    names = ("NA", "None", "bag", "coat", "dress", "nan", "shirt")  # none of them is a missing value
    check(load_data(write(tmp_path, [HEADING, *rows([names[y] for y in LABELS])])), names)


def test_decimal_commas(tmp_path):
    lines = [HEADING.replace(",", ";"), *[f"{y};0,5;0,25;0;1" for y in LABELS]]
    np.testing.assert_array_equal(load_data(write(tmp_path, lines)).train.inputs[0], [0.5, 0.25, 0, 1])


def test_emnist_s_tables_are_set_upright(tmp_path):
    data = load_data(write(tmp_path, rows(LABELS + 1), "emnist-letters-train.csv"))
    np.testing.assert_array_equal(data.inputs, IMAGES[:, [0, 2, 1, 3]])
    assert data.class_names == tuple("ABCDEFG")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([HEADING.replace("label", "pixel9"), *rows()], "neither numbers nor a heading with a column called label"),
        (["label,pixel0,pixel1,pixel2,pixel02", *rows()], "two columns are the pixel 'pixel2'"),
        (["label,pixel0,r1,g1,b1", *rows()], "columns of pixels are called in 4 ways"),
        (["1OO,0,1,2,3", *rows()], "line 1 is neither numbers nor a heading"),
        (["label,id,pixel1,pixel2,pixel3", *rows()], "neither the label nor pixels: 'id'"),
        (["label,,pixel1,pixel2,pixel3", *rows()], "neither the label nor pixels: ''"),
        ([HEADING, *rows(), "1,2,3,abc,4"], "row 71 below the heading, column pixel2: 'abc' is not a number"),
        ([HEADING, *rows(), "1,2,3,,4"], "row 71 below the heading, column pixel2: '' is not a number"),
        ([HEADING, *rows(), "1,2,3"], "row 71 below the heading, column pixel2: '' is not a number"),
        ([HEADING, *rows(), "1,2,3,4,5,6"], "not a readable table"),
        ([HEADING, *rows(), "1,2,3,nan,5"], "column pixel2: 'nan' is not a number"),
        ([HEADING, *rows(), f"1,2,3,{10**30},5"], "column pixel2: .* is not"),
        ([HEADING, *["1,2,3,True,5"] * 70], "column pixel2: 'True' is not a number"),
        ([HEADING], "there are no examples|not a readable table"),
        (["hello"], "not a table of a label and pixels"),
        ([], "not a table of a label and pixels"),
        ([HEADING, '"'], "not a readable table"),
    ],
)
def test_tables_that_cannot_be_trusted(tmp_path, lines, message):
    with pytest.raises(DataError, match=rf"train\.csv.*({message})"):
        load_data(write(tmp_path, lines))


def test_other_files_are_no_tables(tmp_path):
    for name, content in {
        "a.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "b.csv": b"label,pixel0\n1,\xff\xfe\x80\n",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=name):
            load_data(tmp_path / name)


def test_sizes_are_looked_at_first(tmp_path):
    for name in ("train.csv", "train.csv.gz"):
        path = write(tmp_path, [HEADING, *rows()], name)
        with pytest.raises(DataError, match=rf"{name} holds .* the limit"):
            load_data(path, max_bytes=1500)
        check(load_data(path, max_bytes=6000))
