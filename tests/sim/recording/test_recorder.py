"""What a training loop tells is what the file says: norms, means with counts, the clock of the decay, segments."""

import json
import math

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pytest

import sim
import theory
from sim.recording.log import row_due
from sim.recording.reading import read_recorded


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.arrows"


def gradients(count, size=20, seed=0):
    return np.random.default_rng(seed).standard_normal((count, size))


def test_each_reading_is_a_row_of_a_short_run(path):
    w, g = gradients(50), gradients(50, seed=1)
    with sim.Recorder(path, optimizer="sgd") as recorder:
        for step in range(50):
            recorder.update(step, {"a": (w[step], g[step])}, lr=0.1, weight_decay=0.01)
    trace = sim.read_trace(path).sel(layer="a")
    np.testing.assert_array_equal(trace.step, np.arange(50))
    np.testing.assert_allclose(trace.norm_sq, (w**2).sum(1), rtol=1e-14)
    np.testing.assert_allclose(trace.grad_sq, (g**2).sum(1), rtol=1e-14)
    np.testing.assert_allclose(trace.alignment, (w * g).sum(1), rtol=1e-12)
    np.testing.assert_array_equal(trace.scaled_grad_sq, trace.grad_sq)
    np.testing.assert_array_equal(trace.decay_weight, 1)
    np.testing.assert_allclose(trace.decay_clock, -2 * np.arange(50) * math.log1p(-1e-3), rtol=1e-13)
    assert trace.weights == 20


def test_a_long_run_has_means_of_all_its_readings(path):
    steps, g = 3000, gradients(3000, 5)
    with sim.Recorder(path) as recorder:
        for step in range(steps):
            recorder.update(step, {"a": (np.full(5, 2.0), g[step])}, lr=0.1, weight_decay=0.0)
    trace = sim.read_trace(path).sel(layer="a")
    assert trace["count"].sum() == steps
    assert 300 < trace.sizes["step"] < 600  # a hundredth each, after the first hundred
    total = (trace["count"] * trace.grad_sq).sum()
    np.testing.assert_allclose(total, (g**2).sum(), rtol=1e-12)
    last = int(trace["count"][-1])
    np.testing.assert_allclose(trace.grad_sq[-1], (g[-last:] ** 2).sum(1).mean(), rtol=1e-12)
    assert trace.step[-1] == steps - 1


def test_a_row_covers_a_hundredth_of_the_run():
    rows, last = [], None
    for step in range(0, 1_000_000, 10):
        if row_due(step, last, 0):
            rows.append(last := step)
    assert len(rows) < 900
    gaps = np.diff(rows)
    assert (gaps[:90] == 10).all()
    np.testing.assert_array_less(gaps[200:], 0.0102 * np.array(rows[201:]) + 10)


@pytest.mark.parametrize("every", [1, 7, 100])
def test_the_clock_is_exact_under_a_linear_schedule(path, every):
    lr = 0.1 * (1 - np.arange(1001) / 2000)
    with sim.Recorder(path, optimizer=theory.SGD(momentum=0.9)) as recorder:
        for step in range(0, 1001, every):
            recorder.update(step, {"a": np.ones(3)}, lr=lr[step], weight_decay=1e-4)
    last = sim.read_trace(path).isel(step=-1, layer=0)
    exact = -2 * np.log1p(-10 * lr[: int(last.step)] * 1e-4).sum()
    np.testing.assert_allclose(last.decay_clock, exact, rtol=1e-12 if every == 1 else 1e-6)
    np.testing.assert_allclose(last.effective_lr, 10 * lr[int(last.step)], rtol=1e-12)


def test_decoupled_decay_leaves_the_momentum_alone(path):
    for optimizer, decay in (("sgdw", 1e-3), ("adamw", 1e-3), (theory.SGD(momentum=0.5), 2e-3)):
        with sim.Recorder(path, optimizer=optimizer, resume=True) as recorder:
            for step in range(3):
                recorder.update(step, {"a": np.ones(3)}, lr=0.01, weight_decay=0.1)
        last = sim.read_trace(path).isel(step=-1, layer=0)
        np.testing.assert_allclose(last.decay_clock, -4 * math.log1p(-decay), rtol=1e-12)


def test_what_no_reading_tells_is_not_there(path):
    with sim.Recorder(path, optimizer="adam") as recorder:
        recorder.update(0, {"a": (np.ones(3), np.ones(3))}, lr=0.1, weight_decay=0.1)
        recorder.update(1, {"a": 2 * np.ones(3)}, lr=0.1, weight_decay=0.1)
    trace = sim.read_trace(path).sel(layer="a")
    assert trace.grad_sq.values[0] == 3
    assert np.isnan(trace.grad_sq.values[1])
    assert trace["count"].values.tolist() == [1, 0]
    assert "scaled_grad_sq" not in trace  # Adam divides the gradient, and nobody told by what
    assert "decay_weight" not in trace


