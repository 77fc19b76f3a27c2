"""`tailoff forecast` on tables of every kind; the layers are stepped exactly, so that the answer is known."""

import json

import numpy as np
import pytest

import theory

STEPS, CUT, EVERY, LR, WD = 6000, 2000, 20, 0.1, 3e-3
COSINE = ("--schedule", "cosine", "--warmup", 300, "--total-steps", STEPS)
AHEAD = ("--steps", STEPS - CUT)
SETTINGS = ("--optimizer", "sgd", "--lr", LR, "--weight-decay", WD)


def run_of(factors, noise_of):
    """Step two layers: `plain`, whose drive is 4 whatever the rate, and `free`, whose drive is noise alone."""
    rate, norms = LR * factors, {"plain": [9.0], "free": [9.0]}
    for eta in rate:
        moved = eta * WD * (2 - eta * WD)
        for name, drive in (("plain", 4.0), ("free", noise_of(eta, norms["free"][-1]))):
            norms[name].append(norms[name][-1] + moved * (drive - norms[name][-1]))
    return rate, {name: np.array(values) for name, values in norms.items()}


HELD = run_of(np.ones(STEPS), lambda eta, norm_sq: 16.0 / norm_sq)
FALLING = run_of(theory.schedules.cosine(warmup=300).factors(STEPS), lambda eta, norm_sq: 16.0 * eta / LR / norm_sq)


@pytest.fixture
def table(tmp_path):
    """Write the first part of a run as a long table with some columns."""

    def write(run, *columns):
        rate, norms = run
        lines = ["step,layer," + ",".join(columns)]
        for t in range(0, CUT + 1, EVERY):
            k, g = rate[t] * WD, (0.2, 5.0)
            free = 16.0 * rate[t] / LR / norms["free"][t] * k * (2 - k) / rate[t] ** 2 if run is FALLING else (
                16.0 / norms["free"][t] * k * (2 - k) / rate[t] ** 2)  # fmt: skip
            for name, grad_sq, alignment in (("plain", g[0], -0.3), ("free", free, 1e-9)):
                norm_sq = norms[name][t]
                cells = {
                    "norm": norm_sq**0.5, "norm_sq": norm_sq, "rms": (norm_sq / 50) ** 0.5, "lr": rate[t],
                    "grad_sq": grad_sq, "alignment": alignment, "scaled_grad_sq": grad_sq, "decay_weight": 1.0,
                }  # fmt: skip
                lines.append(f"{t},{name}," + ",".join(f"{cells[column]:.9g}" for column in columns))
        path = tmp_path / "run.csv"
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


@pytest.fixture
def forecast(tailoff):
    def run(*words):
        code, out, err = tailoff("forecast", *words, "--json")
        assert code == 0, err
        found = json.loads(out)
        return {layer["name"]: layer for layer in found["layers"]}, " ".join(found["notes"])

    return run


GRADIENTS = ("lr", "grad_sq", "alignment", "scaled_grad_sq", "decay_weight")


@pytest.mark.parametrize("value", ["norm", "norm_sq"])
def test_all_columns(table, forecast, value):
    layers, _ = forecast(table(HELD, value, *GRADIENTS), *AHEAD, "--optimizer", "sgd", "--weight-decay", WD)
    for name, layer in layers.items():
        true = HELD[1][name][-1]
        assert {"name", "norm_sq", "equilibrium", "invariant", "knows", "reason"} <= set(layer)
        assert layer["norm_sq"]["value"] == pytest.approx(true, rel=0.01)
        assert layer["norm_sq"]["low"] < true < layer["norm_sq"]["high"]
        assert layer["knows"]
        assert HELD[1][name][CUT] != pytest.approx(true, rel=0.1)  # the norm that stays must lose
    assert [layers[name]["invariant"] for name in ("plain", "free")] == [False, True]
    assert layers["plain"]["equilibrium"] == pytest.approx(4.0, rel=1e-3)
    assert layers["free"]["drive"]["signal"] == pytest.approx(0, abs=0.1)


def test_norms_and_settings_alone(table, forecast):
    layers, _ = forecast(table(HELD, "norm"), *AHEAD, *SETTINGS, "--invariant", "fr*")
    assert layers["plain"]["norm_sq"]["value"] == pytest.approx(HELD[1]["plain"][-1], rel=0.01)
    assert layers["free"]["norm_sq"]["value"] == pytest.approx(HELD[1]["free"][-1], rel=0.01)
    assert layers["plain"]["drive"]["noise"] is None
    assert layers["plain"]["invariant"] is None


