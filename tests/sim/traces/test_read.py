"""Tables read by name: what is taken, what is said, and what is refused."""

import bz2
import io
import lzma
import zipfile

import numpy as np
import pytest

from sim import DataError
from sim.traces.decode import read_text
from sim.traces.quantities import as_rms
from sim.traces.read import from_table
from sim.traces.segments import ordered
from sim.traces.trace import Choice

ROWS = [(0, 1.0), (100, 0.9), (200, 0.75), (300, 0.7), (400, 0.65), (500, 0.62)]


def lines(head, row, rows=ROWS):
    return head + "\n" + "".join(row.format(t=t, y=y) + "\n" for t, y in rows)


PLAIN = lines("step,rms", "{t},{y}")


@pytest.fixture
def read(tmp_path):
    def run(content, **choice):
        path = tmp_path / "table"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return from_table(path, Choice(**choice))

    return run


def is_plain(trace):
    (series,) = trace.series
    assert (trace.quantity, trace.unit) == ("rms", "step")
    np.testing.assert_array_equal(np.stack([series.time, series.value], axis=1), ROWS)
    return True


def packed():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("metrics.csv", PLAIN)
    return archive.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        *(PLAIN.replace(",", separator) for separator in (";", "\t", "|", " ", " \t ", ", ")),
        *(PLAIN.replace(",", separator).replace(".", ",") for separator in (";", "\t", " ")),
        '"step","rms"\n' + "".join(f'"{t}","{str(y).replace(".", ",")}"\n' for t, y in ROWS),
        *(PLAIN.encode(name) for name in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        "\n# a comment, of no rows\n\n" + PLAIN.replace("200,", "\n  # another\n200,"),
        "# step rms\n" + PLAIN.replace(",", " ").split("\n", 1)[1],
        "sep=;\n" + PLAIN.replace(",", ";"),
        bz2.compress(PLAIN.encode()),
        lzma.compress(PLAIN.encode()),
        packed(),
        lines("epoch,step,loss,rms", "0,{t},,{y}"),
        "[" + ",".join(f"[1732400000.5, {t}, {y}]" for t, y in ROWS) + "]",
    ],
)
def test_one_table_in_many_guises(read, content):
    assert is_plain(read(content))


@pytest.mark.parametrize(
    ("head", "row", "right"),
    [
        ("tokens,rms", "3000000000000,1.000691", (3e12, 1.000691, None)),
        ("step,rms", "101.7,9.088618e-05", (101.7, 9.088618e-05, None)),
        ("step,rms", "6000.0,1.998892e+159", (6000, 1.998892e159, None)),
        ("step,rms", "40000,8.478137e-20", (40000, 8.478137e-20, None)),
        ("step,rms,err", "0.0,1.000691e+00,1e-300", (0, 1.000691, 1e-300)),
    ],
)
def test_numbers_far_from_one_are_read_as_they_stand(read, head, row, right):
    (series,) = read(f"{head}\n{row}\n").series
    assert (series.time[0], series.value[0], None if series.error is None else series.error[0]) == right


def test_letters_of_windows_are_said(read):
    trace = read("étape;poids_rms\n".encode("cp1252") + PLAIN.replace(",", ";").split("\n", 1)[1].encode())
    assert is_plain(trace)
    assert "Windows-1252" in trace.notes[0]


def test_a_headless_table_has_two_columns_or_a_choice(read):
    body = lines("", "{t},{y},0.01")[1:]
    assert read(lines("", "{t},{y}")[1:]).notes == ("the table has no heading: its columns are taken as time and rms",)
    with pytest.raises(DataError, match="Its columns, without a heading, are '1', '2', '3'"):
        read(body)
    trace = read(body, error="3")
    assert trace.series[0].error[0] == 0.01
    assert "taken as time, rms and error" in trace.notes[0]
    assert [series.layer for series in read(body, time="1", value=("2", "3")).series] == ["2", "3"]
    assert read(body, value=("3",), quantity="variance").series[0].value[0] == pytest.approx(0.1)
    with pytest.raises(DataError, match="its second column counts up"):
        read(lines("", "{y},{t}")[1:])
    with pytest.raises(DataError, match="one column, no time"):
        read("1\n2\n")


