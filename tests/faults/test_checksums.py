"""Flipped bits, anywhere in a file that we wrote, are found; files from elsewhere are said to be unverified."""

import logging

import numpy as np
import pytest
import xarray as xr

import sim
from reports.document.numbers import read_json, sealed_json
from reports.runs.files import read_decay
from sim.machinery.seal import LENGTH, MARK
from tests.faults.command import run


def small_run():
    """As `sim.train` gives it, in the parts that the commands look at."""
    rms = np.linspace(1, 0.5, 12).reshape(1, 12, 1)
    coordinates = {"layer": [2], "epoch": np.arange(12)}
    return xr.Dataset({"rms": (("replica", "epoch", "layer"), rms)}, coordinates, {"lam": 5.0})


def flipped(content, bit):
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_what_is_saved_is_loaded_and_verified(tmp_path):
    loaded = sim.load(sim.save(small_run(), tmp_path / "run.nc"))
    assert loaded.identical(small_run())
    assert loaded.encoding["verified"]


def test_other_programs_open_a_sealed_file(tmp_path):
    path = sim.save(small_run(), tmp_path / "run.nc")
    assert xr.load_dataset(path).identical(small_run())  # xarray guesses the form from the file's first bytes
    assert xr.load_dataset(path, engine="h5netcdf").identical(small_run())


def test_flipped_bits_are_found_everywhere(tmp_path):
    path = sim.save(small_run(), tmp_path / "run.nc")
    content = path.read_bytes()
    rng = np.random.default_rng(1)
    bits = 8 * np.arange(len(content)) + rng.integers(0, 8, len(content))
    for bit in (*bits[:: len(content) // 1000], *bits[-2 * LENGTH :]):
        path.write_bytes(flipped(content, int(bit)))
        with pytest.raises(sim.DataError, match=r"run\.nc is damaged"):
            sim.load(path)


def test_a_file_that_was_cut_or_lengthened_is_refused(tmp_path):
    path = sim.save(small_run(), tmp_path / "run.nc")
    content = path.read_bytes()
    for changed in (
        content[:-1],
        content[: -LENGTH // 2],
        content[: len(content) // 2],
        content[:7],
        b"",
        content + b"x",
    ):
        path.write_bytes(changed)
        with pytest.raises(sim.DataError, match=r"run\.nc is damaged"):
            sim.load(path)


def test_without_the_seal_flipped_bits_are_other_numbers(tmp_path):
    """Negative control: what the seal is for. HDF5 alone lets some through."""
    path = tmp_path / "bare.nc"
    small_run().to_netcdf(path, engine="h5netcdf")
    content, silent = path.read_bytes(), 0
    place = content.find(small_run().rms.values.tobytes())
    for bit in range(8 * place, 8 * place + 64):
        path.write_bytes(flipped(content, bit))
        silent += not sim.load(path).identical(small_run())
    assert silent == 64


def test_a_file_from_elsewhere_is_said_to_be_unverified(tmp_path, caplog):
    path = tmp_path / "bare.nc"
    small_run().to_netcdf(path, engine="h5netcdf")
    with caplog.at_level(logging.WARNING, "sim"):
        loaded = sim.load(path)
    assert loaded.identical(small_run())
    assert loaded.encoding["verified"] is False
    assert "bare.nc carries no checksum" in caplog.text
    with pytest.raises(sim.DataError, match="raise the limit: max_bytes="):
        sim.load(path, max_bytes=100)


@pytest.mark.parametrize("command", ["fit", "layers"])
def test_the_commands_refuse_a_damaged_run(tmp_path, command):
    path = sim.save(small_run(), tmp_path / "run.nc")
    content = path.read_bytes()
    place = content.find(small_run().rms.values.tobytes())
    path.write_bytes(flipped(content, 8 * place + 3))
    code, lines = run(command, path)
    assert code == 2
    assert len(lines) == 1
    assert "run.nc is damaged" in lines[0]


def test_a_damaged_run_is_not_taken_for_a_table(tmp_path):
    path = sim.save(small_run(), tmp_path / "run.nc")
    content = path.read_bytes()
    for bit in range(64):  # of the bytes by which a netCDF file is known
        path.write_bytes(flipped(content, bit))
        with pytest.raises(sim.DataError, match=r"run\.nc"):
            read_decay(path)


def test_the_numbers_of_a_report(tmp_path):
    path, content = tmp_path / "report.json", {"seed": 1, "facts": {"scale": 0.1, "name": "é"}}
    path.write_text(sealed_json(content), encoding="utf-8")
    assert read_json(path) == content
    whole = path.read_bytes()
    for bit in range(8 * len(whole)):
        path.write_bytes(flipped(whole, bit))
        with pytest.raises(sim.DataError, match=r"report\.json"):
            read_json(path)
    with pytest.raises(sim.DataError, match="cannot be read"):
        read_json(tmp_path / "none.json")


def test_every_flipped_bit_of_a_checkpoint_is_found(tmp_path):
    rng = np.random.default_rng(0)
    data = sim.Data(rng.random((40, 4)), rng.integers(0, 2, 40), (36, 4, 0), "toy")
    settings = {"sizes": (4, 2), "batch_size": 9, "engine": "numpy"}
    path = tmp_path / "state"
    sim.train(data, epochs=1, checkpoint=path, **settings)
    content = path.read_bytes()
    assert MARK in content
    for bit in rng.integers(0, 8 * len(content), 1000):
        path.write_bytes(flipped(content, int(bit)))
        with pytest.raises(sim.CheckpointError, match="damaged"):
            sim.train(data, epochs=2, resume=path, **settings)
    with pytest.raises(sim.CheckpointError, match="not a checkpoint"):
        sim.train(data, epochs=2, resume=sim.save(small_run(), tmp_path / "run.nc"), **settings)
