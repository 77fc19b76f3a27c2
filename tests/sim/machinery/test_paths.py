"""What is no path, no result and no number is refused by the argument's name."""

import pytest

import sim
from theory.settings import InvalidArgument


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda _: sim.load_data(3), "name_or_path must be the name of a file, .* got int"),
        (lambda _: sim.load_data(None), "name_or_path must be"),
        (lambda _: sim.load_data(b"mnist"), "name_or_path must be .* got bytes"),
        (lambda _: sim.load_data("a\0b"), "name_or_path must be"),
        (lambda _: sim.load(None), "path must be the name of a file, .* got NoneType"),
        (lambda folder: sim.load(folder / "x", max_bytes="1GB"), "max_bytes must be a whole number"),
        (lambda folder: sim.save(None, folder / "x.nc"), "result must be what sim.train, .* got NoneType"),
        (lambda folder: sim.save({}, folder / "x.nc"), "result must be what .* got dict"),
        (lambda _: sim.save(sim.walk(100, 20.0, 0.5, steps=1000), None), "path must be .* got NoneType"),
    ],
)
def test_refused_by_name(tmp_path, call, message):
    with pytest.raises(InvalidArgument, match=message) as problem:
        call(tmp_path)
    assert "\n" not in str(problem.value)
    assert not list(tmp_path.iterdir())
