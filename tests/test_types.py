"""What the type checker accepts and refuses of a caller's code, with the package's own types."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CALLER = """
import numpy as np
import pandas as pd
import sympy as sp
import tailoff
import theory

right = [
    theory.equilibrium(50_000, 5, 0.1),
    theory.equilibrium(50_000, [5.0, 6.0], np.array([0.1, 0.2])),
    theory.equilibrium(np.float32(50_000), 5, pd.Series([0.1, 0.2])),
    theory.equilibrium(sp.Symbol("n"), sp.Symbol("lam"), sp.Symbol("eta")),
    tailoff.theory.equilibrium(lr=1e-3, weight_decay=0.1, optimizer="adamw"),
]
right[0].rms(np.arange(3), start=1.0)
theory.trajectory(100, 5.0, 0.1, steps=50)
version: str = tailoff.__version__
theory.equilibrium(50_000, "5", 0.1)  # wrong
theory.equilibrium(50_000, 5, None, noise="0.1")  # wrong
right[0].rms("3", start=1.0)  # wrong
right[0].tail_off(start="1")  # wrong
theory.trajectory(100, "5", 0.1, steps=50)  # wrong
theory.norm_balance(50_000, "160", 0.1, grad_sq=0.3, alignment=-0.2)  # wrong
theory.equilibrium(50_000, 5, 0.1).scales  # wrong
"""


@pytest.mark.slow
def test_a_caller_s_mistakes_are_seen(tmp_path):
    pytest.importorskip("mypy")
    script = tmp_path / "caller.py"
    script.write_text(CALLER)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    said = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "--cache-dir", ".mypy_cache", "caller.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"MYPYPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    ).stdout  # fmt: skip
    errors = {int(line.split(":")[1]) for line in said.splitlines() if re.match(r"caller.py:\d+: error", line)}
    wrong = {number for number, line in enumerate(CALLER.splitlines(), 1) if line.endswith("# wrong")}
    assert errors == wrong, said
