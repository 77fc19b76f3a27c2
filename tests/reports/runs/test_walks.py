"""A walk's optimizer is read back from its attributes, whatever it is."""

import dataclasses

import pytest
import xarray as xr

import theory
from reports.runs.walks import optimizer_of
from sim.walks.attributes import described
from theory.settings.optimizers.named import optimizer_classes


@pytest.mark.parametrize("kind", optimizer_classes().values(), ids=lambda kind: kind.__name__)
def test_every_optimizer_comes_back(kind, tmp_path):
    optimizer = kind()
    xr.Dataset(attrs=described(optimizer)).to_netcdf(tmp_path / "run.nc", engine="h5netcdf")
    assert optimizer_of(xr.load_dataset(tmp_path / "run.nc", engine="h5netcdf")) == optimizer


def test_other_settings_come_back():
    for optimizer in (theory.SGD(0.9, nesterov=True), theory.AdamW((0.8, 0.95)), theory.Muon(adjust_lr_fn="original")):
        assert optimizer_of(xr.Dataset(attrs=described(optimizer))) == optimizer
        assert optimizer != dataclasses.replace(type(optimizer)())
    with pytest.raises(theory.InvalidArgument, match="got a record of 'Mystery'"):
        optimizer_of(xr.Dataset(attrs={"optimizer": "Mystery"}))