def test_the_schedule_ahead_is_used(table, forecast):
    path = table(FALLING, "norm_sq", *GRADIENTS)
    words = (*AHEAD, "--optimizer", "sgd", "--weight-decay", WD)
    planned, _ = forecast(path, *words, *COSINE)
    true = FALLING[1]["free"][-1]
    assert planned["free"]["norm_sq"]["value"] == pytest.approx(true, rel=0.05)
    blind, notes = forecast(path, *words)
    assert blind["free"]["norm_sq"]["value"] != pytest.approx(true, rel=0.05)
    assert "no schedule is told" in notes
    assert forecast(path, *words, "--lr", LR, *COSINE)[0] == planned  # the peak, told or seen


def test_the_whole_run_may_be_left_untold(table, forecast):
    path = table(FALLING, "norm_sq", *GRADIENTS)
    words = ("--optimizer", "sgd", "--weight-decay", WD, "--schedule", "cosine", "--warmup", 300)
    assert forecast(path, *AHEAD, *words) == forecast(path, *words, "--total-steps", STEPS)


def test_a_mean_square_is_called_one(table, forecast):
    layers, notes = forecast(table(HELD, "rms", *GRADIENTS), *AHEAD, "--optimizer", "sgd", "--weight-decay", WD)
    assert layers["plain"]["norm_sq"]["value"] == pytest.approx(HELD[1]["plain"][-1] / 50, rel=0.01)
    assert "mean square" in notes
    sized, notes = forecast(table(HELD, "rms"), *AHEAD, *SETTINGS, "--weights", "50,50")
    assert sized["plain"]["norm_sq"]["value"] == pytest.approx(HELD[1]["plain"][-1], rel=0.01)
    assert "mean square" not in notes


def test_unknown_settings_leave_the_fit(table, forecast):
    layers, _ = forecast(table(HELD, "norm"), *AHEAD)
    plain = layers["plain"]
    assert "learning rate is not known" in plain["reason"]
    assert plain["norm_sq"]["value"] == pytest.approx(HELD[1]["plain"][-1], rel=0.02)
    assert plain["norm_sq"]["low"] < HELD[1]["plain"][-1] < plain["norm_sq"]["high"]
    without, _ = forecast(table(HELD, "norm", "lr"), *AHEAD)
    assert "weight decay is not known" in without["plain"]["reason"]


def test_coupled_adam_needs_its_decay_weight(table, forecast):
    words = (*AHEAD, "--optimizer", "adam", "--weight-decay", WD)
    told, _ = forecast(table(HELD, "norm", *GRADIENTS), *words)
    assert "drive" in told["plain"]
    untold, _ = forecast(table(HELD, "norm", "lr"), *words)
    assert "decay_weight" in untold["plain"]["reason"]


def test_momentum_stretches_the_clock(table, forecast):
    words = ("--optimizer", "sgd", "--momentum", 0.9, "--lr", LR / 10, "--weight-decay", WD)
    heavy, _ = forecast(table(HELD, "norm"), *AHEAD, *words)
    plain, _ = forecast(table(HELD, "norm"), *AHEAD, *SETTINGS)
    for name in plain:
        assert heavy[name]["norm_sq"]["value"] == pytest.approx(plain[name]["norm_sq"]["value"], rel=1e-9)


def test_one_layer_and_the_text(table, tailoff):
    code, out, err = tailoff("forecast", table(HELD, "norm"), *AHEAD, *SETTINGS, "--layer", "plain")
    assert code == 0
    assert "plain" in out
    assert "free" not in out
    assert "calibrated on" in err


REFUSED = [
    (("--steps", 0), "steps"),
    ((), "steps must be given"),
    (("--steps", 9000, *COSINE), "within the schedule"),
    (("--steps", 10, "--momentum", 0.9), "--momentum must be given with --optimizer"),
    (("--steps", 10, "--every", 5), "--every must be given with --schedule"),
    (("--steps", 10, "--optimizer", "foo"), "--optimizer must be one of"),
    (("--steps", 10, "--schedule", "foo"), "--schedule must be one of"),
]


