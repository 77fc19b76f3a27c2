"""Loggers' tables as traces: the columns beside the norm, settings from options, large files in pieces."""

import gzip
import json
import math
import time
import tracemalloc

import numpy as np
import pytest

import sim
import theory
from sim.traces import chunks, measured
from sim.traces.extras import extra_columns

LONG = "step,layer,norm_sq,lr,grad_sq,alignment,loss\n" + "".join(
    f"{t},{name},{k * (100 - t / 100)},{0.1 - t / 1e5},{k + t},{-t},2.3\n" for t in range(0, 1000, 100)
    for k, name in ((1, "fc1.weight"), (2, "fc2.weight"))
)  # fmt: skip


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metrics.csv"


def read(path, text, **options):
    path.write_text(text)
    return sim.read_trace(path, **options)


def notes(trace):
    return " ".join(json.loads(trace.attrs["notes"]))


def test_a_long_table(path):
    trace = read(path, LONG)
    assert trace.layer.values.tolist() == ["fc1.weight", "fc2.weight"]
    steps = np.arange(0, 1000, 100)
    np.testing.assert_array_equal(trace.step, steps)
    np.testing.assert_allclose(trace.norm_sq.sel(layer="fc2.weight"), 2 * (100 - steps / 100))
    np.testing.assert_allclose(trace.grad_sq.sel(layer="fc2.weight"), 2 + steps)
    np.testing.assert_allclose(trace.alignment, -np.tile(steps, (2, 1)))
    np.testing.assert_allclose(trace.lr, np.tile(0.1 - steps / 1e5, (2, 1)))
    assert "loss" not in trace
    assert "decay_clock" not in trace  # nobody tells the decay


def test_a_wide_table_with_each_layer_s_own_columns_and_one_rate_for_all(path):
    heading = "_step,train/lr,fc1/norm,fc1/grad_sq,fc2/norm,fc2/alignment,fc2/scaled_grad_sq\n"
    text = heading + "0,0.1,3,5,4,-1,7\n10,0.05,2,6,5,-2,8\n"
    trace = read(path, text, weight_decay=0.1, optimizer="sgd")
    np.testing.assert_array_equal(trace.norm_sq, [[9, 4], [16, 25]])
    np.testing.assert_array_equal(trace.grad_sq, [[5, 6], [np.nan, np.nan]])
    np.testing.assert_array_equal(trace.alignment.sel(layer="fc2"), [-1, -2])
    np.testing.assert_array_equal(trace.scaled_grad_sq.sel(layer="fc2"), [7, 8])
    np.testing.assert_array_equal(trace.lr, [[0.1, 0.05]] * 2)
    moves = -2 * np.log1p(-0.1 * np.array([0.1, 0.05]))
    np.testing.assert_allclose(trace.decay_clock[0], [0, 10 * moves[0] + 9 / 2 * (moves[1] - moves[0])])
    np.testing.assert_array_equal(trace.decay_weight, 1)


def test_names_of_loggers():
    names = ["lr-AdamW", "l2_norm/param/a", "grad_norm", "val/alignment_score", "stats/layer1/decay_weight", "count"]
    found = extra_columns(names)
    assert found == {
        "lr": {frozenset(): "lr-AdamW"},
        "decay_weight": {frozenset({"layer1"}): "stats/layer1/decay_weight"},
        "count": {frozenset(): "count"},
    }


def test_composer_s_optimizer_monitor(path):
    text = "step,l2_norm/param/fc.weight,l2_norm/grad/fc.weight,cosine/moment_grad/fc.weight,lr-DecoupledAdamW/group0\n"
    trace = read(path, text + "0,2,9,0.1,0.3\n1,3,9,0.1,0.3\n")
    np.testing.assert_array_equal(trace.norm_sq, [[4, 9]])
    assert set(trace) == {"norm_sq"}


def test_tensorboard_s_rows_that_name_their_metric(path):
    text = "tag,step,value\n" + "".join(f"norm/fc{k}.weight,{t},{k + t}\n" for t in range(5) for k in (1, 2))
    trace = read(path, text)
    np.testing.assert_array_equal(trace.norm_sq.sel(layer="fc2.weight"), (2 + np.arange(5)) ** 2)


@pytest.mark.parametrize(
    ("name", "options", "variable", "values"),
    [
        ("norm", {}, "norm_sq", [9, 16]),
        ("norm_sq", {}, "norm_sq", [3, 4]),
        ("rms", {}, "rms", [3, 4]),
        ("variance", {}, "rms", [3**0.5, 2]),
        ("rms", {"weights": (10,)}, "norm_sq", [90, 160]),
        ("variance", {"weights": (10,)}, "norm_sq", [30, 40]),
        ("mystery", {"value": "mystery", "quantity": "norm"}, "norm_sq", [9, 16]),
    ],
)
def test_each_quantity(path, name, options, variable, values):
    trace = read(path, f"step,{name}\n0,3\n1,4\n", **options)
    np.testing.assert_allclose(trace[variable], [values])


