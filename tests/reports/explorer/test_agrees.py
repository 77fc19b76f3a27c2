"""The page's numbers are those of `theory`: at settings drawn at random, in a real browser, to 1e-9."""

import numpy as np
import pytest

import theory
from reports.explorer.adamw_table import BETAS1, BETAS2

pytestmark = pytest.mark.slow
SETTINGS, RUNS, CLOSE = 200, 60, 1e-9
TIMES = np.array([0, 1, 2, 3, 10, 50, 400])  # in units of the page's spacing


def log_uniform(rng, low, high):
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def one_weight(rng):
    """Settings of the first panel as its sliders could give them."""
    optimizer = str(rng.choice(["sgd", "sgdw", "adamw"]))
    settings = {
        "optimizer": optimizer, "n": int(log_uniform(rng, 100, 60_000)), "lam": log_uniform(rng, 0.5, 100),
        "eta": log_uniform(rng, 1e-3, 0.5), "momentum": float(rng.choice([0, 0.5, 0.9, 0.99])),
        "memory": 0.0 if optimizer == "adamw" else float(rng.choice([0, 0.5, 0.9, 0.999])),
        "beta1": float(rng.choice(BETAS1)), "beta2": float(rng.choice(BETAS2)), "start": log_uniform(rng, 1e-3, 10),
    }  # fmt: skip
    spacing = int(log_uniform(rng, 1, 500))
    return settings, spacing


def predicted(settings):
    """The equilibrium that `theory` predicts for them."""
    if settings["optimizer"] == "adamw":
        optimizer = theory.AdamW((settings["beta1"], settings["beta2"]))
    else:
        optimizer = (theory.SGD if settings["optimizer"] == "sgd" else theory.SGDW)(momentum=settings["momentum"])
    return theory.equilibrium(
        settings["n"], settings["lam"], settings["eta"], correlation=settings["memory"], optimizer=optimizer
    )


def test_one_weight(opened):
    rng = np.random.default_rng(17)
    page, worst = opened(), {}
    for _ in range(SETTINGS):
        settings, spacing = one_weight(rng)
        eq = predicted(settings)
        found = page.evaluate("(settings) => explorer.predict(settings)", settings)
        path = page.evaluate("([s, spacing, count]) => explorer.path(s, spacing, count)", [settings, spacing, 400])
        here = {
            "scale": (found["scale"], eq.scale),
            "balance": (found["balance"], eq.balance),
            "relaxation": (found["relaxation"], eq.relaxation_time),
            "rms": (np.sqrt(np.array(path)[TIMES]), eq.rms(TIMES * spacing, start=settings["start"])),
        }
        if settings["optimizer"] == "sgd" and settings["momentum"] == 0:
            here["coherent"] = (found["coherent"], eq.inverse_sqrt_n.lam_coherent)
            if np.isfinite(eq.inverse_sqrt_n.lam_white):
                here["white"] = (found["white"], eq.inverse_sqrt_n.lam_white)
        for name, (said, right) in here.items():
            away = np.max(np.abs(np.asarray(said) / np.asarray(right) - 1))
            worst[name] = max(worst.get(name, (0.0, "")), (away, str(settings)))
    print(worst)
    assert {name: entry for name, entry in worst.items() if entry[0] > CLOSE} == {}
    assert {"scale", "balance", "relaxation", "rms", "white", "coherent"} <= set(worst)


def schedule_of(settings):
    """The schedule of the third panel as `theory` has it."""
    if settings["shape"] == "trapezoid":
        return theory.schedules.trapezoid(warmup=settings["warmup"], cooldown=settings["cooldown"])
    return getattr(theory.schedules, settings["shape"])(warmup=settings["warmup"])


def test_a_run(opened):
    rng = np.random.default_rng(5)
    page, worst = opened(), {}
    for _ in range(RUNS):
        steps = int(log_uniform(rng, 100, 20_000))
        settings = {
            "optimizer": str(rng.choice(["adamw", "sgd"])), "lr": log_uniform(rng, 1e-5, 0.1), "steps": steps,
            "shape": str(rng.choice(["constant", "linear", "cosine", "trapezoid"])),
            "decay": log_uniform(rng, 1e-3, 1), "warmup": int(rng.uniform(0, 0.5) * steps),
            "cooldown": max(1, int(rng.uniform(0.05, 0.5) * steps)), "beta1": float(rng.choice(BETAS1)),
            "beta2": float(rng.choice(BETAS2)), "noise": log_uniform(rng, 1e-4, 1), "start": log_uniform(rng, 1e-3, 1),
        }  # fmt: skip
        found = page.evaluate("""(settings) => {
            const run = explorer.alongRun(settings);
            return Object.fromEntries(Object.entries(run).map(([k, v]) => [k, v.length === undefined ? v : [...v]]));
        }""", settings)  # fmt: skip
        adamw = theory.AdamW((settings["beta1"], settings["beta2"]))
        run = theory.trajectory(
            lr=settings["lr"], weight_decay=settings["decay"], steps=steps, start=settings["start"],
            schedule=schedule_of(settings), noise=settings["noise"],
            optimizer=adamw if settings["optimizer"] == "adamw" else theory.SGD(),
        )  # fmt: skip
        here = {
            "factors": (found["factors"], run.rates.lr / settings["lr"]),
            "variance": (found["variance"], run.variance),
            "clock": (found["clock"][0], run.K),
            "moment": (np.sqrt(found["moment"]), run.momentary),
            "peak": (np.sqrt(found["peak"]), run.peak.scale),
            "remembered": (found["remembered"], run.remembered()),
        }
        for name, (said, right) in here.items():
            away = np.max(np.abs(np.asarray(said) / np.asarray(right) - 1))
            worst[name] = max(worst.get(name, (0.0, "")), (away, str(settings)))
    print(worst)
    assert {name: entry for name, entry in worst.items() if entry[0] > CLOSE} == {}


def test_a_wrong_law_is_seen(opened):
    """The same comparison rejects a decay that is off by a millionth."""
    page = opened()
    settings = {
        "optimizer": "sgd",
        "n": 1000,
        "lam": 5 * (1 + 1e-6),
        "eta": 0.1,
        "memory": 0,
        "momentum": 0,
        "start": 1,
    }
    found = page.evaluate("(settings) => explorer.predict(settings)", settings)
    assert abs(found["scale"] / theory.equilibrium(1000, 5, 0.1).scale - 1) > 100 * CLOSE