@pytest.mark.parametrize("row", ["1OO,0.9", "l00,0.9", "0.9.1,3", "OOO,0.9", "1OO,O.9", "0,9 9", "x,0.9", ",0.9"])
def test_a_mistyped_first_row_is_no_heading(read, row):
    with pytest.raises(DataError, match=r"line 2: '.*' is no number, and no name"):
        read("# mine\n" + row + "\n200,0.8\n300,0.7\n")


def test_numbered_layers_are_a_heading(read):
    content = lines("step,1,2", "{t},{y},{y}")
    assert len(read(content, value=("1", "2")).series) == 2
    with pytest.raises(DataError, match="no name says which column is the rms"):
        read(content)


def test_errors_belong_to_the_column_of_their_name(read):
    wide = lines("step,layer1,layer1_err,layer2,layer2_err", "{t},{y},0.1,{y},0.2")
    one, two = read(wide).series
    assert (one.error[0], two.error[0]) == (0.1, 0.2)
    assert read(wide, error="none").series[0].error is None
    with pytest.raises(DataError, match="of which layer 'err' is the error"):
        read(lines("step,layer1,layer2,err", "{t},{y},{y},0.1"))
    with pytest.raises(DataError, match="'std' may be the error of 'rms'"):
        read(lines("step,rms,std", "{t},{y},0.1"))
    for head in ("step,mean,std", "step,rms_mean,rms_std"):
        with pytest.raises(DataError, match=r"std' may be the error of '.*mean'"):
            read(lines(head, "{t},{y},0.1"))
    assert read(lines("step,rms,std", "{t},{y},0.1"), error="std").series[0].error[0] == 0.1
    with pytest.raises(DataError, match="line 3: 'rms' has a value and 'err' none"):
        read("step,rms,err\n0,1,0.1\n1,0.9,\n")


def test_other_quantities_are_left_alone_and_said(read):
    trace = read(lines("step,rms,weight_norm,loss", "{t},{y},20,3"))
    assert is_plain(trace)
    assert "'weight_norm' left alone" in trace.notes[0]
    assert "'layer2' left alone" in read(lines("step,rms,layer2", "{t},{y},20")).notes[0]
    assert read(lines("step,rms,weight_norm", "{t},{y},20"), quantity="norm").series[0].value[0] == 20
    with pytest.raises(DataError, match="--quantity norm, but the names say rms"):
        read(PLAIN, quantity="norm")
    assert read(PLAIN, value=("rms",), quantity="norm").quantity == "norm"


def test_the_only_other_column_is_the_time_but_never_the_value(read):
    trace = read(lines("when,rms", "{t},{y}"))
    assert trace.unit == "when"
    assert "'when' is taken as the time" in trace.notes[0]
    with pytest.raises(DataError, match="which column is the rms"):
        read(lines("step,size", "{t},{y}"))
    with pytest.raises(DataError, match="'log_step' is a logarithm, and the time is wanted"):
        read(lines("log_step,rms", "{t},{y}"))


def test_long_tables(read):
    long = lines("step,seed,layer,norm", "{t},1,fc1.weight,{y}\n{t},1,fc2.weight,2")
    trace = read(long, weights=(100, 4))
    assert [(series.layer, series.value[0]) for series in trace.series] == [("fc1.weight", 0.1), ("fc2.weight", 1.0)]
    assert read(long, layer="2", weights=(4,)).series[0].value[0] == 1.0
    assert read(lines("Step,Layer 2 RMS,Layer 3 RMS", "{t},{y},2"), layer="Layer 3").series[0].value[0] == 2
    with pytest.raises(DataError, match=r"2 layers .* but --weights has 1"):
        read(long, weights=(4,))
    seeds = read(lines("step,seed,rms", "{t},1,{y}\n{t},2,{y}"))
    assert [series.layer for series in seeds.series] == ["1", "2"]
    with pytest.raises(DataError, match="6 of 6 times have several rows with different values"):
        read(lines("step,block,rms", "{t},1,{y}\n{t},2,2.5"))


