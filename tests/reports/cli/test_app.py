"""The command line as a newcomer types it, wrong on purpose too."""

import json

import numpy as np
import pytest

import theory


def test_equilibrium(tailoff):
    code, out, _ = tailoff("equilibrium", 50000, 5, 0.1, "--start", 1, "--batch-size", 10)
    assert code == 0
    assert "0.10000025" in out
    assert "343649 steps" in out
    numbers = json.loads(tailoff("equilibrium", 50000, 5, 0.1, "--json")[1])
    assert numbers["scale"] == pytest.approx(0.10000025)
    assert numbers["inverse_sqrt_n"]["lam_coherent"] == 50000
    assert json.loads(tailoff("equilibrium", 50000, 5, 1.5, "--json")[1])["inverse_sqrt_n"]["lam_white"] is None


@pytest.mark.parametrize(
    ("words", "optimizer", "method"),
    [
        (["--optimizer", "momentum"], theory.SGD(0.9), "exact"),
        (["--optimizer", "sgd", "--momentum", 0.8, "--decoupled"], theory.SGD(0.8, decoupled=True), "exact"),
        (["--optimizer", "nesterov", "--momentum", 0.5], theory.SGD(0.5, nesterov=True), "exact"),
        (["--optimizer", "adamw", "--beta2", 0.99], theory.AdamW((0.9, 0.99)), "quadrature"),
        (["--optimizer", "adam"], theory.Adam(), "approximate"),
        (["--optimizer", "lion", "--beta1", 0.8], theory.Lion((0.8, 0.99)), "exact"),
    ],
)
def test_equilibrium_of_an_optimizer(tailoff, words, optimizer, method):
    problem = (50000, 50, 0.001)
    code, out, _ = tailoff("equilibrium", *problem, *words, "--batch-size", 100)
    assert code == 0
    assert f"method           {method}" in out
    assert "epochs of 500 steps" in out
    numbers = json.loads(tailoff("equilibrium", *problem, *words, "--batch-size", 100, "--json")[1])
    predicted = theory.equilibrium(*problem, optimizer=optimizer)
    assert numbers["scale"] == predicted.scale
    assert numbers["method"] == method
    assert numbers["relaxation_epochs"] == pytest.approx(predicted.relaxation_time / 500)


def test_walk_of_an_optimizer(tailoff):
    for name in ("nesterov", "adamw"):
        words = ("--optimizer", name, "--weights", 500, "--steps", 6400, "--json")
        found = json.loads(tailoff("walk", 100, 20, 0.3, *words)[1])
        assert abs(found["z"]) < 4


def test_derive(tailoff):
    assert "random walk" in tailoff("derive")[1]
    assert tailoff("derive", "--correlated", "--format", "latex")[1].startswith("\\begin{align*}")
    assert json.loads(tailoff("derive", "--json")[1])["checked"] is True


def test_walk(tailoff, tmp_path):
    code, out, _ = tailoff("walk", 100, 20, 0.5, "--weights", 500, "--steps", 1280, "--out", tmp_path / "walk.nc")
    assert code == 0
    assert "agrees" in out
    assert (tmp_path / "walk.nc").exists()
    assert json.loads(tailoff("walk", 100, 20, 0.5, "--steps", 640, "--json", "--sign-noise")[1])["verdict"] == "agrees"
    assert tailoff("walk", 1e6, 1, 0.1, "--steps", 640)[0] == 2


