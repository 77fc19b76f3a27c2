"""Long runs that survive: where every replica stands, in one file that is either whole or refused."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from sim.data.load import Data
from sim.errors import CheckpointError, DataError
from sim.machinery.paths import as_path
from sim.machinery.saving import write
from sim.machinery.seal import read_sealed, seal
from sim.training.network import Network
from sim.training.replica import Snapshot
from sim.training.settings import TrainingSettings

__all__ = ["Checkpoint", "identity", "load"]


def identity(data: Data, settings: TrainingSettings, seed: int) -> dict[str, object]:
    """Return what must be the same for a run to be continued: everything but its length."""
    digest = hashlib.blake2b(np.ascontiguousarray(data.inputs).data, digest_size=16)
    digest.update(np.ascontiguousarray(data.labels).data)
    rules = {name: value for name, value in asdict(settings).items() if name != "epochs"}
    lists = {name: list(value) for name, value in rules.items() if isinstance(value, tuple)}  # as JSON has them
    return rules | lists | {"seed": seed, "split": list(data.sizes), "data": digest.hexdigest()}


class Checkpoint:
    """A file that is written anew after every `every` epochs of a replica.

    Parameters
    ----------
    path : str or path
    every, last : int
        After which epochs: the multiples of `every`, and the last.
    run : dict
        See `identity`.
    snapshots : dict
        What is known already, by replica.
    """

    def __init__(
        self, path: str | Path, every: int, last: int, run: dict[str, object], snapshots: dict[int, Snapshot]
    ) -> None:
        self.path, self.every, self.last, self.run = as_path("checkpoint", path), every, last, run
        self.snapshots = dict(snapshots)

    def keep(self, snapshot: Snapshot) -> None:
        """Write the file if it is time to."""
        if snapshot.epoch % self.every == 0 or snapshot.epoch == self.last:
            self.snapshots[snapshot.replica] = snapshot
            self._write()

    def _write(self) -> None:
        arrays = {"run": np.array(json.dumps(self.run))}
        for replica, snapshot in self.snapshots.items():
            arrays |= {f"{replica}/{name}": array for name, array in _arrays(snapshot).items()}
        file = io.BytesIO()
        np.savez(file, allow_pickle=False, **arrays)
        write(self.path, file.getbuffer(), seal(file.getbuffer()))


def load(path: str | Path, run: dict[str, object], epochs: int) -> dict[int, Snapshot]:
    """Return the snapshots in a file, by replica.

    Raises
    ------
    CheckpointError
        If the file is missing or damaged, belongs to another run, or is already past `epochs`.
    """
    arrays = _read(as_path("resume", path))
    kept = json.loads(str(arrays.pop("run")))
    different = [
        f"{name} = {kept.get(name)!r}, got {value!r}" for name, value in run.items() if kept.get(name) != value
    ]
    if different:
        raise CheckpointError(
            f"{path} belongs to another run: it has {'; '.join(different)}. Resume with its settings."
        )
    snapshots = {}
    for replica in sorted({int(name.split("/")[0]) for name in arrays}):
        own = {name.split("/", 1)[1]: array for name, array in arrays.items() if name.startswith(f"{replica}/")}
        snapshots[replica] = _snapshot(replica, own, str(run["cost"]))
        if snapshots[replica].epoch > epochs:
            raise CheckpointError(
                f"{path} is at epoch {snapshots[replica].epoch} already, got epochs = {epochs}. Ask for more epochs."
            )
    return snapshots


def _read(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a file that we wrote, bit for bit: what else a file may hold is never unpacked."""
    try:
        file = read_sealed(path)
    except DataError as error:
        raise CheckpointError(f"{error} It cannot be resumed from: give another, or start without resume.") from error
    if file.content.startswith(b"\x89HDF"):
        raise CheckpointError(
            f"{path} is the result of a run, not a checkpoint. Give the file of checkpoint= (--checkpoint)."
        )
    if not file.verified:
        raise CheckpointError(f"{path} is damaged or no checkpoint: it has no checksum. Start the run anew.")
    try:
        with np.load(io.BytesIO(file.content), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, zipfile.BadZipFile, EOFError, OSError) as error:  # such as a result of `sim.save`
        raise CheckpointError(f"{path} is no checkpoint: {error}. Start the run anew.") from error


def _arrays(snapshot: Snapshot) -> dict[str, np.ndarray]:
    arrays = {"generator": np.array(json.dumps(snapshot.generator.bit_generator.state))}
    for layer, (w, b) in enumerate(zip(snapshot.network.weights, snapshot.network.biases, strict=True)):
        arrays |= {f"weights/{layer}": w, f"biases/{layer}": b}
    return arrays | {f"record/{name}": np.array([row[name] for row in snapshot.rows]) for name in snapshot.rows[0]}


def _snapshot(replica: int, arrays: dict[str, np.ndarray], cost: str) -> Snapshot:
    layers = sum(name.startswith("weights/") for name in arrays)
    network = Network(
        [arrays[f"weights/{layer}"] for layer in range(layers)],
        [arrays[f"biases/{layer}"] for layer in range(layers)],
        cost,
    )
    generator = np.random.Generator(np.random.PCG64())
    generator.bit_generator.state = json.loads(str(arrays["generator"]))
    record = {name.removeprefix("record/"): array for name, array in arrays.items() if name.startswith("record/")}
    rows = [dict(zip(record, values, strict=True)) for values in zip(*record.values(), strict=True)]
    return Snapshot(replica, network, generator, rows)
