"""The command line in the words people use: lr and weight_decay, any optimizer, schedules, design, frameworks."""

import json

import pytest

import theory
from reports.cli.optimizer_choice import listed_optimizers
from theory.settings.optimizers.named import optimizer_classes

WORDS = ("--lr", 1e-3, "--weight-decay", 0.1, "--optimizer", "adamw")


def test_equilibrium_in_torchs_words(tailoff):
    numbers = json.loads(tailoff("equilibrium", *WORDS, "--beta2", 0.95, "--json")[1])
    expected = theory.equilibrium(lr=1e-3, weight_decay=0.1, optimizer=theory.AdamW((0.9, 0.95)))
    assert numbers["scale"] == expected.scale
    assert "inverse_sqrt_n" not in numbers
    assert numbers["noise"] is None  # not given, and nothing that the law asks for
    set_so = json.loads(tailoff("equilibrium", *WORDS, "--set", "betas=(0.9, 0.95)", "--json")[1])
    assert set_so == numbers


@pytest.mark.parametrize("name", sorted(optimizer_classes()))
def test_every_optimizer_is_known_by_name(tailoff, name):
    """Some have no stationary state: then one line says so, and never that the name is unknown."""
    words = ("--lr", 1e-4, "--weight-decay", 0.1, "--noise", 0.02, "--optimizer", name)
    words += ("--shape", "64x64") if name in {"muon", "adafactor"} else ()
    code, out, err = tailoff("equilibrium", *words)
    assert (code == 0 and "scale" in out) or (code == 2 and err.count("\n") == 1)
    assert "--optimizer must be one of" not in err
    assert name in listed_optimizers()


def test_trajectory(tailoff, tmp_path):
    words = (*WORDS, "--schedule", "cosine", "--warmup", 100, "--steps", 2000, "--start", 0.02)
    code, out, _ = tailoff("trajectory", *words, "--plot", tmp_path / "run.svg")
    assert code == 0
    assert "end over peak" in out
    assert (tmp_path / "run.svg").read_text().startswith("<?xml")
    found = json.loads(tailoff("trajectory", *words, "--json")[1])
    run = theory.trajectory(
        lr=1e-3, weight_decay=0.1, optimizer="adamw", steps=2000, start=0.02,
        schedule=theory.schedules.cosine(warmup=100),
    )  # fmt: skip
    assert found["end"] == run.rms[-1]
    assert found["rms"] == run.rms[found["steps"]].tolist()
    assert (found["steps"][0], found["steps"][-1]) == (0, 2000)
    assert found["end_over_peak"] == pytest.approx(run.end_over_peak)
    assert found["accuracy"] == run.accuracy[found["steps"]].tolist()
    assert f"known to {100 * run.accuracy[-1]:.2g}%" in out
    unmeasured = ("--optimizer", "adam", "--beta1", 0.99999, "--noise", 0.02, "--steps", 2)
    found = json.loads(tailoff("trajectory", "--lr", 3e-4, "--weight-decay", 0.1, *unmeasured, "--json")[1])
    assert found["accuracy"] == [0.0, None, None]


def test_trajectory_without_an_equilibrium(tailoff):
    found = json.loads(tailoff("trajectory", 100, 0, 0.1, "--steps", 50, "--json")[1])
    assert found["end_over_peak"] is None
    assert found["end"] == pytest.approx(0.1 * 0.1 * 50**0.5)


def test_decay_for(tailoff):
    found = json.loads(tailoff("decay-for", "--lr", 1e-3, "--scale", 0.02, "--optimizer", "adamw", "--json")[1])
    assert found["weight_decay"] == theory.decay_for(lr=1e-3, scale=0.02, optimizer="adamw")
    found = json.loads(tailoff("decay-for", "--n", 5000, "--eta", 0.1, "--epochs", 3, "--batch-size", 10, "--json")[1])
    assert found["lam"] == pytest.approx(10 / (0.1 * 3), rel=1e-3)
    run = ("--steps", 400, "--schedule", "cosine", "--start", 0.5, "--noise", 0.3)
    words = ("decay-for", "--lr", 0.01, "--scale", 0.1, *run)
    again = json.loads(tailoff(*words, "--json")[1])["weight_decay"]
    ends = theory.trajectory(lr=0.01, weight_decay=again, steps=400, schedule="cosine", start=0.5, noise=0.3).rms[-1]
    assert ends == pytest.approx(0.1, rel=1e-9)


