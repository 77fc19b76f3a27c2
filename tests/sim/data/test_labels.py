import numpy as np
import pytest

from sim import DataError
from sim.data.labels import numbered


@pytest.mark.parametrize(
    ("labels", "classes", "names"),
    [
        (np.array([0, 2, 1], "u1"), [0, 2, 1], ("0", "1", "2")),
        (np.array([1, 3, 2]), [0, 2, 1], ("1", "2", "3")),
        (np.array([5, 900, 5]), [0, 1, 0], ("5", "900")),
        (np.array([-1, 1, -1]), [0, 1, 0], ("-1", "1")),
        (np.array([[1], [0], [1]]), [1, 0, 1], ("0", "1")),
        (np.array([0.0, 1.0, 0.0]), [0, 1, 0], ("0", "1")),
        (np.array([True, False]), [1, 0], ("False", "True")),
        (np.array(["dog", "cat", "dog"]), [1, 0, 1], ("cat", "dog")),
        (np.array([b"dog", b"caf\xc3\xa9"]), [1, 0], ("café", "dog")),
        (np.array([["b"], ["a"]]), [1, 0], ("a", "b")),
        (np.array([[0, 1, 0], [1, 0, 0]]), [1, 0], ("0", "1", "2")),
        (np.array([[0.0, 1.0], [1.0, 0.0]]), [1, 0], ("0", "1")),
        (np.array([[False, True], [True, False]]), [1, 0], ("0", "1")),
    ],
)
def test_classes_count_from_zero_and_keep_their_names(labels, classes, names):
    found, kept, note = numbered("file", labels)
    assert found.tolist() == classes
    assert kept == names
    assert note.startswith("labels: ")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0.5, 1.0]), "list of whole numbers or names, or one-hot, got float64"),
        (np.array([0.0, np.nan]), "list of whole numbers"),
        (np.array([0, -1, 1]), "labels count from 0, got -1 at index 1"),
        (np.array([-1, -1]), "labels count from 0"),
        (np.array([[0.2, 0.8], [1, 0]]), "must be one-hot"),
        (np.array([[1, 1], [1, 0]]), "must be one-hot"),
        (np.array([[0, 0], [1, 0]]), "must be one-hot"),
        (np.array([["a", "b"]]), "must be one-hot"),
        (np.zeros((2, 2, 2), int), "list of whole numbers"),
        (np.array([1j, 2]), "list of whole numbers"),
        (np.array(["2020-01-01"], "M8[D]"), "list of whole numbers"),
    ],
)
def test_what_names_no_class_is_refused(labels, message):
    with pytest.raises(DataError, match=message):
        numbered("file", labels)
