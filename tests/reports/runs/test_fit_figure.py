"""The drawing of a fit: every kind of outcome is drawn, the same bytes every time, and bad names are refused."""

import numpy as np
import pytest

from reports.runs.fit_figure import fit_figure, write_fit_figure
from sim import DataError, fit_decay

T = np.linspace(0, 100, 40)
SCATTER = 1 + 0.01 * np.random.default_rng(0).standard_normal(40)


@pytest.mark.parametrize(
    "rms",
    [
        np.sqrt(0.04 + 0.96 * np.exp(-0.1 * T)) * SCATTER,
        np.exp(-0.1 * T) * SCATTER,
        0.25 * SCATTER,
        np.full(40, 0.25),
        1 + T,
    ],
)
@pytest.mark.parametrize("given", [True, False])
def test_every_outcome_is_drawn(rms, given):
    error = 0.01 * rms if given else None
    fit = fit_decay(T, rms, error)
    svg = fit_figure(T, rms, error, fit)
    assert svg.startswith(b"<?xml")
    assert svg == fit_figure(T, rms, error, fit)


def test_the_file(tmp_path):
    fit = fit_decay(T, SCATTER)
    write_fit_figure(tmp_path / "fit.svg", T, SCATTER, None, fit)
    assert b"<svg" in (tmp_path / "fit.svg").read_bytes()
    with pytest.raises(DataError, match=r"must end in \.svg"):
        write_fit_figure(tmp_path / "fit.png", T, SCATTER, None, fit)
    with pytest.raises(DataError, match="does not exist"):
        write_fit_figure(tmp_path / "nowhere" / "fit.svg", T, SCATTER, None, fit)
