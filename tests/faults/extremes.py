"""Extreme arguments for every public function of the theory, and what may come of them.

What may: a number that is finite, or an error that the caller can understand. What may not: another exception, a
warning, a NaN or an infinity without a word, or more than five seconds.
"""

import dataclasses
import inspect
import math
import signal
import time
import traceback
import warnings
from contextlib import contextmanager
from fractions import Fraction

import numpy as np
import sympy as sp
from hypothesis import strategies as st

import theory

SECONDS = 5

NUMBERS = [
    *(
        0.0,
        -0.0,
        5e-324,
        1e-300,
        1e-160,
        1e-30,
        1e-16,
        1 - 1e-16,
        1.0,
        1 + 1e-15,
        2.0,
        1e13,
        1e100,
        1e160,
        1e300,
        1.7e308,
    ),
    *(-1.0, -1e-300, -1e300, math.nan, math.inf, -math.inf),
    *(10**400, -(10**400), 10**5000, 10**13, 0, 1, -1, 2**63, True),
]
NO_NUMBERS = [
    *(None, "5", "", b"1", 1j, Fraction(1, 3), object(), theory.SGD),
    *([], [1.0, 2.0], [[1.0]], [[1.0], [2.0, 3.0]], (), {}, [10**13, 2], (1e13, 1e13)),
    *(
        np.array([]),
        np.array([1.0, 2.0]),
        np.array([1.0, math.nan]),
        np.array(["a"]),
        np.array([None]),
        np.zeros((2, 3)),
    ),
    *(np.float32(1e30), np.float64(1e300), np.int64(7), np.array(3.0)),
    np.ma.masked_array([1.0, 2.0], [True, False]),
]
EXTREME = st.one_of(st.sampled_from(NUMBERS), st.sampled_from(NO_NUMBERS), st.floats())