def test_the_schedule_is_an_option(path):
    schedule = theory.schedules.cosine(warmup=10)
    trace = read(path, "step,fc1/norm\n" + "".join(f"{t},1\n" for t in range(0, 60, 1)), lr=0.1, weight_decay=0.1,
                 optimizer="adamw", schedule=schedule, planned_steps=100)  # fmt: skip
    each = -2 * np.log1p(-0.01 * schedule.factors(100))
    np.testing.assert_allclose(trace.decay_clock[0], np.concatenate([[0], np.cumsum(each)[:59]]), rtol=1e-12)
    assert json.loads(trace.attrs["planned_steps"]) == 100
    assert json.loads(trace.attrs["optimizers"])[0]["class"] == "AdamW"


def test_coupled_adam_s_decay_weight_is_not_invented(path):
    trace = read(path, "step,fc1/norm\n0,1\n10,1\n", lr=0.1, weight_decay=0.1, optimizer="adam")
    assert "decay_weight" not in trace
    assert "decay_clock" in trace


def test_restarts_and_steps_told_twice(path):
    trace = read(path, "step,norm,grad_sq\n0,1,1\n1,2,2\n1,2,4\n2,3,3\n1,5,7\n2,6,\n")
    assert trace.segment.values.tolist() == [1, 1, 1, 2, 2]
    np.testing.assert_array_equal(trace.norm_sq[0], [1, 4, 9, 25, 36])
    np.testing.assert_array_equal(trace.grad_sq[0], [1, 3, 3, 7, np.nan])
    assert "as after a restart" in notes(trace)


def test_rows_that_run_backwards(path):
    trace = read(path, "step,norm,grad_sq\n3,1,7\n2,2,8\n1,3,9\n")
    np.testing.assert_array_equal(trace.grad_sq[0], [9, 8, 7])


def test_a_step_that_begins_anew_with_each_epoch(path):
    rows = "".join(f"{e},{t},{1 + e + t},{t}\n" for e in range(3) for t in range(4))
    trace = read(path, "epoch,step,norm,grad_sq\n" + rows)
    np.testing.assert_array_equal(trace.step, np.arange(12))
    np.testing.assert_array_equal(trace.grad_sq[0], np.tile(np.arange(4), 3))


REFUSED = [
    ("step,norm\n0,-1\n", {}, sim.DataError, "line 2: 'norm' is -1"),
    ("step,norm\n", {}, sim.DataError, "no rows"),
    ("step,loss\n0,1\n", {}, sim.DataError, "--value"),
    ("step,norm,lr\n0,1,x\n", {}, sim.DataError, "'x' in the column 'lr'"),
    ("step,norm,lr\n0,1,0.1\n", {"lr": 0.1}, theory.InvalidArgument, "lr must not be given"),
    ("step,norm\n0,1\n", {"lr": -1}, theory.InvalidArgument, "lr must be"),
    ("step,norm\n0,1\n", {"colour": 1}, theory.InvalidArgument, "colour is no option"),
    ("step,norm\n0,1\n", {"optimizer": "x"}, theory.InvalidArgument, "optimizer must be"),
    ("step,rms\n0,1\n", {"weights": (1, 2)}, sim.DataError, "a number for each"),
    ("step,norm\n0,1\n9,1\n", {"lr": 1.0, "schedule": theory.schedules.cosine(), "planned_steps": 5},
     theory.InvalidArgument, "planned_steps must be at least"),
    ("step,norm\n0,1\n", {"lr": 10.0, "weight_decay": 0.2}, theory.InvalidArgument, "turn the weights round"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "options", "kind", "why"), REFUSED)
def test_refused(path, text, options, kind, why):
    with pytest.raises(kind, match=why):
        read(path, text, **options)


def test_a_file_of_ours_says_itself_what_it_is(path):
    with sim.Recorder(path) as recorder:
        recorder.update(0, {"a": np.ones(3)}, lr=0.1, weight_decay=0.1)
    for options in ({"lr": 0.1}, {"optimizer": "sgd"}, {"value": "norm"}):
        with pytest.raises(theory.InvalidArgument, match="says it itself"):
            sim.read_trace(path, **options)
    trace = sim.read_trace(path, planned_steps=50, schedule=theory.schedules.linear())
    assert json.loads(trace.attrs["planned_steps"]) == 50


