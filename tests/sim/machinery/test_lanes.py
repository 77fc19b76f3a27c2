"""Blocks of numbers in registers against NumPy."""

import numpy as np
import pytest

from sim.machinery.jit import compiled
from sim.machinery.lanes import BYTES, lanes, lanes_of, load, plus, store, times, total, zeros


@compiled
def combined(x, y, c, out):
    """Write x + c y to `out`; return x . y."""
    products = zeros(x)
    for j in range(0, x.size, lanes(x)):
        products = times(load(x, j), load(y, j), products)
        store(out, j, plus(load(x, j), c, load(y, j)))
    return total(products)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("blocks", [0, 1, 3])
def test_blocks_are_arithmetic(dtype, blocks):
    rng = np.random.default_rng(1)
    size = blocks * lanes_of(dtype)
    x, y = rng.normal(size=(2, size)).astype(dtype)
    out = np.zeros(size + 1, dtype)
    product = combined(x, y, 0.3, out[:-1])
    tolerance = 8 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(out[:-1], x + np.array(0.3, dtype) * y, rtol=tolerance, atol=tolerance)
    assert out[-1] == 0, "nothing is written beyond the array"
    assert product == pytest.approx(float(x.astype(float) @ y.astype(float)), abs=tolerance * size, rel=tolerance)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_rows_of_a_matrix_need_no_alignment(dtype):
    size = lanes_of(dtype)
    matrix = np.arange(3.0 * size + 1, dtype=dtype)[1:].reshape(3, size)
    out = np.empty(size, dtype)
    combined(matrix[1], matrix[2], 2.0, out)
    np.testing.assert_array_equal(out, matrix[1] + 2 * matrix[2])


def test_a_block_is_a_fixed_number_of_bytes():
    assert lanes_of("float64") * 8 == lanes_of("float32") * 4 == BYTES