def test_the_preconditioned_gradient_is_kept_apart(path):
    with sim.Recorder(path, optimizer="adamw") as recorder:
        recorder.update(0, {"a": (np.ones(3), np.ones(3), np.full(3, 5.0))}, lr=0.1, weight_decay=0.1)
    trace = sim.read_trace(path).isel(step=0, layer=0)
    values = [float(trace[name]) for name in ("grad_sq", "alignment", "scaled_grad_sq", "scaled_alignment")]
    assert values == [3, 3, 75, 15]
    assert trace.decay_weight == 1


def test_a_setting_that_jumps_begins_a_segment_and_a_block_does_not_straddle_it(path):
    with sim.Recorder(path) as recorder:
        for step in range(1000):
            decay = 0.01 if step < 507 else 0.02
            g = np.full(2, 1.0 if step < 507 else 3.0)
            recorder.update(step, {"a": (np.ones(2), g)}, lr=0.1, weight_decay=decay)
    trace = sim.read_trace(path).sel(layer="a")
    old, new = (trace.isel(step=np.flatnonzero(trace.segment == number)) for number in (1, 2))
    assert (old.weight_decay == 0.01).all()
    assert (new.weight_decay == 0.02).all()
    assert (old.grad_sq == 2).all()
    assert (new.grad_sq == 18).all()
    assert old.step[-1] == new.step[0] == 507
    assert new.decay_clock[0] == old.decay_clock[-1]
    assert json.loads(trace.attrs["segments"])["2"]["weight_decay"] == 0.02


def test_a_setting_that_moves_on_and_on_is_a_schedule(path):
    with sim.Recorder(path) as recorder:
        for step in range(200):
            recorder.update(step, {"a": np.ones(2)}, lr=0.1, weight_decay=0.01 + 1e-5 * step, momentum=step / 400)
    assert sim.read_trace(path).segment.max() == 2


def test_a_resumed_run_is_a_segment_of_its_own(path):
    for start in (0, 60):
        with sim.Recorder(path, resume=True, planned_steps=100 + start) as recorder:
            for step in range(start, 100 + start):
                recorder.update(step, {"a": (np.full(2, step), np.ones(2))}, lr=0.1, weight_decay=0.01)
    trace = sim.read_trace(path).sel(layer="a")
    first, second = (trace.isel(step=np.flatnonzero(trace.segment == number)) for number in (1, 2))
    assert first.step.values.tolist() == list(range(100))
    assert second.step.values.tolist() == list(range(60, 160))
    np.testing.assert_array_equal(second.norm_sq, 2.0 * second.step**2)
    assert trace.attrs["planned_steps"] == "160"


def test_a_step_that_goes_back_is_a_restart(path):
    with sim.Recorder(path) as recorder:
        for step in (0, 1, 2, 3, 1, 2):
            recorder.update(step, {"a": np.ones(2)}, lr=0.1, weight_decay=0.1)
    trace = sim.read_trace(path)
    assert trace.segment.values.tolist() == [1, 1, 1, 1, 2, 2]
    assert trace.decay_clock.isel(layer=0, step=4) == 0


def test_layers_of_their_own_steps_and_settings(path):
    with sim.Recorder(path) as recorder:
        for step in range(10):
            recorder.update(step, {"a": np.ones(2)}, lr=0.1, weight_decay=0.1)
            if step % 2:
                recorder.update(step, {"b": np.ones(3)}, lr=0.2, weight_decay=0.0)
    trace = sim.read_trace(path)
    assert np.isfinite(trace.norm_sq.sel(layer="b")).sum() == 5
    assert (trace.norm_sq.sel(layer="a") == 2).all()
    assert trace.weights.values.tolist() == [2, 3]


def test_decay_per_step_for_frameworks_that_do_not_multiply_it(path):
    with sim.Recorder(path, optimizer=theory.SGD(momentum=0.9)) as recorder:
        for step in range(3):
            recorder.update(step, {"a": np.ones(2)}, lr=0.1, decay_per_step=1e-3)
    last = sim.read_trace(path).isel(step=-1, layer=0)
    np.testing.assert_allclose(last.decay_clock, -4 * math.log1p(-1e-3), rtol=1e-12)


