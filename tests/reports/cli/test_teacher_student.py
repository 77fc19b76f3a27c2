"""The command teacher-student: prediction, measurement, and mistakes."""

import json

import pytest

WORDS = ["teacher-student", "--hidden", 2, "--teachers", 1, "--eta", 0.8, "--gamma", 0.05, "--sigma", 0.5]


def test_prediction(tailoff):
    code, out, _ = tailoff("teacher-student", "--teachers", 1, "--sigma", 0.3, "--fan-in", 784)
    assert code == 0
    unfolded = " ".join(out.split())  # lines are folded at 80 columns
    assert "w_rms = 0.029961 +/- 0.00017" in unfolded
    assert "stable fixed point" in unfolded
    numbers = json.loads(tailoff("teacher-student", "--teachers", 1, "--sigma", 0.3, "--json")[1])
    assert numbers["fixed_point"]["Q"][0][0] == pytest.approx(0.70377, abs=1e-5)
    assert max(value["real"] for value in numbers["eigenvalues"]) == pytest.approx(-0.125, abs=1e-3)


def test_measurement(tailoff):
    code, out, _ = tailoff(*WORDS, "--fan-in", 100, "--simulate", "--seed", 3)
    assert code == 0
    assert out.count("agrees") == 2
    measured = json.loads(tailoff(*WORDS, "--fan-in", 100, "--simulate", "--seed", 3, "--json")[1])["measured"]
    assert all(abs(row["z"]) < 4 for row in measured)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--eta", 0], "eta must be positive"),
        (["--gamma", 0], "gamma must be positive"),
        (["--hidden", 0], "K must be a whole number"),
        (["--fan-in", 1, "--teachers", 1], "fan_in must be"),
        (["--start-norm", 0], "Q must be positive"),
        (["--eta", "nan"], "eta must be positive and finite"),
        (["--hidden", "two"], "--hidden"),
    ],
)
def test_mistakes_end_in_one_line(tailoff, words, message):
    code, out, err = tailoff("teacher-student", *words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_help(tailoff):
    assert "Example: tailoff teacher-student" in " ".join(tailoff("teacher-student", "--help")[1].split())