ORDINARY = {
    "K": [1, 2], "M": [1, 0], "Q": [1.0], "R": [0.5], "T": [1.0], "alignment": [0.1, -0.1],
    "alignment_error": [None, 1e-3], "alpha": [1.0, 10.0], "alpha_max": [None, 100.0], "alpha_min": [0.0],
    "batch_size": [10, 1], "betas": [(0.9, 0.999), (0.9, 0.99)], "bias_std": [1.0], "correlated": [False, True],
    "correlation": [0.0, 0.5], "cost": ["cross-entropy", "quadratic", 0.3], "curvature": [0.0, 0.1],
    "decoupled": [False, True], "dimension": [10, 784], "epochs": [30.0], "eta": [0.1, 0.001, 1.0],
    "eta_power": [0.0, 0.5], "fan_in": [[10, 100], 100], "gamma": [0.01, 0.1], "gamma_power": [0.0, 1.0],
    "grad_sq": [1e-3, None], "grad_sq_error": [None, 1e-5], "init": ["large", "default"],
    "inputs": [np.ones((3, 784)), None, np.random.default_rng(0).random((6, 4))], "lag": [1, 10],
    "lam": [5.0, 0.1, 100.0, np.array([1.0, 2.0, 4.0, 8.0, 16.0])], "limit": [False, True],
    "momentum": [0.0, 0.9], "n": [50_000, 100.0, 1e6], "nesterov": [False, True], "noise": [None, 0.01],
    "norm_sq": [100.0], "reference": [None, 100.0], "residual": [1.0], "scale": [0.1, 0.01], "seed": [1],
    "sigma": [0.0, 1.0], "sizes": [(784, 30, 10), (5, 2)], "squared_norm": [None, 88.0], "start": [1.0],
    "steps": [0, 100, 10_000], "teacher_sq": [0.0, 1.0], "to_batch_size": [None, 20], "to_eta": [None, 0.01],
    "to_n": [None, 1e5], "unit": [0], "weights": [1000], "within": [0.05],
    "lr": [1e-3, None], "weight_decay": [0.1, None], "memory": [None, 100.0], "source": ["torch.AdamW", "textbook.SGD"],
    "target": ["keras.AdamW", "keras.l2"], "value": [0.1], "schedule": [None, "cosine"],
    "decay_schedule": [None, "linear"],
    "independent": [False, True], "shape": [None], "labels": [np.array([0, 1, 0, 1, 1, 0])],
    "tokens_per_parameter": [None, 20.0], "to_tokens_per_parameter": [None, 40.0], "width": [None, 256.0],
    "to_width": [None, 512.0], "width_rule": [None, "wang-aitchison", "fan"], "n_weights": [23_860],
    "fall": ["linear", "cosine"], "floor": [0.0, 0.1], "p2": [1.0], "p3": [1.2], "ratio": [2.0],
    "alpha_slope": [0.0, 0.1],
    "noise_share": [0.3], "signal_slope": [0.5], "accuracy": [1e-3], "max_iterations": [100], "penalty": [0.05],
    "cost_star": [0.3, np.array([0.1, 0.15, 0.2, 0.3, 0.5])], "cost_se": [None, 0.01], "dampening": [0.0, 0.5],
    "maximize": [False, True], "eps": [1e-8], "amsgrad": [False, True], "decoupled_weight_decay": [False],
    "rho": [0.9], "momentum_decay": [4e-3], "centered": [False, True], "lambd": [1e-4], "t0": [1e6], "rows": [8],
}  # fmt: skip
BOOK = {"lr": [None], "weight_decay": [None], "lam": [5.0, 100.0], "schedule": [None], "decay_schedule": [None]}
NOT_ASKED = {name: [None] for name in ("lr", "memory", "epochs", "batch_size", "tokens_per_parameter", "steps")}
ORDINARY_OF = {  # where the above do not fit together: what a function takes with most others
    "equilibrium": BOOK | {"correlation": [0.0]},
    "trajectory": BOOK | {"steps": [100, 10_000]},
    "decay_for": NOT_ASKED,
    "decay_for_memory": {"lr": [1e-3], "memory": [100.0, 1e4]},
    "pytorch_s_words": {"lr": [1e-3], "weight_decay": [0.1], "noise": [0.01]},
    "rescale_width": {"lr": [1e-3], "weight_decay": [0.1], "width": [256.0], "to_width": [512.0]}
    | {"width_rule": ["wang-aitchison", "fan"]},
    "rescale": BOOK | {name: [None] for name in ("width", "to_width", "width_rule", "to_tokens_per_parameter")}
    | {"tokens_per_parameter": [None]},
    "norm_balance": {"lam": [5.0], "alignment": [-0.1, 0.0], "alignment_error": [1e-3], "grad_sq_error": [1e-5]},
    "linear_regression": {"eta": [1e-3, 1e-4]},
    "exponent_of_lam": {"alpha": [0.3]},
    "width_law": {"alpha": [0.3], "lam": [5.0]},
    "RMSprop": {"alpha": [0.99]},
    "Adafactor": {"beta2_decay": [-0.8], "d": [1.0], "eps": [(None, 1e-3)]},
    "Muon": {"ns_coefficients": [(3.4445, -4.775, 2.0315)], "ns_steps": [5], "adjust_lr_fn": [None]},
}  # fmt: skip
MEMORIES = st.sampled_from([0.0, 0.5, 0.9, 1 - 1e-16, 1 - 1e-12, 1e-300, 5e-324, math.nan, 1.0, None, 10**400, [0.9]])


def made(maker, *strategies, **named):
    """Draw arguments; give what `maker` makes of them, or what it should make of ordinary ones where it refuses."""

    def build(values):
        try:
            return maker(*values[0], **values[1])
        except theory.TailoffError:
            return None

    return st.tuples(st.tuples(*strategies), st.fixed_dictionaries(named)).map(build)


def values(name, share, function=""):
    """Ordinary values of an argument, and extreme ones with a certain share."""
    ordinary = ORDINARY_OF.get(function, {}).get(name, ORDINARY.get(name))
    usual = st.sampled_from(ordinary) if ordinary else st.nothing()
    return st.integers(0, 99).flatmap(lambda i: EXTREME if i < share or not ordinary else usual)


def optimizers(share):
    memory = st.integers(0, 99).flatmap(lambda i: MEMORIES if i < share else st.just(0.9))
    kinds = [made(theory.SGD, memory, st.booleans(), st.booleans())]
    kinds += [made(kind, st.tuples(memory, memory)) for kind in (theory.Adam, theory.AdamW, theory.Lion)]
    kinds += [EXTREME] if share else []
    return st.one_of(st.just(theory.SGD()), *kinds).map(lambda o: theory.SGD() if o is None else o)


def rules(share):
    numbers = [values(name, share) for name in ("eta", "gamma", "sigma", "batch_size")]
    return made(theory.OnlineRule, *numbers).map(lambda r: r or theory.OnlineRule(0.5, 0.1))


def overlaps(share):
    start = made(theory.Overlaps, values("Q", share), values("R", share), values("T", share))
    return start.map(lambda o: o or theory.Overlaps(1.0, 0.5, 1.0))


