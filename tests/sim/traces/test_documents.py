"""JSON as programs write it, dates as time, titles above a table: the same curve, or a refusal that says what to do."""

import json

import numpy as np
import pandas as pd
import pytest

from sim import DataError
from sim.traces.read import from_table
from sim.traces.trace import Choice

T = np.arange(0, 600, 100)
Y = [1.0, 0.9, 0.75, 0.7, 0.65, 0.62]
FRAME = pd.DataFrame({"step": T, "rms": Y})
PLAIN = FRAME.to_csv(index=False)


@pytest.fixture
def read(tmp_path):
    def run(content, name="table", **choice):
        (tmp_path / name).write_text(content)
        return from_table(tmp_path / name, Choice(**choice))

    return run


def is_plain(trace, unit="step"):
    (series,) = trace.series
    assert trace.unit == unit
    np.testing.assert_array_equal(series.time, T)
    np.testing.assert_array_equal(series.value, Y)
    return True


@pytest.mark.parametrize("orient", ["columns", "index", "split", "records", "table"])
def test_every_orient_of_pandas_is_read(read, orient):
    assert is_plain(read(FRAME.to_json(orient=orient)))
    indexed = read(FRAME.set_index("step").to_json(orient=orient)) if orient not in ("records", "table") else None
    assert indexed is None or (is_plain(indexed, "index") and "'index' is taken as the time" in indexed.notes[0])


def test_rows_without_names_are_refused(read):
    with pytest.raises(DataError, match=r"entry 1: a list, whose numbers have no names, and not TensorBoard's"):
        read(FRAME.to_json(orient="values"))
    with pytest.raises(DataError, match="a list, whose numbers have no names"):
        read(FRAME.assign(err=0.1).to_json(orient="values"))  # of three, but the first is no wall time


def test_lists_of_one_length_are_columns(read):
    assert is_plain(read(json.dumps(FRAME.to_dict("list"))))
    with pytest.raises(DataError, match=r"its lists are not of one length \('step' 6, 'rms' 5\)"):
        read(json.dumps({"step": list(range(6)), "rms": Y[:5]}))


@pytest.mark.parametrize("indent", [None, 2])
def test_the_trainer_s_log_history_is_read(read, indent):
    history = [{"epoch": t / 1000, "step": int(t), "loss": 2.0, "w_rms": y} for t, y in zip(T, Y, strict=True)]
    state = {"best_metric": None, "global_step": 600, "log_history": [*history, {"step": 600, "train_runtime": 9.0}]}
    trace = read(json.dumps(state, indent=indent))
    assert is_plain(trace)
    assert "log_history holds the records" in trace.notes
    for record in history:
        del record["w_rms"]
    with pytest.raises(DataError, match=r"no name says which column is the rms .* 'epoch', 'step', 'loss'"):
        read(json.dumps(state | {"log_history": history}, indent=indent))


@pytest.mark.parametrize(
    "content",
    [
        '{"step": 0, "rms": 9.0, "rms": 1.0}\n{"step": 1, "rms": 0.9}\n',
        '{"step": 0, "rms": 1.0}\n{"step": 1, "rms": 9.0, "rms": 0.9}\n',
        '[{"step": 0, "rms": 9.0, "rms": 1.0}]',
        '{"step": 0, "rms": 9.0, "rms ": 1.0}\n',
        '{"step": 0, "w/rms": 9.0, "w": {"rms": 1.0}}\n',
    ],
)
def test_a_name_that_is_there_twice_is_refused(read, content):
    with pytest.raises(DataError, match=r"the name '(w/)?rms' is there twice"):
        read(content)


@pytest.mark.parametrize(
    "form", ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.5 UTC"]
)
@pytest.mark.parametrize("name", ["time", "Date", "timestamp", "when"])
def test_dates_are_seconds_since_the_first(read, form, name):
    dates = (pd.Timestamp("2025-02-28 23:58") + pd.to_timedelta(T, unit="s")).strftime(form)
    trace = read(pd.DataFrame({name: dates, "rms": Y}).to_csv(index=False))
    assert is_plain(trace, "second")
    assert f"'{name}' holds dates: the time is in seconds since the first" in trace.notes
    stepped = read(FRAME.assign(**{name: dates}).to_csv(index=False))
    assert is_plain(stepped)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["28.02.2025"] * 6, r"which column is the time \('Date' may be one; dates are read as 2025-01-31"),
        (["2025-02-30"] * 6, "line 2: '2025-02-30' in the column 'Date' is no date"),
        (["2025-02-01 10:00Z", *["2025-02-02 10:00"] * 5], "line 3: some dates .* have a time zone"),
    ],
)
def test_dates_that_can_be_read_in_two_ways_are_refused(read, cells, message):
    with pytest.raises(DataError, match=message):
        read(pd.DataFrame({"Date": cells, "rms": Y}).to_csv(index=False))


def test_a_clock_is_refused_with_what_to_do(read):
    with pytest.raises(DataError, match=r"'00:01:00' in the column 'time' .* Dates are read as 2025-01-31 .* seconds"):
        read("time,rms\n00:01:00,1\n00:02:00,0.9\n")