def test_a_memory_asks_for_the_noise_where_it_feels_it(tailoff):
    """Coupled Adam forgets in proportion to the noise; SGD's memory needs none, and takes none."""
    words = ("decay-for", "--lr", 1e-3, "--memory", 5000, "--json")
    one, two = (
        json.loads(tailoff(*words, "--optimizer", "adam", "--noise", s)[1])["weight_decay"] for s in (0.02, 0.04)
    )
    assert two == pytest.approx(2 * one, rel=1e-6)
    assert theory.timescale(lr=1e-3, weight_decay=one, noise=0.02, optimizer="adam").steps == pytest.approx(5000)
    assert tailoff(*words, "--optimizer", "adam")[0] == 2
    plain = json.loads(tailoff(*words)[1])["weight_decay"]
    assert theory.timescale(lr=1e-3, weight_decay=plain).steps == pytest.approx(5000)


def test_rescale(tailoff):
    found = json.loads(tailoff("rescale", *WORDS, "--batch-size", 10, "--to-batch-size", 40, "--json")[1])
    assert found["lr"] == pytest.approx(2e-3, rel=3e-3)
    assert found["weight_decay"] == pytest.approx(0.2, rel=3e-3)
    found = json.loads(tailoff("rescale", 50_000, 5, 0.1, "--batch-size", 10, "--to-batch-size", 40, "--json")[1])
    assert (found["eta"], found["lam"]) == pytest.approx((0.4, 5), rel=1e-3)


def test_published_rules(tailoff):
    words = ("--width", 256, "--to-width", 1024, "--width-rule", "fan")
    code, out, _ = tailoff("rescale", *WORDS, *words)
    assert code == 0
    assert "width rule       Fan et al. 2025 (arXiv:2510.15262)" in out
    found = json.loads(tailoff("rescale", *WORDS, *words, "--json")[1])
    assert (found["lr"], found["weight_decay"]) == pytest.approx((2.5e-4, 0.2), rel=1e-3)
    words = ("--tokens-per-parameter", 20, "--to-tokens-per-parameter", 80, "--json")
    found = json.loads(tailoff("rescale", *WORDS, *words)[1])
    assert found["memory_ratio"] == pytest.approx(4**-0.527)
    assert found["tokens_rule"].startswith("Bergsma et al. 2025 (arXiv:2505.13738)")
    words = ("decay-for", "--lr", 1e-3, "--optimizer", "adamw", "--tokens-per-parameter", 20, "--steps", "1e4")
    found = json.loads(tailoff(*words, "--json")[1])
    assert found["weight_decay"] == theory.decay_for(lr=1e-3, tokens_per_parameter=20, steps=10_000, optimizer="adamw")
    assert "Bergsma" in found["rule"]