def argument(name, annotation, share, function):
    if name == "optimizer":
        return optimizers(share)
    if name == "rule":
        return rules(share)
    if name == "start" and "Overlaps" in annotation:
        return overlaps(share)
    return values(name, share, function)


def calls(function, share=25):
    """Arguments for a function, by its signature."""
    positional, named = [], {}
    for name, p in inspect.signature(function).parameters.items():
        if name == "self" or p.kind is p.VAR_KEYWORD or p.kind is p.VAR_POSITIONAL:
            continue
        drawn = argument(name, str(p.annotation), share, function.__name__)
        if p.kind is p.KEYWORD_ONLY:
            named[name] = drawn
        else:
            positional.append(drawn)
    return st.tuples(st.tuples(*positional), st.fixed_dictionaries(named))


class Hang(BaseException):
    """A call took too long; no `except Exception` is to catch it."""


@contextmanager
def time_limit(seconds):
    def stop(*_):
        raise Hang(f"more than {seconds} s")

    old = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


MEANT = {
    "accuracy",  # nan where it was not measured
    "lam_white",
    "lam_coherent",
    "saturated_Q",
    "saturated_logistic",
    "saturated_touchdown",
}  # the docstrings say it


def not_finite(value, name=""):
    """Return the name of a number within `value` that is not finite, or None."""
    if name in MEANT or isinstance(value, (str, bytes, sp.Basic, type(None))) or callable(value):
        return None
    if isinstance(value, (float, int, np.number, np.ndarray)):
        array = np.asarray(value)
        return name if array.dtype.kind in "fc" and not np.isfinite(array).all() else None
    if isinstance(value, (list, tuple)):
        return next((bad for v in value if (bad := not_finite(v, name))), None)
    return None


def attributes(result):
    """Every public attribute of a result, each with what happens when it is asked for."""
    for name in dir(type(result)):
        found = inspect.getattr_static(type(result), name)
        if (
            not name.startswith("_")
            and not inspect.isfunction(found)
            and not isinstance(found, (classmethod, staticmethod))
        ):
            yield name
    for f in dataclasses.fields(result) if dataclasses.is_dataclass(result) else ():
        if not f.name.startswith("_"):
            yield f.name


def problem_of(call):
    """Return what is wrong with a call, or None."""
    start = time.process_time()  # of this process: a busy machine is not its fault
    try:
        with warnings.catch_warnings(), time_limit(12 * SECONDS):
            warnings.simplefilter("error")
            call()
    except (theory.TailoffError, NotImplementedError) as error:
        if not 0 < len(str(error)) < 1500:
            return f"a message of {len(str(error))} characters"
    except Hang as error:
        return f"hang: {error}"
    except Exception as error:  # noqa: BLE001  what must not happen is what is looked for
        ours = [f for f in traceback.extract_tb(error.__traceback__) if "/theory/" in f.filename]
        where = f"{ours[-1].filename.split('/theory/')[-1]}:{ours[-1].lineno}" if ours else ""
        return f"{type(error).__name__} at {where}: {str(error)[:150]}"
    took = time.process_time() - start
    return f"took {took:.1f} s" if took > SECONDS else None


def problems(function, args, named):
    """Return what is wrong with a call, and with all that its result then tells: {where: what}."""
    kept = []
    if first := problem_of(lambda: kept.append(function(*args, **named))):
        return {"call": first}
    if not kept:
        return {}
    result = kept[0]
    if not type(result).__module__.startswith("theory"):
        return {"result": f"is {str(result)[:80]}"} if not_finite(result, function.__name__) else {}
    wrong = {name: problem_with(result, name) for name in attributes(result)}
    wrong["str"] = problem_of(lambda: str(result))
    return {where: what for where, what in wrong.items() if what}


def problem_with(result, name):
    found = []
    wrong = problem_of(lambda: found.append(getattr(result, name)))
    return wrong or (f"{name} = {str(found)[:80]}" if not_finite(found, name) else None)


def eq_rms(n, lam, eta, optimizer, correlation, steps, start):  # noqa: PLR0913, PLR0917
    return theory.equilibrium(n, lam, eta, optimizer=optimizer, correlation=correlation).rms(steps, start)


def eq_tail_off(n, lam, eta, optimizer, correlation, start, within):  # noqa: PLR0913, PLR0917
    return theory.equilibrium(n, lam, eta, optimizer=optimizer, correlation=correlation).tail_off(start, within)


