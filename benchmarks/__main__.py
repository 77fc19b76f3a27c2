"""Print the tables of docs/speed.md: `python -m benchmarks`, in a minute or two."""

from __future__ import annotations

import os

# One core for everyone: set before NumPy is imported.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

import platform  # noqa: E402

from benchmarks import formulas, growth, training  # noqa: E402
from sim import load_data  # noqa: E402
from sim.machinery.provenance import versions  # noqa: E402

HEAD = "| work | time | against | its time | times as fast | at least |\n|---|---:|---|---:|---:|---:|"


def main() -> None:
    data = load_data()
    training.check_rivals(data)
    print(f"{platform.machine()}, {os.cpu_count()} cores; {versions()}\n\n{HEAD}")
    for row in training.rows(data) + formulas.rows():
        print(row)
    print()
    for table in growth.tables(data):
        print(table)


if __name__ == "__main__":
    main()