def test_the_header_tells_what_is_planned(path):
    schedule = theory.schedules.cosine(warmup=10)
    with sim.Recorder(path, optimizer=theory.AdamW((0.9, 0.95)), planned_steps=1000, schedule=schedule) as recorder:
        recorder.update(0, {"a": np.ones(2)}, lr=1e-4, weight_decay=0.1)
    about = sim.read_trace(path).attrs
    planned = json.loads(about["planned_lr"])
    factors = np.interp(np.arange(1000), planned["steps"], planned["factors"])
    np.testing.assert_allclose(factors, schedule.factors(1000), atol=2e-4)
    optimizer = json.loads(about["optimizers"])[0]
    assert (optimizer["class"], optimizer["decoupled"], optimizer["settings"]["betas"]) == ("AdamW", True, [0.9, 0.95])


def test_any_program_reads_it_while_it_is_written(path):
    with sim.Recorder(path) as recorder:
        for step in range(5):
            recorder.update(step, {"a": np.ones(2)}, lr=0.1, weight_decay=0.1)
        recorder._log.flush(now=True)
        with pa.ipc.open_stream(str(path)) as reader:
            table = reader.read_all()
        assert table["step"].to_pylist() == [0, 1, 2, 3, 4]
        assert table["grad_sq"].null_count == 5
        assert table.schema.field("alignment").metadata[b"meaning"] == b"<w, g>"
        assert len(sim.read_trace(path).step) == 5


def test_a_minute_s_rows_are_a_few_blocks(path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("sim.recording.log.time.monotonic", lambda: now[0])
    with sim.Recorder(path) as recorder:
        for step in range(100):
            now[0] += 0.25
            recorder.update(step, {"a": np.ones(2)}, lr=0.1, weight_decay=0.1)
        assert len(read_recorded(path).columns["step"]) == 100
    with pa.ipc.open_stream(str(path)) as reader:
        assert sum(1 for _ in reader) == 25


REFUSED = [
    ({"step": -1}, "step must be a whole number"),
    ({"step": 0.5}, "step must be a whole number"),
    ({"lr": -0.1}, "lr must be"),
    ({"lr": math.nan}, "lr must be"),
    ({"weight_decay": None}, "weight_decay or decay_per_step"),
    ({"decay_per_step": 0.1}, "weight_decay or decay_per_step"),
    ({"weight_decay": -1.0}, "weight_decay must be"),
    ({"weight_decay": 10.0}, "turn the weights round"),
    ({"momentum": 1.0}, "momentum must be"),
    ({"layers": np.ones(3)}, "layers must be a dict"),
    ({"layers": {}}, "layers must be a dict"),
    ({"layers": {"a": ()}}, "layers\\['a'\\] must be"),
    ({"layers": {"a": (np.ones(3), np.ones(2))}}, "arrays of one size"),
    ({"layers": {"a": np.array([np.nan])}}, "finite"),
    ({"layers": {"a": np.array([])}}, "finite"),
    ({"layers": {"a": "text"}}, "arrays of numbers"),
    ({"layers": {"a": None}}, "finite"),
]


@pytest.mark.parametrize(("change", "why"), REFUSED)
def test_refused(path, change, why):
    good = {"step": 0, "layers": {"a": np.ones(3)}, "lr": 0.1, "weight_decay": 0.1}
    with sim.Recorder(path) as recorder, pytest.raises(theory.InvalidArgument, match=why):
        recorder.update(**{**good, **change})


def test_a_step_told_twice_is_refused(path):
    with sim.Recorder(path) as recorder:
        recorder.update(0, {"a": np.ones(3)}, lr=0.1, weight_decay=0.1)
        with pytest.raises(theory.InvalidArgument, match="0 twice for 'a'"):
            recorder.update(0, {"a": np.ones(3)}, lr=0.1, weight_decay=0.1)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"optimizer": "rmsdrop"}, "optimizer must be one of"),
        ({"optimizer": object()}, "sim.torch_recorder"),
        ({"planned_steps": 0}, "planned_steps"),
        ({"planned_steps": 10, "schedule": "cosine"}, "schedule must be one of"),
        ({"schedule": theory.schedules.cosine()}, "planned_steps must be given"),
        ({"resume": 1}, "resume"),
        ({"path": 3}, "path must be the name"),
    ],
)
def test_a_recorder_that_cannot_be(path, arguments, why):
    with pytest.raises(theory.InvalidArgument, match=why):
        sim.Recorder(**{"path": path, **arguments})
    assert not path.exists()


def test_a_file_that_is_there_is_not_written_over(path):
    path.write_text("precious")
    with pytest.raises(sim.DataError, match="is there already"):
        sim.Recorder(path)
    with pytest.raises(sim.DataError, match="header"):
        sim.Recorder(path, resume=True)
    assert path.read_text() == "precious"
    with pytest.raises(sim.DataError, match="folder"):
        sim.Recorder(path.parent / "missing" / "run.arrows")


def test_a_file_without_rows_yet(path):
    with sim.Recorder(path), pytest.raises(sim.DataError, match="no rows yet"):
        sim.read_trace(path)