def test_a_name_that_is_not_understood_is_said(read):
    with pytest.raises(DataError, match=r"rms or the norm of the weights \('log' of 'log_rms' is not understood\)"):
        read(lines("step,log_rms", "{t},{y}"))
    assert "'rms_target' left alone: 'target' is not" in read(lines("step,rms,rms_target", "{t},{y},2")).notes[0]
    with pytest.raises(DataError, match="which column is the rms"):
        read(lines("step,l2", "{t},{y}"))
    with pytest.raises(DataError, match="'rms_std' may be the error of another column"):
        read(lines("step,rms_std", "{t},{y}"))
    assert read(lines("step,||W||^2", "{t},{y}"), weights=(4,)).series[0].value[0] == 0.5


@pytest.mark.parametrize("separator", ["\t", ";"])
def test_a_comma_before_three_digits_is_asked_about_unless_another_cell_decides(read, separator):
    def body(*cells):
        return f"step{separator}rms\n" + "".join(f"{a}{separator}{b}\n" for a, b in cells)

    either = body(("100,000", "3"), ("200,000", "2"), ("300,000", "1"))
    with pytest.raises(DataError, match=r"table, line 2: '100,000' may .* Say it: --decimal") as problem:
        read(either)
    assert "\n" not in str(problem.value)
    assert read(either, decimal=",").series[0].time[0] == 100.0
    with pytest.raises(DataError, match=r"line 2: '100,000' in the column 'step' .* thousands, take them out"):
        read(either, decimal=".")
    for cell in ("0,912", "1,5", ",5"):
        assert read(body(("100,000", cell), ("200,000", cell))).series[0].time[0] == 100.0
    for cells in ([("100,000", "1.5")], [("1,000,000", "3"), ("100,000", "2")]):
        with pytest.raises(DataError, match="thousands, take them out"):
            read(body(*cells))
    late = body(*[("100,000", "3")] * 60, ("200,000", "2,5"))
    assert read(late).series[0].value[1] == 2.5
    with pytest.raises(DataError, match="--decimal must be a point or a comma"):
        read(either, decimal="x")


def test_a_step_that_begins_anew_with_each_epoch_runs_on(read):
    def table(steps):
        return "epoch,step,rms\n" + "".join(f"{e},{s},{1 - (3 * e + s) / 1000}\n" for e in range(5) for s in steps)

    trace = read(table([0, 1, 2]))
    assert trace.series[0].time.tolist() == list(range(15))
    assert trace.series[0].segments == 1
    assert trace.notes[-1] == "'step' begins anew with each 'epoch', and runs on here: 3 steps are added for each"
    assert read(table([0, 100, 149])).series[0].time[3] == 150
    with pytest.raises(DataError, match=r"how many steps an epoch has is not clear. Give --epoch-steps"):
        read(table([0, 100, 200]))
    assert read(table([0, 100, 200]), epoch_steps=250).series[0].time[3] == 250
    assert read(table(range(0, 900, 100)), time="step").series[0].segments == 5
    with pytest.raises(DataError, match="--epoch-steps must not be less, got 150"):
        read(table([0, 100, 200]), epoch_steps=150)
    restarted = "epoch,step,rms\n0,0,1\n0,1,.9\n1,2,.8\n1,3,.7\n2,0,.6\n2,1,.5\n3,2,.4\n"
    assert read(restarted).series[0].segments == 2
    with pytest.raises(DataError, match="no two such columns"):
        read(PLAIN, epoch_steps=3)


def test_a_value_that_no_rms_has_is_named_by_its_line(read):
    series = read("step,rms\n0,1\n1,0\n2,0.8\n").series[0]
    assert (
        series.part().not_positive
        == "line 3: 'rms' is 0, and a rms of weights is positive. Take the row out, or mend it."
    )
    assert "line 2: 'rms' is -0.1, " in read("step,rms\n0,-0.1\n1,0.9\n").series[0].not_positive


