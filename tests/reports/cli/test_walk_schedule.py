"""`tailoff walk` along a schedule, and with matrices: the numbers that it prints against the theory's.

The gate is `reports.Comparison` at each of the 64 recorded steps: within 4 standard errors and what the law leaves
open, and a standard error below 1%. False alarms: 6e-5 for one, 2% for the about 400 together; the seeds are fixed.
"""

import json

import pytest

import theory
from reports import Comparison

PROBLEM, START = (130.0, 24.0, 0.31), 0.7
RUNS = {
    "sgd, cosine": ({}, ["--schedule", "cosine", "--warmup", 96, "--floor", 0.05], theory.schedules.cosine),
    "nesterov, trapezoid": (
        {"optimizer": theory.SGD(0.7, nesterov=True)},
        ["--optimizer", "nesterov", "--momentum", 0.7, "--schedule", "wsd", "--warmup", 96, "--cooldown", 300,
         "--floor", 0.05],
        lambda **given: theory.schedules.trapezoid(cooldown=300, **given),
    ),
    "adamw, linear": (
        {"optimizer": theory.AdamW((0.8, 0.95))},
        ["--optimizer", "adamw", "--beta1", 0.8, "--beta2", 0.95, "--schedule", "linear", "--warmup", 96, "--floor",
         0.05],
        theory.schedules.linear,
    ),
}  # fmt: skip


def verdicts(found, law):
    rows = zip(found["steps"], found["rms"], found["rms_error"], strict=True)
    return [
        Comparison(f"step {step}", float(law.rms[step]), rms, error, accuracy=law.law.accuracy).verdict
        for step, rms, error in rows
        if step
    ]


@pytest.mark.parametrize("independent", [False, True])
@pytest.mark.parametrize("kind", RUNS)
def test_a_walk_along_a_schedule(tailoff, kind, independent):
    optimizer, words, schedule = RUNS[kind]
    more = ["--independent"] if independent else []
    words = [*words, *more, "--steps", 640, "--start", START, "--seed", 3]
    code, out, err = tailoff("walk", *PROBLEM, *words, "--json")
    assert code == 0, err
    found, run = json.loads(out), {"steps": 640, "start": START, **optimizer}
    law = theory.trajectory(*PROBLEM, **run, schedule=schedule(warmup=96, floor=0.05), independent=independent)
    assert set(verdicts(found, law)) == {"agrees"}
    assert found["predicted_rms"] == law.rms[found["steps"]].tolist()
    assert (found["verdict"], found["predicted"]) == ("agrees", law.rms[-1])
    held = theory.trajectory(*PROBLEM, **run)  # negative control: the law of the constant rate, on the same gate
    assert verdicts(found, held)[-1] == "differs"
    assert verdicts(found, held).count("differs") > 32


def test_a_walk_of_matrices(tailoff):
    words = ["--optimizer", "muon", "--shape", "16x24", "--weights", 16, "--steps", 3200]
    found = json.loads(tailoff("walk", 100, 20, 0.05, *words, "--json")[1])
    shaped = theory.equilibrium(100, 20, 0.05, optimizer="muon", shape=(16, 24))
    assert found["predicted"] == shaped.scale
    assert found["measured"] == pytest.approx(shaped.scale, rel=shaped.accuracy)
    other = theory.equilibrium(100, 20, 0.05, optimizer="muon", shape=(16, 96)).scale  # negative control
    assert found["measured"] != pytest.approx(other, rel=shaped.accuracy)


def test_a_walk_along_a_schedule_is_a_table(tailoff, tmp_path):
    words = ["--schedule", "cosine", "--steps", 640, "--weights", 200, "--start", 0.5]
    code, out, _ = tailoff("walk", 100, 20, 0.5, *words, "--out", tmp_path / "walk.nc")
    assert code == 0
    steps = [line.split()[0] for line in out.splitlines() if line.split()[0].isdigit()]
    assert steps == [str(80 * i) for i in range(9)]
    assert max(map(len, out.splitlines())) <= 80
    assert "rms after 640 steps: predicted" in " ".join(out.split())
    assert (tmp_path / "walk.nc").exists()