def test_translate(tailoff):
    code, out, _ = tailoff("translate", 0.1, "--source", "torch.AdamW", "--target", "tfa.AdamW", "--lr", 1e-3)
    assert code == 0
    assert "0.0001" in out
    assert "at this learning rate only" in out
    words = ("translate", 0.1, "--source", "torch.AdamW", "--target", "keras.AdamW", "--json")
    assert json.loads(tailoff(*words)[1])["along_schedule"] is True
    assert "optax.adamw" in tailoff("translate")[1]
    assert json.loads(tailoff("translate", "--json")[1])["keras.l2"]["formula"] == "2 lr wd"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["equilibrium", 100, "--lr", 0.1, "--weight-decay", 0.1], "n must be left out beside lr"),
        (["equilibrium", "--lr", 0.1, "--weight-decay", 0.1], "noise must be given"),
        (["equilibrium", "--lr", 0.1], "weight_decay must be given"),
        (["equilibrium", *WORDS, "--optimizer", "lbfgs"], "must have weight decay"),
        (["equilibrium", *WORDS, "--optimizer", "foo"], "--optimizer must be one of ada"),
        (["equilibrium", *WORDS, "--set", "beta9=1"], "--set must be name=value with a name of "),
        (["equilibrium", *WORDS, "--set", "betas"], "--set must be name=value"),
        (["equilibrium", *WORDS, "--set", "betas=high"], "betas must be a pair"),
        (["equilibrium", *WORDS, "--optimizer", "muon", "--shape", "axb"], "--shape must be lengths"),
        (["equilibrium", *WORDS, "--shape", "3x4"], "--shape must be left out with AdamW"),
        (["trajectory", *WORDS, "--steps", "1e8"], "steps must be at most 10,000,000, got 100000000"),
        (["trajectory", *WORDS, "--steps", "1e3.5"], "must be a whole number such as 10000 or 1e4, got '1e3.5'"),
        (["trajectory", *WORDS, "--independent"], "--independent must be left out without a --schedule"),
        (["trajectory", 100, 5, 50, "--steps", 1000], "got 2.5 in step 1: they are too large"),
        (["decay-for", "--lr", 0.1, "--scale", 1, "--warmup", 5], "--steps must be given with --warmup"),
        (["decay-for", "--lr", 0.1, "--memory", 50, "--noise", 1], "--noise must be left out without --scale"),
        (
            ["decay-for", "--lr", 0.1, "--scale", 1, "--noise", 9, "--batch-size", -7],
            "batch_size must be left out with",
        ),
        (["rescale", 5000, 5, 0.1, "--batch-size", 10], "--to-batch-size, --to-n, --to-eta, --to-width or --to-tok"),
        (["rescale", *WORDS, "--width", 9, "--to-width", 19], "width_rule must be given with to_width, got None. Take"),
        (["rescale", *WORDS, "--to-width", 19, "--width-rule", "fan"], "width must be given with to_width"),
        (["decay-for", "--lr", 0.1, "--tokens-per-parameter", 20, "--optimizer", "adamw"], "steps must be given with"),
        (
            ["decay-for", "--lr", 0.1, "--tokens-per-parameter", 20, "--steps", 99, "--schedule", "cosine"],
            "--schedule must be left out with --tokens-per-parameter, got cosine",
        ),
        (["rescale", 5000, 5, 0.1, "--to-batch-size", 10], "--batch-size must be given with --to-batch-size"),
        (
            ["rescale", 5000, 5, 0.1, "--to-batch-size", 10, "--examples", 7],
            "--examples must be left out without --lr and --to-n, got 7",
        ),
        (["translate", "--lr", 0.1], "VALUE must be given with --lr"),
        (
            ["translate", -0.1, "--source", "torch.AdamW", "--target", "keras.l2"],
            "VALUE must not be negative, got -0.1",
        ),
        (["derive", "--format", "latex", "--json"], "--format must be left out with --json"),
        (["teacher-student", "--teacher-norm", 2], "--teacher-norm must be left out without --teachers"),
        (["teacher-student", "--hidden", "1e9"], "--hidden must be at most 100, got 1000000000"),
        (["walk", 100, 20, 0.1, "--weights", "1e9"], "weights must be at most 10,000,000 numbers in all"),
        (["walk", 100, 20, 0.1, "--independent"], "--independent must be left out without a --schedule"),
        (["walk", 100, 20, 0.1, "--schedule", "cosine", "--steps", 1000], "Write 960 or 1024"),
        (["train", "--sizes", "784,100000000,10"], "sizes and replicas must make at most 100,000,000 weights"),
        (["equilibrium", *WORDS, "--batch-size", 10], "needs n"),
        (["trajectory", *WORDS, "--schedule", "cubic"], "--schedule must be one of constant, "),
        (
            ["trajectory", *WORDS, "--schedule", "cosine", "--every", 5],
            "--every must be left out with --schedule cosine",
        ),
        (["trajectory", *WORDS, "--schedule", "wsd"], "--cooldown must be given with --schedule wsd"),
        (["trajectory", *WORDS, "--schedule", "cosine", "--warmup", 50, "--steps", 20], "steps must cover the warm-up"),
        (["trajectory", *WORDS, "--steps", 20, "--plot", "run.png"], "must end in .svg"),
        (["decay-for", "--lr", 0.1], "give either scale or epochs or memory"),
        (["decay-for", "--lr", 0.1, "--scale", 1, "--schedule", "cosine"], "--steps must be given with --schedule"),
        (["rescale", *WORDS, "--batch-size", 10, "--to-n", 100], "n must be given with to_n"),
        (["translate", 0.1], "--source and --target must be given"),
        (["translate", 0.1, "--source", "torch.Adam", "--target", "torch.AdamW"], "no number makes them equal"),
        (["translate", 0.1, "--source", "torch.AdamW", "--target", "big_vision"], "max_lr must be given"),
        (["translate", 0.1, "--source", "torch", "--target", "big_vision"], "source must be one of"),
    ],
)
def test_mistakes_end_in_one_line(tailoff, words, message):
    code, out, err = tailoff(*words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_what_has_no_effect_is_said(tailoff):
    assert "without effect   --noise: it drops out" in tailoff("trajectory", *WORDS, "--noise", 9, "--steps", 99)[1]
    words = ("translate", 0.1, "--source", "torch.AdamW", "--target", "keras.AdamW")
    assert "without effect   --momentum, --lr" in tailoff(*words, "--lr", 0.1, "--momentum", 0.5)[1]
    assert "without effect" not in tailoff(*words)[1]


@pytest.mark.parametrize("command", ["equilibrium", "trajectory", "decay-for", "rescale", "translate", "walk"])
def test_help_has_an_example_that_runs(tailoff, command):
    code, out, _ = tailoff(command, "--help")
    assert code == 0
    example = " ".join(out.split()).split(f"Example: tailoff {command} ")[1].split(" Example:")[0].split(" Options")[0]
    example = example.split(" Arguments")[0]
    assert tailoff(command, *example.split())[0] == 0