def test_numbers_with_the_wrong_decimal_sign_are_refused(read):
    with pytest.raises(DataError, match=r"line 2: '1.000' in the column 'step' is not a number \(commas are decimal"):
        read("step;rms\n1.000;0,91\n2.000;0,82\n3000;0,7\n3500;0,65\n4.000;0,6\n")
    with pytest.raises(DataError, match="'1,000' in the column 'step'"):
        read('step,rms\n"1,000",0.91\n2000,0.82\n')


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("step,rms\n0,1\n\n# x\n1,True\n", "line 5: 'True'"),
        ("step,rms\n0,1\n1,2,3\n", "line 3: 3 cells, not 2"),
        ("step rms loss\n0 1 2\n1 2\n2 0.9 2\n", "line 3: 2 cells, not 3. Write nan"),
        ("step,layer,rms\n0,a,1\n1,,0.9\n1,b,0.9\n", "line 3: 'rms' has a value, but of no layer"),
        ("step,rms\n0,1,3\n1,2,3\n", "line 2: more cells than the heading's 2"),
        ("step,rms\n" + "9" * 400 + ",1\n", "too large for a number"),
        ("step,rms,rms\n0,1,2\n", "the heading has 'rms' twice"),
        ("step,variance\n0,-1\n", "line 2: 'variance' is -1, and a variance of weights is positive. A logarithm"),
        ("step,rms\n", "a heading and no rows"),
        ('{"step": 1, "rms": [1]}', "line 1: '\\[1\\]'"),
        ('{"step": 1, "rms": 1}\n{"step": 2', "line 2: no JSON object"),
        ("[" * 100_000, "is no JSON"),
        ("[1, 2]", "entry 1: not an object"),
        (b"PK\x03\x04 no zip", "cannot be read"),
        (b"\x28\xb5\x2f\xfd rest", "Zstandard"),
        (PLAIN.encode("utf-16")[:-1], "neither netCDF nor text"),
        (b"\x89PNG\r\n\x1a\n\0\0", "neither netCDF nor text"),
        ("step," * 20_000 + "rms\n", "columns; 10000 are the most"),
    ],
)
def test_refused_in_one_line(read, content, message):
    with pytest.raises(DataError, match=message) as problem:
        read(content)
    assert "\n" not in str(problem.value)


def test_a_restart_begins_a_segment():
    time = np.array([0.0, 1, 2, 3, 4, 2, 3, 4, 5, 6])
    series, notes = ordered("w", time, time + 1, time / 10, "step")
    assert series.segments == 2
    assert series.part().time.tolist() == [2, 3, 4, 5, 6]
    assert series.part(1).error.tolist() == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert notes == ["the step goes back once (4 to 2), as after a restart: segments of 5, 5 points"]
    with pytest.raises(DataError, match="counted from 1; got --segment 0"):
        series.part(0)


def test_rows_that_run_backwards_are_turned_round_and_shuffled_ones_refused():
    time = np.arange(9.0, -1, -1)
    series, notes = ordered("w", time, time, None, "step")
    assert series.time.tolist() == series.value.tolist() == list(range(10))
    assert "backwards" in notes[0]
    with pytest.raises(DataError, match="the time goes back 4 times in 10 rows"):
        ordered("w", np.array([0.0, 2, 1, 4, 3, 6, 5, 8, 7, 9]), time, None, "step")


def test_a_step_told_twice_is_told_once():
    time = np.array([*range(20), 19.0])
    series, notes = ordered("w", time, np.ones(21), None, "step")
    assert len(series.time) == 20
    assert notes == ["several rows for the same time, once, always with the same value"]
    value = np.array([*np.ones(20), 3.0])
    series, notes = ordered("w", time, value, np.full(21, 0.1), "step")
    assert series.value[-1] == 2.0
    assert series.error[-1] == pytest.approx(0.1 / np.sqrt(2))
    assert "averaged where they differ, once" in notes[0]