@pytest.mark.parametrize(("words", "message"), REFUSED)
def test_refusals(table, tailoff, words, message):
    code, _, err = tailoff("forecast", table(HELD, "norm", "lr"), *words)
    assert code == 2
    assert err.count("\n") == 1
    assert message in err


def test_a_recorded_run_says_its_settings_itself(tmp_path, forecast, tailoff):
    import sim

    path, rng = tmp_path / "run.arrows", np.random.default_rng(5)
    schedule = theory.schedules.cosine()
    w = np.ones(400)
    with sim.Recorder(path, optimizer="sgd", planned_steps=1000, schedule=schedule) as recorder:
        for step, factor in enumerate(schedule.factors(1000)[:400]):
            g = rng.standard_normal(400)
            recorder.update(step, {"layer": (w, g)}, lr=0.1 * factor, weight_decay=0.05)
            w = w - 0.1 * factor * (g + 0.05 * w)
    layers, _ = forecast(path)
    assert layers["layer"]["knows"]
    assert json.loads(tailoff("forecast", path, "--json")[1])["steps"] == 601
    code, _, err = tailoff("forecast", path, "--optimizer", "adamw")
    assert code == 2
    assert "says it itself" in err


def written(path, *rows, columns="step,norm"):
    path.write_text("\n".join([columns, *rows]) + "\n")
    return path


CURVE = [f"{t},{np.sqrt(4 + 21 * np.exp(-2e-3 * t)):.9g}" for t in range(0, 1000, 10)]
PLAIN = ("--steps", 500, "--optimizer", "sgd", "--lr", 0.1, "--weight-decay", 0.01)


@pytest.mark.parametrize("clock", ["epoch", "seconds", "tokens"])
def test_a_time_that_is_not_in_steps_is_refused(tmp_path, tailoff, clock):
    code, _, err = tailoff("forecast", written(tmp_path / "run.csv", *CURVE, columns=f"{clock},norm"), *PLAIN)
    assert code == 2
    assert "counted in steps" in err


@pytest.mark.parametrize("end", ["nan", "0", ""])
def test_a_norm_that_ends_before_the_record_is_not_forecast(tmp_path, forecast, end):
    rows = [row if number < 50 else f"{row.split(',')[0]},{end}" for number, row in enumerate(CURVE)]
    rows = [f"{row},other" for row in CURVE] + [f"{row},broken" for row in rows]
    layers, _ = forecast(written(tmp_path / "run.csv", *rows, columns="step,norm,layer"), *PLAIN)
    assert layers["other"]["knows"]
    assert not layers["broken"]["knows"]
    assert "missing or 0" in layers["broken"]["reason"]


def test_what_contradicts_or_does_nothing_is_said(tmp_path, tailoff):
    path = written(tmp_path / "run.csv", *CURVE)
    for words, message in (
        ((*PLAIN, "--invariant", "conv*"), "invariant must name a layer"),
        (("--steps", 500, "--lr", 0.1, "--weight-decay", 0.01, "--beta1", 0.9), "--beta1 must be given with"),
        ((*PLAIN[2:], "--total-steps", 500), "beyond the record's last step, 990"),
        (("--steps", 10**8, *PLAIN[2:]), "at most 10,000,000"),
    ):
        code, _, err = tailoff("forecast", path, *words)
        assert (code, message in err) == (2, True), (words, err)
    negative = written(tmp_path / "g.csv", *(f"{row},-1" for row in CURVE), columns="step,norm,grad_sq")
    code, _, err = tailoff("forecast", negative, *PLAIN)
    assert code == 2
    assert "it is a square" in err


def test_a_column_of_the_learning_rate_counts_more_than_the_word(tmp_path, forecast):
    factors = theory.schedules.cosine().factors(3000)
    rows = [f"{row},{0.1 * factors[10 * number]:.9g}" for number, row in enumerate(CURVE)]
    path = written(tmp_path / "run.csv", *rows, columns="step,norm,lr")
    words = ("--optimizer", "sgd", "--weight-decay", 0.01, "--schedule", "cosine", "--total-steps", 3000)
    (by_column, _), (by_word, notes) = forecast(path, *words), forecast(path, *words, "--lr", 0.5)
    assert by_column == by_word
    assert "is not used" in notes
