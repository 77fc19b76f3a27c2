"""The textbook's network over the weight decay: what a report measured, stored small with the package.

After a change of the report's runs, write the file again from a finished report:

    tailoff report --out out/tailoff.pdf
    python -m reports.explorer.network out/tailoff.json
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import sim
from reports.document.numbers import read_json, sealed_json
from sim.estimates.spread import mean_and_error
from sim.machinery.saving import write

__all__ = ["from_report", "measured"]

FILE = "network.json"
EPOCHS = 40  # about so many epochs of a run are kept
DIGITS = 6


def measured() -> dict[str, Any]:
    """Return the runs that came with the package.

    Returns
    -------
    dict
        source, settings; runs : one dict for each lam, start and layer, with the rms over the epochs (mean and standard
        error of the replicas), ln of the first epoch's factor, and the end: rms measured and predicted by the balance.

    Examples
    --------
    >>> found = measured()
    >>> sorted({run["lam"] for run in found["runs"]})
    [5.0, 12.0, 30.0, 70.0, 160.0]
    """
    return read_json(Path(str(files("reports") / "explorer" / FILE)))


def from_report(report: str | Path) -> dict[str, Any]:
    """Return the same from a finished report, whose runs lie beside its numbers.

    Parameters
    ----------
    report : path
        The .json of `tailoff report`, not a quick one.

    Raises
    ------
    DataError
        If the report or one of its runs is missing or damaged.
    """
    path = Path(report)
    numbers = read_json(path)
    runs, settings = [], {}
    for row in numbers["facts"]["layers"]["rows"]:
        run = sim.load(path.with_name(f"{path.stem}-lam-{row['lam']:g}-{row['init']}.nc"))
        runs.append(_one_layer(run, row))
        settings = _settings(run)
    source = {name: numbers[name] for name in ("version", "versions", "seed", "dataset")}
    return {"source": source | {"pdf_sha256": numbers["pdf_sha256"]}, "settings": settings, "runs": runs}


def _one_layer(run: xr.Dataset, row: dict[str, Any]) -> dict[str, Any]:
    rms = run.rms.sel(layer=row["layer"]).transpose("replica", "epoch")
    mean, error = mean_and_error(rms)
    change, change_error = mean_and_error(np.log(rms.values[:, 1:2] / rms.values[:, :1]))
    last = run.sizes["epoch"] - 1
    kept = np.append(np.arange(0, last, -(-last // EPOCHS)), last)  # evenly, and the last
    return {
        **{name: row[name] for name in ("lam", "init", "layer")},
        "epochs": run.epoch.values[kept].tolist(),
        "rms": _short(mean[kept]),
        "error": _short(error[kept]),
        "first_epoch": {"value": float(change[0]), "error": float(change_error[0])},
        "end": {name: row[name] for name in ("measured", "error", "predicted", "predicted_error")},
    }


def _settings(run: xr.Dataset) -> dict[str, Any]:
    fan_in = {str(int(layer)): int(run.fan_in.sel(layer=layer)) for layer in run.layer}
    numbers = {name: run.attrs[name].item() for name in ("n", "eta", "batch_size")}
    return numbers | {
        "sizes": [int(size) for size in run.attrs["sizes"]],
        "fan_in": fan_in,
        "n_weights": int(run.layer_weights.sum()),
        "replicas": run.sizes["replica"],
    }


def _short(values: np.ndarray) -> list[float]:
    return [float(f"{value:.{DIGITS}g}") for value in np.asarray(values)]


if __name__ == "__main__":
    write(Path(__file__).with_name(FILE), sealed_json(from_report(sys.argv[1])).encode())
