"""Examples given as arrays: what cannot be read in one way is refused, never divided or taken by position unasked."""

import numpy as np
import pandas as pd
import pytest

from sim import Data, DataError, train
from theory.settings import InvalidArgument

RNG = np.random.default_rng(0)
FLOATS, LABELS, SIZES = RNG.random((40, 4)), RNG.integers(0, 2, 40), (36, 4, 0)


@pytest.mark.parametrize(
    ("images", "right"),
    [(FLOATS, FLOATS), (np.full((40, 4), 51, "u1"), np.full((40, 4), 0.2)), (FLOATS > 0.5, (FLOATS > 0.5) * 1.0)],
)
def test_bytes_are_divided_by_255_and_nothing_else(images, right):
    np.testing.assert_array_equal(Data(images, LABELS, SIZES).train.inputs, right[:36])


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (np.full((40, 4), 1000, "i2"), LABELS, r"images must be bytes \(uint8\), .* or floats, got int16"),
        ((FLOATS > 0.5).astype(int), LABELS, "or floats, got int64"),
        (pd.DataFrame(FLOATS), LABELS, "images must be a plain array of numbers, got DataFrame"),
        (FLOATS.tolist(), LABELS, "images must be a plain array of numbers, got list"),
        (np.ma.masked_greater(FLOATS, 0.5), LABELS, "images must be a plain array .* Leave out what is masked"),
        (FLOATS, pd.Series(LABELS)[::-1], "labels must be a plain array of whole numbers, got Series"),
        (FLOATS, np.ma.masked_equal(LABELS, 1), "labels must be a plain array of whole numbers, got MaskedArray"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(images, labels, message):
    with pytest.raises(DataError, match=message):
        Data(images, labels, SIZES, "toy")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"eta": [0.1, 0.2]}, "eta must be one number"),
        ({"eta": True}, "eta must be a real number"),
        ({"lam": True}, "lam must be a real number"),
        ({"sizes": (4.5, 2)}, "sizes must be a whole number"),
        ({"epochs": 1.5}, "epochs must be a whole number"),
        ({"batch_size": 37}, "batch_size must not exceed the 36 training examples, got 37"),
    ],
)
def test_settings_that_are_no_such_numbers_are_refused(settings, message):
    with pytest.raises(InvalidArgument, match=message):
        train(Data(FLOATS, LABELS, SIZES), **{"sizes": (4, 2), "epochs": 1, "engine": "numpy"} | settings)


def test_whole_floats_are_whole_numbers():
    plain, floats = (
        train(Data(FLOATS, LABELS, SIZES), sizes=sizes, epochs=epochs, batch_size=batch, engine="numpy")
        for sizes, epochs, batch in (((4, 2), 2, 9), ((4.0, 2.0), 2.0, 9.0))
    )
    assert plain.identical(floats)