def test_a_trace_is_saved_and_loaded(path, tmp_path):
    trace = read(path, LONG, weight_decay=0.1)
    assert sim.load(sim.save(trace, tmp_path / "trace.nc")).equals(trace)


def large(path, rows, *, layers=("a.weight", "b.weight"), pack=open):
    """Write a long table; return its size in bytes."""
    with pack(path, "wt") as file:
        file.write("# a comment\nwall,step,run,layer,norm_sq,lr,grad_sq,loss,note\n")
        for t in range(rows):
            for k, name in enumerate(layers, 1):
                file.write(f"1700000000.25,{t},mine,{name},{k * (2 + t / rows):.7f},0.1,{k + t % 2},2.3456789,text\n")
    return path.stat().st_size


@pytest.fixture
def in_pieces(monkeypatch):
    monkeypatch.setattr(chunks, "WHOLE", 50_000)
    monkeypatch.setattr(chunks, "SAMPLE", 20_000)
    monkeypatch.setattr(chunks, "PIECE", 700)


@pytest.mark.parametrize("pack", [open, gzip.open])
def test_in_pieces_it_is_the_same_as_at_once(path, monkeypatch, pack):
    large(path, 3000, pack=pack)
    whole = sim.read_trace(path, weight_decay=0.1)
    monkeypatch.setattr(chunks, "WHOLE", 5_000)
    monkeypatch.setattr(chunks, "SAMPLE", 2_000)
    monkeypatch.setattr(chunks, "PIECE", 777)
    pieces = sim.read_trace(path, weight_decay=0.1)
    assert whole.layer.values.tolist() == ["a.weight", "b.weight"]
    assert pieces.drop_attrs().equals(whole.drop_attrs())


def test_a_wide_table_in_pieces(path, in_pieces):
    path.write_text("step,fc1/norm,fc2/norm,fc2/grad_sq,x\n" + "".join(f"{t},1,2,{t},abcdefgh\n" for t in range(5000)))
    trace = sim.read_trace(path)
    assert trace.layer.values.tolist() == ["fc1", "fc2"]
    np.testing.assert_array_equal(trace.grad_sq.sel(layer="fc2"), np.arange(5000))


def test_in_pieces_a_bad_cell_and_a_wider_row_are_refused_with_their_place(path, in_pieces):
    large(path, 1000)
    text = path.read_text().splitlines()
    path.write_text("\n".join([*text[:1500], text[1500].replace(",0.1,", ",oops,"), *text[1501:]]))
    with pytest.raises(sim.DataError, match=r"row 1499: 'oops' in the column 'lr'"):
        sim.read_trace(path)
    path.write_text("\n".join([*text[:1500], text[1500] + ",1,2", *text[1501:]]))
    with pytest.raises(sim.DataError, match="Mend the rows"):
        sim.read_trace(path)


def test_where_rows_are_too_many_neighbours_are_merged_and_their_means_are_right(path, in_pieces, monkeypatch):
    monkeypatch.setattr(measured, "MOST_ROWS", 500)
    large(path, 4000, layers=("a",))
    trace = sim.read_trace(path)
    assert 100 < trace.sizes["step"] <= 500
    np.testing.assert_allclose(trace.norm_sq[0], 2 + trace.step / 4000, rtol=1e-6)  # of its own step
    np.testing.assert_allclose(trace.grad_sq[0], 1.5, atol=0.04)  # of ones and twos; a block may have an odd number
    np.testing.assert_allclose(trace.grad_sq[0][0], 1.5)
    assert "taken together" in notes(trace)


def test_neighbours_are_not_merged_over_a_restart():
    rows = measured.Rows(("grad_sq",))
    own = np.array([[t, 1.0, 1.0, g] for t, g in ((0, 1), (1, 3), (2, 5), (0, 7), (1, 9), (2, 11), (3, 13))], float)
    merged = rows._in_pairs(own)
    assert merged[:, 0].tolist() == [1, 2, 0, 2, 3]
    assert merged[:, 3].tolist() == [2, 5, 7, 10, 13]


@pytest.mark.slow
def test_a_large_file_in_bounded_memory_and_at_speed(path):
    """The aim is 50 MB/s of a table of which a third is read; the bound here leaves room for a machine that is busy."""
    size = large(path, 1_000_000)
    start = time.process_time()
    trace = sim.read_trace(path)
    seconds = time.process_time() - start
    assert trace.sizes["step"] >= 500_000
    assert size / seconds > 15e6, f"{size / seconds / 1e6:.0f} MB/s"
    tracemalloc.start()
    sim.read_trace(path)
    assert tracemalloc.get_traced_memory()[1] < 600e6
    tracemalloc.stop()
    assert math.isfinite(float(trace.norm_sq.sum()))
