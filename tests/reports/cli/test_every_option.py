"""No option is ignored: given to any command, each one changes the answer, is said to have no effect, or is refused.

The options are those that the command line itself lists, so that a new one fails here until it is tried. Of `fit`,
`explore`, `forecast`, `report` and `sweep` the options have tests of their own: two read files of every kind, the
others take a while, or write stores.
"""

import gc
from pathlib import Path

import numpy as np
import pytest
import typer.main

import theory
from reports.cli import app as cli

ELSEWHERE = {"explore", "fit", "forecast", "report", "sweep"}
COMMANDS = {
    name: command for name, command in typer.main.get_command(cli.app).commands.items() if name not in ELSEWHERE
}
TORCH = "--lr 1e-3 --weight-decay 0.1"

BASES = {
    "equilibrium": [
        "50000 5 0.1",
        f"{TORCH} --optimizer adamw",
        "50000 5 0.01 --optimizer momentum",
        "50000 5 0.001 --optimizer muon --shape 64x64",
    ],
    "trajectory": [
        "100 5 0.1 --steps 200",
        f"{TORCH} --optimizer adamw --steps 200 --schedule cosine",
        f"{TORCH} --optimizer lion --steps 200 --schedule step --every 50",
        "100 5 0.1 --optimizer momentum --steps 200 --schedule trapezoid --cooldown 50",
        "100 5 0.001 --optimizer muon --shape 64x64 --steps 200 --schedule 1-sqrt",
    ],
    "decay-for": [
        "--lr 1e-3 --scale 0.02 --noise 0.1",
        "--lr 1e-3 --scale 0.02 --optimizer adamw",
        "--lr 1e-3 --memory 1000 --optimizer lion",
        "--n 5000 --eta 0.1 --epochs 3 --batch-size 10 --optimizer momentum",
        "--lr 0.01 --scale 0.1 --noise 0.3 --steps 400 --schedule cosine --start 0.5",
        "--lr 0.01 --scale 0.1 --noise 0.3 --steps 400 --schedule step --every 100 --start 0.5",
        "--lr 0.01 --scale 0.1 --noise 0.3 --steps 400 --schedule trapezoid --cooldown 200 --start 0.5",
        "--lr 1e-3 --scale 0.02 --optimizer muon --shape 64x64",
        "--lr 1e-3 --tokens-per-parameter 20 --steps 5000 --optimizer adamw",
    ],
    "rescale": [
        "50000 5 0.1 --batch-size 10 --to-batch-size 40",
        f"{TORCH} --optimizer adamw --batch-size 10 --to-batch-size 40",
        f"{TORCH} --optimizer adam --noise 0.1 --examples 5000 --batch-size 10 --to-n 9000",
        "50000 5 0.001 --optimizer momentum --batch-size 10 --to-eta 0.002",
        "50000 5 0.001 --optimizer muon --shape 64x64 --batch-size 10 --to-batch-size 40",
        f"{TORCH} --optimizer adamw --width 64 --to-width 256 --width-rule fan",
        f"{TORCH} --optimizer adamw --examples 5000 --to-n 9000 --tokens-per-parameter 20 --to-tokens-per-parameter 30",
    ],
    "translate": [
        "",
        "0.1 --source torch.AdamW --target keras.AdamW",
        "0.1 --source torch.AdamW --target tfa.AdamW --lr 1e-3",
        "0.1 --source torch.AdamW --target big_vision --max-lr 1e-3",
        "0.1 --source torch.AdamW --target composer.DecoupledAdamW --initial-lr 1e-3",
        "5 --source textbook.SGD --target torch.SGD --n 50000",
        "0.1 --source torch.SGD --target torch.AdamW --momentum 0",
        "0.1 --source torch.AdamW --target transformers.Adafactor(scale_parameter) --rms 0.1",
    ],
    "derive": ["", "--correlated"],
    "walk": [
        "100 20 0.5 --weights 64 --steps 1280",
        "100 20 0.1 --weights 64 --steps 1280 --optimizer adamw",
        "100 20 0.5 --weights 64 --steps 640 --schedule cosine",
        "100 20 0.5 --weights 64 --steps 640 --schedule trapezoid --cooldown 64",
        "100 20 0.5 --weights 64 --steps 640 --schedule step --every 64 --optimizer momentum",
        "100 20 0.05 --weights 16 --steps 640 --optimizer muon --shape 16x16 --schedule linear",
    ],
    "train": ["--data {toy} --sizes 8,4,3 --epochs 2 --batch-size 5"],
    "layers": ["{run}"],
    "teacher-student": ["", "--hidden 2 --teachers 1"],
    "doctor": [""],
}
TRIED = {
    "n": "70000", "lam": "6", "eta": "0.07", "lr": "2e-3", "weight_decay": "0.3", "noise": "0.05", "correlation": "0.4",
    "curvature": "0.2", "start": "0.3", "batch_size": "7", "optimizer": "signum", "momentum": "0.6", "beta1": "0.7",
    "beta2": "0.97", "decoupled": None, "settings": "maximize=True", "shape": "32x48", "steps": "320",
    "schedule": "linear", "warmup": "64", "cooldown": "100", "floor": "0.2", "every": "40", "factor": "0.5",
    "independent": None, "scale": "0.03", "memory": "700", "epochs": "4", "to_batch_size": "50", "examples": "6000",
    "to_n": "8000", "to_eta": "0.003", "width": "128", "to_width": "512", "width_rule": "wang-aitchison",
    "tokens_per_parameter": "30", "to_tokens_per_parameter": "50",
    "value": "0.3", "source": "torch.Adam", "target": "optax.adamw",
    "max_lr": "2e-3", "initial_lr": "2e-3", "rms": "0.3", "correlated": None, "form": "latex", "weights": "80",
    "sign_noise": None, "seed": "5", "data": "{other}", "sizes": "8,5,3", "init": "default", "cost": "quadratic",
    "replicas": "2", "checkpoint": "{file}", "resume": "{state}", "out": "{file}", "plot": "{file}.svg", "hidden": "3",
    "teachers": "2", "gamma": "0.03", "sigma": "0.8", "start_norm": "300", "teacher_norm": "2", "fan_in": "500",
    "simulate": None, "pixels": "0,2", "max_size": "2kB",
}  # fmt: skip
SAME_BY_DESIGN = {
    ("equilibrium", "decoupled", "adamw"), ("equilibrium", "decoupled", "muon"), ("trajectory", "decoupled", "adamw"),
    ("trajectory", "decoupled", "lion"), ("trajectory", "decoupled", "muon"), ("decay-for", "decoupled", "adamw"),
    ("decay-for", "decoupled", "lion"), ("decay-for", "decoupled", "muon"), ("rescale", "decoupled", "adamw"),
    ("rescale", "decoupled", "muon"), ("walk", "decoupled", "adamw"), ("walk", "decoupled", "muon"),  # have no other
    ("train", "resume", ""),  # a resumed run ends at the bits of one that was never interrupted
}  # fmt: skip
# --format is not for --json, by which answers are compared; a limit of size can only refuse; resume: see above; pixels
# need data of their own.
ONLY_REFUSED = {"form", "max_size", "resume", "pixels"}
TOO_LONG = {("teacher-student", "simulate", "--hidden 2 --teachers 1")}  # half a minute; it is tried with one unit