def eq_shrink_per_epoch(n, lam, eta, optimizer, batch_size, limit):
    return theory.equilibrium(n, lam, eta, optimizer=optimizer).shrink_per_epoch(batch_size, limit=limit)


def phase_tail_off(within):
    return theory.decay_phase(50_000, 5.0, 0.1, start=1.0, scale=0.1, batch_size=10).tail_off(within)


def committee_at(rule, alpha):
    return theory.teacher_student(rule, theory.Overlaps(1.0, 0.5, 1.0)).at(alpha)


def committee_at_fan_in(fan_in):
    return theory.teacher_student(theory.OnlineRule(0.5, 0.1), theory.Overlaps(1.0, 0.5, 1.0)).at_fan_in(fan_in)


def saturated_Q(rule, alpha, Q):
    return theory.saturated_unit(rule, theory.Overlaps(100.0)).Q(alpha, Q)


def saturated_touchdown(rule, Q):
    return theory.saturated_unit(rule, theory.Overlaps(100.0)).touchdown(Q)


def logistic_at(alpha):
    return theory.logistic_unit(1.0, 0.1, theory.Overlaps(1.0)).at(alpha)


def rotation_cosine(n, lam, eta, dimension, lag, optimizer):
    return theory.rotation(n, lam, eta, dimension=dimension, grad_sq=1e-3, optimizer=optimizer).cosine(lag)


def decay_for_epochs(n, eta, epochs, batch_size, optimizer):
    return theory.decay_for(n=n, eta=eta, epochs=epochs, batch_size=batch_size, optimizer=optimizer)


def decay_for_memory(lr, memory, optimizer):
    return theory.decay_for(lr=lr, memory=memory, optimizer=optimizer)


def decay_for_the_end(n, eta, scale, steps, schedule):
    return theory.decay_for(n=n, eta=eta, scale=scale, steps=steps, schedule=schedule)


def pytorch_s_words(lr, weight_decay, noise, optimizer):
    return theory.equilibrium(lr=lr, weight_decay=weight_decay, noise=noise, optimizer=optimizer)


def rescale_width(lr, weight_decay, batch_size, width, to_width, width_rule):
    settings = {"lr": lr, "weight_decay": weight_decay, "batch_size": batch_size, "optimizer": "adamw"}
    return theory.rescale(**settings, width=width, to_width=to_width, width_rule=width_rule)


def balance_rms(weights):
    return theory.norm_balance(100, 1.0, 0.1, grad_sq=1.0, alignment=0.0).rms(weights)


def balance_rms_error(weights):
    known = {"grad_sq": 1.0, "alignment": 0.0, "grad_sq_error": 0.1, "alignment_error": 0.1}
    return theory.norm_balance(100, 1.0, 0.1, **known).rms_error(weights)


def mean_field_decay_ratio(n, lam, eta):
    return theory.mean_field((5, 3, 2), squared_norm=3.0).decay_ratio(n, lam, eta)


def orthogonal(K, M, Q, T):
    return theory.Overlaps.orthogonal(K, M, Q=Q, T=T)


def random_overlaps(K, M, Q, T, fan_in, seed):
    return theory.Overlaps.random(K, M, Q=Q, T=T, fan_in=fan_in, seed=seed)


METHODS = {f.__name__: f for f in (
    eq_rms, eq_tail_off, eq_shrink_per_epoch, phase_tail_off, committee_at, committee_at_fan_in, saturated_Q,
    saturated_touchdown, logistic_at, rotation_cosine, decay_for_epochs, decay_for_memory, decay_for_the_end,
    pytorch_s_words, rescale_width, balance_rms, balance_rms_error, mean_field_decay_ratio,
    orthogonal, random_overlaps,
)}  # fmt: skip
SETTINGS = (
    theory.SGD, theory.SGDW, theory.Adam, theory.AdamW, theory.Lion, theory.NAdam, theory.RAdam, theory.Adamax,
    theory.RMSprop, theory.Adadelta, theory.Adagrad, theory.ASGD, theory.Adafactor, theory.Muon, theory.Signum,
    theory.ScheduleFreeSGD, theory.ScheduleFreeAdamW, theory.OnlineRule, theory.Overlaps,
)  # fmt: skip
PUBLIC = {
    **{name: found for name in theory.__all__ if inspect.isfunction(found := getattr(theory, name))},
    **{kind.__name__: kind for kind in SETTINGS},
    **METHODS,
}
