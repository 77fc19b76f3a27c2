"""OnlineRule and Overlaps refuse what cannot be, by name."""

import numpy as np
import pytest

from theory.errors import InvalidArgument, NotAGramMatrix
from theory.settings import OnlineRule, Overlaps


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"eta": 0.0}, "eta must be positive and finite, got 0.0"),
        ({"eta": -1.0}, "eta must be positive"),
        ({"eta": np.nan}, "eta must be positive and finite, got nan"),
        ({"gamma": 0.0}, "gamma must be positive and finite, got 0.0"),
        ({"gamma": np.inf}, "gamma must be positive"),
        ({"sigma": -0.1}, "sigma must be zero or positive"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, got 0"),
        ({"eta": np.array([0.1, 0.2])}, "eta must be one number"),
    ],
)
def test_rules(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        OnlineRule(**({"eta": 0.5, "gamma": 0.1} | arguments))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"Q": np.empty((0, 0))}, "K at least 1"),
        ({"Q": np.ones((2, 3))}, "Q must be square"),
        ({"Q": np.ones(3)}, "Q must be a number or a matrix"),
        ({"Q": np.nan}, "Q must be finite"),
        ({"Q": 1.0, "R": 0.5}, r"R must have shape \(K, M\) = \(1, 0\)"),
        ({"Q": 1.0, "T": 1.0}, r"R must have shape \(K, M\) = \(1, 1\)"),
        ({"Q": 1.0, "R": 0.0, "T": np.ones((1, 2))}, "T must be square"),
    ],
)
def test_shapes(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        Overlaps(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"Q": -1.0}, "eigenvalue -1"),
        ({"Q": 1.0, "R": 1.1, "T": 1.0}, r"eigenvalue -0\.1"),
        ({"Q": [[1.0, 0.5], [0.4, 1.0]]}, "must be symmetric"),
        ({"Q": [[1.0, 2.0], [2.0, 1.0]]}, "eigenvalue -1"),
    ],
)
def test_gram(arguments, message):
    with pytest.raises(NotAGramMatrix, match=message):
        Overlaps(**arguments)


def test_singular_but_possible_overlaps_are_taken():
    assert Overlaps(np.ones((2, 2)), np.ones((2, 1)), 1.0).K == 2


def test_makers():
    start = Overlaps.orthogonal(2, 3, Q=5.0, T=2.0)
    assert np.array_equal(start.gram, np.diag([5.0, 5.0, 2.0, 2.0, 2.0]))
    assert (start.K, start.M) == (2, 3)
    drawn = Overlaps.random(2, 1, Q=100.0, T=4.0, fan_in=10_000, seed=1)
    assert np.diag(drawn.Q) == pytest.approx(100, rel=0.05)
    assert np.array_equal(drawn.gram, Overlaps.random(2, 1, Q=100.0, T=4.0, fan_in=10_000, seed=1).gram)
    with pytest.raises(InvalidArgument, match="K must be a whole number of at least 1"):
        Overlaps.orthogonal(0, Q=1.0)
    with pytest.raises(InvalidArgument, match="fan_in must be a whole number of at least 3"):
        Overlaps.random(2, 1, Q=1.0, fan_in=2, seed=0)


def test_overlaps_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        Overlaps(Q=1.0).Q[0, 0] = 2.0