def test_quantities_and_their_errors_against_random_weights():
    rng = np.random.default_rng(0)
    weights = 0.3 * rng.standard_normal((4000, 50))
    rms = np.sqrt((weights**2).mean(axis=1))
    quantities = {"rms": rms, "variance": rms**2, "norm": np.linalg.norm(weights, axis=1), "norm_sq": 50 * rms**2}
    for quantity, values in quantities.items():
        value, error, kind = as_rms(values, np.full(4000, values.std()), quantity, 50)
        np.testing.assert_allclose(value, rms, rtol=1e-12)
        assert kind == "rms"
        assert np.median(error) == pytest.approx(rms.std(), rel=0.05)  # to the first order in the noise
    assert as_rms(rms, None, "norm", None)[2] == "norm"


def test_no_more_is_unpacked_than_the_limit(tmp_path):
    path = tmp_path / "bomb"
    path.write_bytes(bz2.compress(b"0" * 3_000_000))
    with pytest.raises(DataError, match="more than 2 MB, unpacked"):
        read_text(path, 2_000_000)
    assert len(read_text(path, 3_000_000)[0]) == 3_000_000


@pytest.mark.parametrize(
    "cells",
    [
        ["0", "500", "900", "1.000", "1.100"],
        ["10.000", "10.100", "10.200", "10.300"],
        ["1.000", "2.000", "3.000"],
    ],
)
def test_a_point_before_three_digits_of_a_counter_is_asked_about(read, cells):
    table = "step;norm\n" + "".join(f"{cell};{9 - i}\n" for i, cell in enumerate(cells))
    with pytest.raises(DataError, match="in the column 'step' may have a decimal point or separate thousands"):
        read(table)
    assert read(table, decimal=".").series[0].time[-1] == float(cells[-1])
    assert read(table.replace("step", "epoch")).series[0].time[-1] == float(cells[-1])


@pytest.mark.parametrize("cells", [["0.000", "1.000", "2.000"], ["900.000", "1000.000"], ["1.5", "2.25"], ["1", "2"]])
def test_a_point_that_can_only_be_decimal_is_not_asked_about(read, cells):
    table = "step,norm\n" + "".join(f"{cell},{9 - i}\n" for i, cell in enumerate(cells))
    np.testing.assert_array_equal(read(table).series[0].time, np.array(cells, float))


def test_an_error_that_is_taken_is_said_and_the_classes_is_asked_about(read):
    trace = read(lines("step,rms,error", "{t},{y},0.1"))
    assert trace.series[0].error[0] == 0.1
    assert "'error' is taken as the standard error (--error none leaves it out)" in trace.notes
    for head in ("epoch,rms,error,accuracy", "epoch,loss,error,rms"):
        row = "{t},{y},0.1,0.9" if head.endswith("accuracy") else "{t},2,0.1,{y}"
        with pytest.raises(DataError, match=r"'error' beside '(accuracy|loss)' may be the network's"):
            read(lines(head, row))
        assert read(lines(head, row), error="none").series[0].error is None


def test_a_variance_is_about_the_mean_and_a_mean_square_is_not(read):
    said = "a variance is about the mean, and is taken as the rms, which is about zero"
    assert said in read(lines("step,mean,var", "{t},0.5,{y}")).notes
    for head in ("step,mean_square", "step,rms^2", "step,RMS²"):
        assert said not in read(lines(head, "{t},{y}")).notes


def test_steps_of_an_epoch_that_nothing_needs_are_refused(read):
    with pytest.raises(DataError, match=r"--epoch-steps is for a counter that begins anew .* 'step' runs on"):
        read(lines("epoch,step,rms", "0,{t},{y}"), epoch_steps=500)


def test_mlflow_s_metrics_are_told_apart(read):
    rows = "".join(f"rms/fc1,{y},17,{t},False\nloss,2,17,{t},False\n" for t, y in ROWS)
    (series,) = read("key,value,timestamp,step,is_nan\n" + rows).series
    assert series.layer == "fc1"
    np.testing.assert_array_equal(series.value, [y for _, y in ROWS])