def test_train_then_fit(tailoff, tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "toy.npz", images=rng.random((70, 8)), labels=rng.integers(0, 3, 70))
    words = ["train", "--data", tmp_path / "toy.npz", "--sizes", "8,4,3", "--epochs", 40, "--batch-size", 5]
    words += ["--lam", 20, "--replicas", 3, "--out", tmp_path / "run.nc"]
    code, out, _ = tailoff(*words)
    assert code == 0
    assert "induced 1-norm" in out
    record = json.loads(tailoff(*words, "--json")[1])
    assert np.shape(record["rms"]) == (3, 41, 2)
    more = ["--checkpoint", tmp_path / "state", "--epochs", 41]
    assert tailoff(*words, *more)[0] == 0
    assert tailoff(*words, "--resume", tmp_path / "state", "--epochs", 42)[0] == 0
    assert tailoff(*words, "--resume", tmp_path / "run.nc")[0] == 2
    code, out, _ = tailoff("layers", tmp_path / "run.nc")
    assert code == 0
    assert "the balance predicts" in out
    assert len(json.loads(tailoff("layers", tmp_path / "run.nc", "--json")[1])["layers"]) == 2
    code, out, _ = tailoff("fit", tmp_path / "run.nc", "--layer", 2)
    assert code == 0
    assert "chi2/dof" in out
    every = json.loads(tailoff("fit", tmp_path / "run.nc", "--json")[1])["layers"]
    assert [(one["layer"], one["time_unit"]) for one in every] == [("2", "epoch"), ("3", "epoch")]
    assert "has the layers '2', '3'" in tailoff("fit", tmp_path / "run.nc", "--layer", 7)[2]


@pytest.fixture
def toy(tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "toy.npz", images=rng.random((70, 8)), labels=rng.integers(0, 3, 70))
    return tmp_path / "toy.npz"


def test_what_is_read_is_not_written_over(tailoff, toy, tmp_path):
    words, old = ("train", "--data", toy, "--sizes", "8,3", "--epochs", 1), toy.read_bytes()
    for option in ("--out", "--checkpoint"):
        code, out, err = tailoff(*words, option, tmp_path / "." / toy.name)
        assert (code, out) == (2, "")
        assert f"{option} must not be the file of --data" in err
        assert toy.read_bytes() == old
    state = tmp_path / "state"
    assert tailoff(*words, "--checkpoint", state)[0] == 0
    assert "--out must not be the file of --resume" in tailoff(*words, "--resume", state, "--out", state)[2]
    assert tailoff(*words, "--resume", state, "--checkpoint", state)[0] == 0


def test_what_a_run_of_ours_leaves_not_open_is_refused(tailoff, toy, tmp_path):
    run = tmp_path / "run.nc"
    assert tailoff("train", "--data", toy, "--sizes", "8,3", "--epochs", 6, "--replicas", 2, "--out", run)[0] == 0
    for words in (["--time", "step"], ["--value", "rms"], ["--error", "x"], ["--quantity", "norm"], ["--decimal", ","]):
        code, out, err = tailoff("fit", run, *words)
        assert (code, out) == (2, "")
        assert f"is a run of ours, the rms over epochs: {words[0]} is for tables" in err
    with_errors, without = (tailoff("fit", run, *words)[1] for words in ([], ["--error", "none", "--quantity", "rms"]))
    assert "no errors were given" in without
    assert "no errors were given" not in with_errors


def test_fit_of_a_csv(tailoff, tmp_path):
    t = np.arange(40.0)
    rows = np.c_[t, np.sqrt(0.04 + 0.96 * np.exp(-0.2 * t))]
    (tmp_path / "mine.csv").write_text("epoch,rms\n" + "\n".join(f"{a},{b}" for a, b in rows))
    found = json.loads(tailoff("fit", tmp_path / "mine.csv", "--json")[1])
    assert found["scale"]["value"] == pytest.approx(0.2, rel=1e-4)
    assert found["rate"]["value"] == pytest.approx(0.1, rel=1e-4)
    assert tailoff("fit", tmp_path / "mine.csv", "--plot", tmp_path / "fit.svg")[0] == 0
    assert (tmp_path / "fit.svg").read_text().startswith("<?xml")


def test_fit_of_a_constant(tailoff, tmp_path):
    (tmp_path / "constant.csv").write_text("\n".join(f"{t},0.25" for t in range(20)))
    found = json.loads(tailoff("fit", tmp_path / "constant.csv", "--json")[1])
    assert (found["converged"], found["rate"]["value"]) == (False, None)
    assert found["scale"]["value"] == pytest.approx(0.25)
    (tmp_path / "line.csv").write_text("\n".join(f"{t},{1 + t}" for t in range(20)))
    code, out, err = tailoff("fit", tmp_path / "line.csv")
    assert (code, out) == (2, "")
    assert "the rms grows to its end" in err