def options(command):
    return [p for p in COMMANDS[command].params if p.opts[0].startswith("-") and p.name not in {"as_json", "help"}]


@pytest.fixture
def known(tmp_path, tailoff):
    """What stands for the names in braces: data, a run, its checkpoint, and a file that is to be written."""
    gc.freeze()  # each command collects garbage at its end: hundreds of times, so not through all that is imported
    rng = np.random.default_rng(0)
    names = {name: str(tmp_path / name) for name in ("file", "state")}
    names |= {name: str(tmp_path / f"{name}.npz") for name in ("toy", "other")} | {"run": str(tmp_path / "run.nc")}
    for name in ("toy", "other"):
        np.savez(names[name], images=rng.random((70, 8)), labels=rng.integers(0, 3, 70))
    base = BASES["train"][0].format(**names).replace("--epochs 2", "--epochs 20")
    assert tailoff("train", *base.split(), "--out", names["run"])[0] == 0
    assert tailoff("train", *BASES["train"][0].format(**names).split(), "--checkpoint", names["state"])[0] == 0
    yield names
    gc.unfreeze()


def answer(tailoff, command, base, known):
    code, out, err = tailoff(command, *base.format(**known).split(), "--json")
    assert code == 0, (command, base, err)
    return out


def outcome(tailoff, command, base, option, known, plain):
    """Return what comes of one more option: "changes" or "file" if it matters, "refused", or "IGNORED"."""
    value = TRIED[option.name]
    given = [option.opts[0]] + ([] if value is None else [value.format(**known)])
    code, out, err = tailoff(command, *base.format(**known).split(), "--json", *given)
    if code:
        assert (out, err.count("\n")) == ("", 1)
        return "refused"
    written = value is not None and "{file}" in value and Path(given[1]).exists()
    if written:
        Path(given[1]).unlink()
    return "file" if written else "changes" if out != plain else "IGNORED"


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_no_option_is_ignored(command, tailoff, known):
    wrong, matters = [], set()
    for base in BASES[command]:
        optimizer = base.split("--optimizer ")[1].split()[0] if "--optimizer" in base else ""
        plain = answer(tailoff, command, base, known)
        for option in options(command):
            twice = " ".join([option.opts[0], TRIED[option.name] or ""]).strip() in base
            if twice or (command, option.name, base) in TOO_LONG:
                continue
            found = outcome(tailoff, command, base, option, known, plain)
            if found in {"changes", "file"}:
                matters.add(option.name)
            if found == "IGNORED" and (command, option.name, optimizer) not in SAME_BY_DESIGN:
                wrong.append(f"{command} {base} {option.opts[0]}")
    assert wrong == []
    never = {option.name for option in options(command)} - matters - ONLY_REFUSED
    assert never == set(), f"{command} refuses it everywhere"


def test_an_ignored_option_is_seen(tailoff, monkeypatch):
    """Negative control: a command that drops what it is given."""
    drop = next(option for option in options("derive") if option.name == "correlated")
    derive = theory.derive
    monkeypatch.setattr(theory, "derive", lambda correlated: derive(correlated=False))
    assert outcome(tailoff, "derive", "", drop, {}, answer(tailoff, "derive", "", {})) == "IGNORED"


def test_every_option_is_tried():
    missing = {name: [o.name for o in options(name) if o.name not in TRIED] for name in COMMANDS}
    assert {name: options for name, options in missing.items() if options} == {}
    assert set(BASES) == set(COMMANDS)