@pytest.mark.parametrize("title", ["Run of Tuesday\n", "Run of Tuesday\nby me\n\n", "Run of Tuesday,\n"])
def test_titles_are_passed_over_and_lines_still_counted(read, title):
    trace = read(title + PLAIN)
    assert is_plain(trace)
    assert trace.notes[0] == "line 1, 'Run of Tuesday', is passed over: a title"
    line = title.count("\n") + 4
    with pytest.raises(DataError, match=f"line {line}: '2OO' in the column 'step'"):
        read(title + PLAIN.replace("200,", "2OO,"))


def test_a_heading_of_one_name_is_no_title(read):
    """As pandas writes an index without a name: the norm would be taken for an rms."""
    norms = read(PLAIN.replace("step,rms", ",weight_norm"))
    assert norms.quantity == "norm"
    assert "'column 1' is taken as the time: it is the only other column" in norms.notes
    for heading in ("weight_norm", "step", "loss"):
        with pytest.raises(DataError, match=r"more cells than the heading's 1|no name says"):
            read(PLAIN.replace("step,rms", heading))


@pytest.mark.parametrize(
    "content",
    [
        "Run 7, lam=5\n" + PLAIN,
        PLAIN.replace("rms\n", "rms\n[1],[1]\n"),
        PLAIN.replace("rms\n", "rms\ns,%\n"),
        PLAIN.replace("step,rms\n", "time,rms\n(s),\n"),
    ],
)
def test_a_second_row_without_numbers_is_refused(read, content):
    with pytest.raises(DataError, match=r"line 2: a second row without numbers .* take out a title, units"):
        read(content)


LOSS = [2.3, 1.9, 1.7, 1.5, 1.4, 1.3]


def long(column, *metrics, value="value"):
    rows = [f"{t},{name},{cells[i]}" for i, t in enumerate(T) for name, cells in metrics]
    return "\n".join([f"step,{column},{value}", *rows]) + "\n"


@pytest.mark.parametrize("column", ["param", "layer", "module", "tag", "metric", "kind", "stat", "what"])
def test_a_metric_s_name_decides_wherever_it_stands(read, column):
    both = read(long(column, ("loss", LOSS), ("w_rms", Y)))
    assert is_plain(both)
    for name in ("loss", "train/loss", "grad_norm", "accuracy"):
        with pytest.raises(DataError, match="no name says which column is the rms"):
            read(long(column, (name, LOSS)))
    norms = read(long(column, ("fc1/norm", Y)))
    assert norms.quantity == "norm"


@pytest.mark.parametrize("column", ["run", "run_name"])
def test_a_run_called_after_a_metric_is_asked_about(read, column):
    with pytest.raises(DataError, match=r"no name says what 'value' records, and its run is called 'train_loss'"):
        read(long(column, ("train_loss", LOSS)))
    assert is_plain(read(long(column, ("train_loss", Y)), quantity="rms"))
    assert is_plain(read(long(column, ("lr_0.1", Y))))
    with pytest.raises(DataError, match="columns are 'run_name', 'step', 'train/loss'"):
        read("run_name,tag,step,value\n" + "".join(f"a,train/loss,{t},{y}\n" for t, y in zip(T, LOSS, strict=True)))


@pytest.mark.parametrize("column", ["layer", "param", "tag"])
def test_a_loss_is_no_layer(read, column):
    trace = read(long(column, ("loss", LOSS), ("fc1.weight", Y), value="rms"))
    assert is_plain(trace)
    assert any("'loss' left alone: no layers" in note for note in trace.notes)
    with pytest.raises(DataError, match="its rows are of 'train/loss', no layers of weights"):
        read(long(column, ("train/loss", LOSS), value="rms"))
    assert read(long(column, ("loss", Y), ("fc1", LOSS), value="rms"), layer="loss").series[0].value[1] == 0.9
    kept = read(long(column, ("loss_head.weight", Y), ("fc1.weight.grad", LOSS), value="rms"))
    assert [series.layer for series in kept.series] == ["loss_head.weight"]


def test_the_file_s_name_says_what_tensorboard_s_value_is(read):
    body = "Wall time,Step,Value\n" + "".join(f"{1.7e9 + t},{t},{y}\n" for t, y in zip(T, Y, strict=True))
    with pytest.raises(DataError, match="columns are 'Wall time', 'Step', 'train_loss'"):
        read(body, "run-.-tag-train_loss.csv")
    assert read(body, "run-.-tag-fc1_norm.csv").quantity == "norm"
    assert is_plain(read(body, "run-.-tag-something.csv"))


@pytest.mark.parametrize("other", ["fc1 ", " fc1", '"fc1 "', "fc1\t"])
def test_blanks_around_a_layer_s_name_are_none_of_it(read, other):
    rows = [f"{t},{'fc1' if i % 2 else other},{y}" for i, (t, y) in enumerate(zip(T, Y, strict=True))]
    assert is_plain(read("\n".join(["step,layer,rms", *rows])))


def test_numbers_of_runs_are_told_apart_beside_an_empty_cell(read):
    seeds = read("step,seed,rms\n" + "".join(f"{t},1234567{s},{s}\n" for t in T for s in (1, 2)) + "700,,\n")
    assert [series.layer for series in seeds.series] == ["12345671", "12345672"]