def test_fit_of_no_run(tailoff, tmp_path):
    (tmp_path / "bad.nc").write_bytes(b"\x89HDF\r\n\x1a\n broken")
    assert "is damaged or no netCDF" in tailoff("fit", tmp_path / "bad.nc")[2]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["equilibrium", 50000, 0, 0.1], "grows without bound"),
        (["equilibrium", 50000, -1, 0.1], "must not be negative, got -1"),
        (["equilibrium", 50000, 5, "-.1"], "must not be negative, got -.1"),
        (["equilibrium", 50000, "-.5e-3", 0.1], "must not be negative, got -.5e-3"),
        (["equilibrium", 100, 5, 0.1, "--batch-size", 101], "batch_size must not exceed the n training examples"),
        (["decay-for", "--n", 100, "--eta", 0.1, "--epochs", 3, "--batch-size", 101], "batch_size must not exceed"),
        (
            ["equilibrium", 100, 5, 0.1, "--optimizer", "momentum", *["--set", "momentum=0.5"] * 2],
            "--set momentum= must be given once",
        ),
        (
            ["equilibrium", 100, 5, 0.1, "--optimizer", "momentum", "--momentum", 0.5, "--set", "momentum=0.3"],
            "--set momentum= must be given once",
        ),
        (["equilibrium", "--", 50000, -1, 0.1], "lam must be zero or positive"),
        (["equilibrium", "a", 5, 0.1], "valid number"),
        (["equilibrium", 100, 5, 0.1, "--optimizer", "shampoo"], "--optimizer must be one of"),
        (["equilibrium", 100, 5, 0.1, "--optimizer", "adamw", "--momentum", 0.9], "--momentum must be left out"),
        (["equilibrium", 100, 5, 0.1, "--optimizer", "sgd", "--beta1", 0.9], "--beta1 must be left out"),
        (["equilibrium", 100, 5, 0.1, "--optimizer", "momentum", "--momentum", 1.5], "momentum must be at least 0"),
        (["equilibrium", 100, 5, 90, "--optimizer", "momentum"], "Take eta below"),
        (["equilibrium", 100, 5, 0.1, "--optimizer", "lion", "--curvature", 0.1], "is known for rates"),
        (["equilibrium", 100, 5, 0.1, "--optimizer", "adamw", "--correlation", 0.5], "no derived form"),
        (["walk", 100, 5, 90, "--optimizer", "momentum"], "Take eta below"),
        (["equilibrium", 5], "lam must be given"),
        (["walk", 5], "Missing argument"),
        (["equilibrum", 5], "No such command"),
        (["walk", 100, 20, 0.5, "--weights", 1], "weights must be"),
        (["walk", 100, 20, 0.5, "--wieghts", 1], "--weights"),
        (["train", "--sizes", "1,x"], "--sizes must be whole numbers"),
        (["train", "--data", "nowhere.npz"], "does not exist"),
        (["train", "--init", "huge"], "init"),
        (["train", "--eta", -0.1], "eta must be"),
        (["train", "--sizes", "784,0,10"], "sizes must be"),
        (["equilibrium", 100, 5, 0.1, "--optimizer", "adamw", "--beta2", 0.01], "rare large steps"),
        (["fit", "nowhere.csv"], "does not exist"),
        (["layers", "nowhere.nc"], "does not exist"),
        (["report", "--out", "report.doc"], "must end in .pdf"),
        (["report", "--data", "nowhere.npz"], "does not exist"),
        (["derive", "--format", "word"], "format"),
    ],
)
def test_mistakes_end_in_one_line(tailoff, words, message):
    code, out, err = tailoff(*words)
    assert code == 2
    assert out == ""
    assert message in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_help_has_an_example(tailoff):
    assert tailoff("--version")[1].startswith("tailoff ")
    assert "equilibrium" in tailoff()[1]
    for command in ("equilibrium", "derive", "walk", "train", "fit", "layers", "report"):
        code, out, _ = tailoff(command, "--help")
        assert code == 0
        assert f"Example: tailoff {command}" in " ".join(out.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["equilibrium", 50000, 5, 0.1, "--noise", 1e200], "(eta noise)^2 is too large or small for a double"),
        (["equilibrium", 50000, -5, 0.1], "must not be negative, got -5"),
        (["equilibrium", 1e308, 5, 0.1, "--json"], "eta lam/n is too large or small for a double"),
        (["walk", 100, 20, 10], "the step overshoots"),
        (["walk", 100, 20, 0.5, "--optimizer", "lion", "--sign-noise"], "whose law is for Gaussian noise"),
        (["teacher-student", "--sigma", 0], "Nothing but noise holds the weights"),
    ],
)
def test_extreme_numbers_end_in_one_line(tailoff, words, message):
    code, out, err = tailoff(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_no_lam_is_said_in_words(tailoff):
    out = tailoff("equilibrium", 50000, 1e5, 0.1, "--optimizer", "adamw")[1]
    assert "for white noise at no lam" in out


@pytest.mark.parametrize("command", [("walk", 100, 20, 0.5), ("train", "--epochs", 1)])
def test_output_is_looked_at_before_the_work(tailoff, tmp_path, command):
    code, _, err = tailoff(*command, "--out", tmp_path)
    assert code == 2
    assert "must be a file" in err
    assert "does not exist" in tailoff(*command, "--out", tmp_path / "none" / "x.nc")[2]
    assert not list(tmp_path.iterdir())


def test_a_failing_run_leaves_the_file_alone(tailoff, tmp_path):
    (tmp_path / "old.nc").write_text("precious")
    assert tailoff("walk", 100, 0.02, 0.5, "--steps", 1000, "--out", tmp_path / "old.nc")[0] == 2
    assert (tmp_path / "old.nc").read_text() == "precious"


def test_damaged_runs_are_refused_in_one_line(tailoff, tmp_path):
    assert tailoff("walk", 100, 20, 0.5, "--steps", 1000, "--out", tmp_path / "walk.nc")[0] == 0
    whole = (tmp_path / "walk.nc").read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(8):
        broken = bytearray(whole)
        for place in rng.integers(8, len(whole), 200):
            broken[place] = rng.integers(256)
        (tmp_path / "walk.nc").write_bytes(broken)
        code, _, err = tailoff("layers", tmp_path / "walk.nc")
        assert code == 2
        assert err.startswith("error: ")


@pytest.mark.parametrize(
    "twice", [["--set", "momentum=0.9", "--momentum", 0.5], ["--set", "momentum=0.9", "--set", "momentum=0.5"]]
)
def test_a_setting_given_twice_is_refused(tailoff, twice):
    code, out, err = tailoff("equilibrium", 50000, 5, 0.1, *twice)
    assert (code, out) == (2, "")
    assert "--set momentum= must be given once" in err


def test_a_run_that_diverges_ends_with_one_line_and_keeps_its_record(tailoff, tmp_path):
    import sim

    pixels = np.random.default_rng(1).integers(0, 2, (60, 4)) * 255.0
    np.savez(tmp_path / "d.npz", images=pixels, labels=np.arange(60) % 3)
    words = ("--data", tmp_path / "d.npz", "--sizes", "4,3,3", "--out", tmp_path / "run.nc", "--epochs", 9)
    code, out, err = tailoff("train", *words, "--lam", 2000)
    assert code == 2
    assert [line for line in err.splitlines() if "training" not in line][-1].startswith("diverged: ")
    assert "diverged: replica 0: the weights of layer" in err
    assert err.count("diverged") == 1
    assert "nan" not in out
    assert "the decay alone makes them grow" in sim.load(tmp_path / "run.nc").attrs["diverged"]
    assert tailoff("train", *words, "--pixels", "0,255")[0] == 0
    assert "--pixels must be two numbers" in tailoff("train", *words, "--pixels", "white")[2]
    assert "raise the limit: max_bytes=2656 (--max-size)" in tailoff("train", *words, "--max-size", "2KB")[2]
