"""Each number that a PyTorch run's file holds, against the run itself; and each pitfall: right, or refused."""

import copy
import gc
import json
import math
import pickle
import subprocess
import sys
import warnings
import weakref

import numpy as np
import pytest

import sim
from theory import InvalidArgument

torch = pytest.importorskip("torch")
nn = torch.nn


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.arrows"


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def network(dtype=torch.float64):
    return nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3)).to(dtype)


def backward(model, scale=1.0):
    x = torch.randn(8, *([6] if isinstance(model[0], nn.Linear) else [2, 8, 8]), dtype=next(model.parameters()).dtype)
    (scale * model(x).square().mean()).backward()


def flat(tensor):
    return tensor.detach().double().reshape(-1).clone()


OPTIMIZERS = {
    "SGD": (torch.optim.SGD, {"lr": 0.1, "weight_decay": 0.02}),
    "momentum": (torch.optim.SGD, {"lr": 0.1, "weight_decay": 0.02, "momentum": 0.9, "dampening": 0.1}),
    "nesterov": (torch.optim.SGD, {"lr": 0.1, "weight_decay": 0.02, "momentum": 0.9, "nesterov": True}),
    "maximize": (torch.optim.SGD, {"lr": 1e-3, "weight_decay": 0.02, "maximize": True}),
    "AdamW": (torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.1, "betas": (0.8, 0.9)}),
    "foreach": (torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.1, "foreach": True}),
    "fused": (torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.1, "fused": True}),
    "amsgrad": (torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.1, "amsgrad": True, "betas": (0.8, 0.5)}),
    "Adam": (torch.optim.Adam, {"lr": 0.01, "weight_decay": 0.1, "betas": (0.8, 0.9)}),
    "Adam, decoupled": (torch.optim.Adam, {"lr": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    "NAdam": (torch.optim.NAdam, {"lr": 0.01, "weight_decay": 0.1}),
    "RAdam": (torch.optim.RAdam, {"lr": 0.01, "weight_decay": 0.1, "betas": (0.9, 0.9)}),
    "Adamax": (torch.optim.Adamax, {"lr": 0.01, "weight_decay": 0.1}),
    "RMSprop": (torch.optim.RMSprop, {"lr": 0.01, "weight_decay": 0.1, "momentum": 0.5}),
    "centered": (torch.optim.RMSprop, {"lr": 0.01, "weight_decay": 0.1, "centered": True, "alpha": 0.9}),
    "Adagrad": (torch.optim.Adagrad, {"lr": 0.1, "weight_decay": 0.1, "lr_decay": 0.1}),
    "Adadelta": (torch.optim.Adadelta, {"lr": 0.5, "weight_decay": 0.1}),
    "ASGD": (torch.optim.ASGD, {"lr": 0.1, "weight_decay": 0.02, "lambd": 0.01}),
}


def divisor_after(optimizer, kind, p):
    """What P divided by in the step that was made, from the state after it; None: P is 1."""
    state, group = optimizer.state[p], optimizer.param_groups[0]
    step = float(state.get("step", 0))
    if kind in ("AdamW", "Adam", "NAdam"):
        v = state["max_exp_avg_sq"] if group.get("amsgrad") else state["exp_avg_sq"]
        return (v / (1 - group["betas"][1] ** step)).sqrt() + group["eps"]
    if kind == "RAdam":
        beta = group["betas"][1]
        longest = 2 / (1 - beta) - 1
        length = longest - 2 * step * beta**step / (1 - beta**step)
        if length <= 5:
            return None
        factor = math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
        return (state["exp_avg_sq"].sqrt() + group["eps"]) / factor / math.sqrt(1 - beta**step)
    if kind == "Adamax":
        return state["exp_inf"]
    if kind == "RMSprop":
        v = state["square_avg"]
        return (v - state["grad_avg"] ** 2 if group["centered"] else v).sqrt() + group["eps"]
    if kind == "Adagrad":
        return state["sum"].sqrt() + group["eps"]
    return None


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_column_is_what_the_step_used(path, name):
    kind, settings = OPTIMIZERS[name]
    model = network()
    optimizer = kind(model.parameters(), **settings)
    expected, sign = {key: [] for key in ("norm_sq", "grad_sq", "alignment", "scaled", "scaled_alignment", "decay")}, 1
    if settings.get("maximize"):
        sign = -1
    w = model[0].weight
    with sim.torch_recorder(model, optimizer, path, every=1):
        for _ in range(12):
            optimizer.zero_grad()
            backward(model)
            before, g = flat(w), sign * flat(w.grad)
            delta = flat(optimizer.state[w]["acc_delta"]) if kind is torch.optim.Adadelta and optimizer.state else 0.0
            optimizer.step()
            divisor = divisor_after(optimizer, kind.__name__, w)
            p = 1 / flat(divisor) if divisor is not None else torch.ones_like(g)
            if kind is torch.optim.Adadelta:
                group = optimizer.param_groups[0]
                p = ((delta + group["eps"]) / (flat(optimizer.state[w]["square_avg"]) + group["eps"])).sqrt()
            for key, value in {
                "norm_sq": before @ before, "grad_sq": g @ g, "alignment": before @ g, "scaled": (p * g) @ (p * g),
                "scaled_alignment": before @ (p * g), "decay": before @ (p * before) / (before @ before),
            }.items():  # fmt: skip
                expected[key].append(float(value))
    trace = sim.read_trace(path).sel(layer="0.weight")
    header = json.loads(trace.attrs["optimizers"])[0]
    np.testing.assert_allclose(trace.norm_sq[:-1], expected["norm_sq"], rtol=1e-14)
    np.testing.assert_allclose(trace.norm_sq[-1], float(flat(w) @ flat(w)), rtol=1e-14)
    np.testing.assert_allclose(trace.grad_sq[:-1], expected["grad_sq"], rtol=1e-12)
    np.testing.assert_allclose(trace.alignment[:-1], expected["alignment"], rtol=1e-9)
    np.testing.assert_allclose(trace.scaled_grad_sq[:-1], expected["scaled"], rtol=1e-9)
    np.testing.assert_allclose(trace.scaled_alignment[:-1], expected["scaled_alignment"], rtol=1e-8)
    plain = header["decoupled"] or kind in (torch.optim.SGD, torch.optim.ASGD)
    np.testing.assert_allclose(trace.decay_weight[:-1], 1 if plain else expected["decay"], rtol=1e-9)
    assert (trace["count"][:-1] == 1).all()


CLOCKS = {  # the share of the weights that each step's decay takes, in all
    "SGD": lambda t: 0.1 * 0.02,
    "momentum": lambda t: 0.1 * 0.02 * 0.9 / 0.1,
    "AdamW": lambda t: 0.01 * 0.1,
    "Adam": lambda t: 0.01 * 0.1,
    "Adam, decoupled": lambda t: 0.01 * 0.1,
    "RMSprop": lambda t: 0.01 * 0.1 / 0.5,
    "Adagrad": lambda t: 0.1 * 0.1 / (1 + 0.1 * t),
    "ASGD": lambda t: 0.03 * 0.1 / (1 + 0.01 * 0.1 * t) ** 0.75,
}


@pytest.mark.parametrize("name", CLOCKS)
def test_the_clock_counts_each_step(path, name):
    kind, settings = OPTIMIZERS[name]
    model = network()
    optimizer = kind(model.parameters(), **settings)
    with sim.torch_recorder(model, optimizer, path, every=7):
        for _ in range(30):
            optimizer.zero_grad()
            backward(model)
            optimizer.step()
    trace = sim.read_trace(path).sel(layer="2.weight")
    each = [-2 * math.log1p(-CLOCKS[name](t)) for t in range(30)]
    np.testing.assert_allclose(trace.decay_clock, [sum(each[: int(t)]) for t in trace.step], rtol=1e-6)


@pytest.mark.parametrize("name", ["Adafactor", "Muon"])
def test_where_p_is_no_factor_for_each_weight_it_is_left_out(path, name):
    model = nn.Sequential(nn.Linear(6, 5, bias=False), nn.Tanh(), nn.Linear(5, 3, bias=False))
    optimizer = getattr(torch.optim, name)(model.parameters(), lr=0.01, weight_decay=0.1)
    with sim.torch_recorder(model, optimizer, path, every=1):
        for _ in range(5):
            optimizer.zero_grad()
            backward(model)
            optimizer.step()
    trace = sim.read_trace(path)
    assert "scaled_grad_sq" not in trace
    assert np.isfinite(trace.grad_sq.sel(layer="0.weight")[:-1]).all()
    np.testing.assert_allclose(trace.decay_clock[:, -1], -10 * math.log1p(-1e-3), rtol=1e-12)


def train(path, *, steps=40, every=1, model=None, settings=None, step=None, **arguments):
    """Train with AdamW, or as `step` says; return the trace and the optimizer."""
    model = network() if model is None else model
    optimizer = torch.optim.AdamW(model.parameters(), **({"lr": 0.01, "weight_decay": 0.1} | (settings or {})))
    with sim.torch_recorder(model, optimizer, path, every=every, **arguments):
        for t in range(steps):
            if step is None:
                optimizer.zero_grad()
                backward(model)
                optimizer.step()
            else:
                step(t, model, optimizer)
    return sim.read_trace(path), optimizer


def test_means_of_every_tenth_step_and_the_weights_at_the_end(path):
    trace, _ = train(path, steps=45, every=10)
    assert trace.step.values.tolist() == [0, 10, 20, 30, 40, 45]
    assert trace["count"].sel(layer="0.weight").values.tolist() == [1, 1, 1, 1, 1, 0]
    assert np.isnan(trace.grad_sq.sel(layer="0.weight")[-1])


def test_biases_without_decay_are_listed_and_not_recorded(path):
    model = network()
    groups = [
        {"params": [p for name, p in model.named_parameters() if "weight" in name], "weight_decay": 0.1},
        {"params": [p for name, p in model.named_parameters() if "bias" in name], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=0.01)
    with sim.torch_recorder(model, optimizer, path):
        backward(model)
        optimizer.step()
    trace = sim.read_trace(path)
    assert trace.layer.values.tolist() == ["0.weight", "2.weight"]
    assert trace.weights.values.tolist() == [30, 15]
    listed = json.loads(trace.attrs["optimizers"])[0]["groups"][1]["parameters"]
    assert [(own["name"], own["decays"], own["shape"]) for own in listed] == [
        ("0.bias", False, [5]),
        ("2.bias", False, [3]),
    ]


@pytest.mark.parametrize("unscale", [False, True])
def test_a_gradient_scaler_with_a_fused_optimizer(path, unscale):
    """The hook sees gradients times 1024, and steps that the scaler skips."""
    model = network(torch.float32)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=10_000)
    scaler.scale(torch.ones(()))  # as a loss is, so that the scaler has its scale
    seen = []

    def step(t, model, optimizer):
        optimizer.zero_grad()
        backward(model)
        for p in model.parameters():
            p.grad *= scaler.get_scale()
            if t in (3, 10):
                p.grad.fill_(math.inf)
        if unscale:
            scaler.unscale_(optimizer)
        elif t not in (3, 10):
            seen.append(float((flat(model[0].weight.grad) / scaler.get_scale()).square().sum()))
        before = flat(model[0].weight)
        scaler.step(optimizer)
        scaler.update()
        assert torch.equal(before, flat(model[0].weight)) == (t in (3, 10))

    trace, _ = train(path, model=model, step=step, settings={"fused": True}, steps=20)
    layer = trace.sel(layer="0.weight")
    assert layer.step.values.tolist() == list(range(19))
    np.testing.assert_allclose(layer.decay_clock[-1], -36 * math.log1p(-1e-3), rtol=1e-6)
    read = layer.grad_sq.values[layer["count"].values > 0]
    assert (read < 1).all()
    if not unscale:
        np.testing.assert_allclose(read, seen, rtol=1e-5)


def test_a_gradient_scaler_without_a_fused_optimizer(path):
    model = network(torch.float32)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)

    def step(t, model, optimizer):
        optimizer.zero_grad()
        scaler.scale(model(torch.randn(8, 6)).square().mean() * (math.inf if t == 3 else 1.0)).backward()
        scaler.step(optimizer)
        scaler.update()

    trace, _ = train(path, model=model, step=step, steps=20)
    assert trace.step[-1] == 19
    assert (trace.grad_sq.sel(layer="0.weight")[:-1] < 1).all()


@pytest.mark.parametrize("keyword", [False, True])
def test_a_closure_computes_the_gradients_within_the_step(path, keyword):
    seen = []

    def step(t, model, optimizer):
        def closure():
            optimizer.zero_grad()
            backward(model)
            seen.append(float(flat(model[0].weight.grad).square().sum()))
            return t

        assert (optimizer.step(closure=closure) if keyword else optimizer.step(closure)) == t

    trace, _ = train(path, step=step, steps=10)
    np.testing.assert_allclose(trace.grad_sq.sel(layer="0.weight")[:-1], seen, rtol=1e-12)
    assert len(seen) == 10


def test_a_step_without_a_gradient_neither_moves_the_weights_nor_the_clock(path):
    def step(t, model, optimizer):
        optimizer.zero_grad()
        backward(model)
        if t % 2:
            model[2].weight.grad = None
        optimizer.step()

    trace, _ = train(path, step=step, steps=20)
    clock = -2 * math.log1p(-1e-3)
    np.testing.assert_allclose(trace.decay_clock.sel(layer="0.weight")[-1], 20 * clock, rtol=1e-12)
    np.testing.assert_allclose(trace.decay_clock.sel(layer="2.weight")[-1], 10 * clock, rtol=1e-12)
    assert trace["count"].sel(layer="2.weight").sum() == 10


@pytest.mark.parametrize("foreach", [False, True])
def test_a_decay_that_bfloat16_rounds_away_is_said_and_not_counted(path, foreach):
    model = network(torch.bfloat16)
    start = flat(model[0].weight)

    def step(t, model, optimizer):
        for p in model.parameters():
            p.grad = torch.zeros_like(p)
        optimizer.step()

    with pytest.warns(UserWarning, match="0.001 of the weights, is rounded away entirely in bfloat16"):
        trace, _ = train(path, model=model, step=step, settings={"foreach": foreach})
    assert torch.equal(flat(model[0].weight), start)  # indeed
    assert (trace.decay_clock == 0).all()
    assert "rounded away" in trace.attrs["notes"]


def test_a_decay_that_bfloat16_keeps(path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trace, _ = train(path, model=network(torch.bfloat16), settings={"weight_decay": 1.0}, steps=5)
    np.testing.assert_allclose(trace.decay_clock[:, -1], -10 * math.log1p(-0.01), rtol=1e-12)


def test_bfloat16_products_have_more_digits_than_bfloat16(path):
    def step(t, model, optimizer):
        model[0].weight.grad = torch.full_like(model[0].weight, 1 / 3)
        optimizer.step()

    trace, _ = train(path, model=network(torch.bfloat16), step=step, steps=1, settings={"weight_decay": 1.0})
    third = float(torch.tensor(1 / 3, dtype=torch.bfloat16))
    np.testing.assert_allclose(trace.grad_sq.sel(layer="0.weight")[0], 30 * third**2, rtol=1e-6)


def test_channels_last(path):
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Flatten()).to(memory_format=torch.channels_last).double()
    seen = []

    def step(t, model, optimizer):
        optimizer.zero_grad()
        backward(model)
        assert not model[0].weight.is_contiguous()
        if t == 1:  # a gradient in another order
            model[0].weight.grad = model[0].weight.grad.contiguous()
        seen.append(float(flat(model[0].weight) @ flat(model[0].weight.grad)))
        optimizer.step()

    trace, _ = train(path, model=model, step=step, steps=5)
    np.testing.assert_allclose(trace.alignment.sel(layer="0.weight")[:-1], seen, rtol=1e-9)


def test_tied_weights_are_one_layer(path):
    model = network()
    model.tied = nn.Linear(6, 5)
    model.tied.weight = model[0].weight
    model = nn.Sequential(*list(model)[:3])
    model[2].same = model[0]
    trace, _ = train(path, model=model, steps=3)
    assert trace.layer.values.tolist() == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_a_learning_rate_that_is_a_tensor_and_moves(path):
    def step(t, model, optimizer):
        optimizer.param_groups[0]["lr"].fill_(0.01 * (1 + t))
        backward(model)
        optimizer.step()

    trace, _ = train(
        path, step=step, settings={"lr": torch.tensor(0.01, dtype=torch.float64), "foreach": False}, steps=6
    )
    layer = trace.sel(layer="0.weight")
    np.testing.assert_allclose(layer.lr[:6], 0.01 * np.arange(1, 7))
    np.testing.assert_allclose(layer.decay_clock[6], -2 * np.log1p(-1e-3 * np.arange(1, 7)).sum(), rtol=1e-12)


def test_a_schedule_that_moves_rate_and_momentum(path):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=60)
    rates = []
    with sim.torch_recorder(model, optimizer, path, every=10):
        for _ in range(60):
            group = optimizer.param_groups[0]
            rates.append((group["lr"], group["momentum"]))
            optimizer.zero_grad()
            backward(model)
            optimizer.step()
            schedule.step()
    layer = sim.read_trace(path).sel(layer="0.weight")
    each = [-2 * math.log1p(-lr / (1 - mu) * 1e-3) for lr, mu in rates]
    np.testing.assert_allclose(layer.decay_clock, [sum(each[: int(t)]) for t in layer.step], rtol=1e-12)
    assert layer.segment.max() == 2  # the first step's momentum rests, and then it moves on and on
    moving = layer.isel(step=np.flatnonzero((layer.segment == 2) & (layer.step < 60)))
    np.testing.assert_allclose(moving.momentum, [rates[int(t)][1] for t in moving.step])


def test_a_decay_that_jumps_begins_a_segment(path):
    def step(t, model, optimizer):
        if t == 25:
            optimizer.param_groups[0]["weight_decay"] = 0.2
        backward(model)
        optimizer.step()

    trace, _ = train(path, step=step, every=10)
    assert trace.step.values.tolist() == [0, 10, 20, 25, 25, 30, 40]
    assert trace.segment.values.tolist() == [1, 1, 1, 1, 2, 2, 2]
    layer = trace.sel(layer="0.weight")
    assert layer.weight_decay.values.tolist() == [0.1] * 4 + [0.2] * 3
    moves = 25 * math.log1p(-1e-3) + 15 * math.log1p(-2e-3)
    np.testing.assert_allclose(layer.decay_clock[-1], -2 * moves, rtol=1e-12)


def test_parameters_that_are_added_on_the_way(path):
    model = network()
    optimizer = torch.optim.AdamW(model[0].parameters(), lr=0.01, weight_decay=0.1)
    with sim.torch_recorder(model, optimizer, path, every=1):
        for t in range(10):
            if t == 5:
                optimizer.add_param_group({"params": list(model[2].parameters()), "weight_decay": 0.3})
            optimizer.zero_grad()
            backward(model)
            optimizer.step()
    trace = sim.read_trace(path)
    late = trace.sel(layer="2.weight").dropna("step", subset=["norm_sq"])
    assert late.step.values.tolist() == list(range(5, 11))
    np.testing.assert_allclose(late.decay_clock[-1], -10 * math.log1p(-3e-3), rtol=1e-12)


def test_two_optimizers_in_one_file(path):
    model = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 3))
    matrices, others = [model[0].weight, model[2].weight], [model[0].bias, model[2].bias]
    muon = torch.optim.Muon(matrices, lr=0.01, weight_decay=0.1)
    adamw = torch.optim.AdamW(others, lr=0.01, weight_decay=0.2)
    with sim.torch_recorder(model, [muon, adamw], path, every=1):
        for _ in range(10):
            backward(model)
            muon.step()
            adamw.step()
    trace = sim.read_trace(path)
    assert trace.layer.values.tolist() == ["0.weight", "2.weight", "0.bias", "2.bias"]
    assert trace.sizes["step"] == 11
    assert [own["class"] for own in json.loads(trace.attrs["optimizers"])] == ["Muon", "AdamW"]
    assert (trace.weight_decay.sel(layer="0.bias") == 0.2).all()


def test_accumulation_and_clipping_are_in_the_gradient(path):
    seen = []

    def step(t, model, optimizer):
        optimizer.zero_grad()
        for _ in range(3):
            backward(model)
        nn.utils.clip_grad_norm_(model.parameters(), 0.01)
        seen.append(float(flat(model[0].weight.grad).square().sum()))
        optimizer.step()

    trace, _ = train(path, step=step, steps=5)
    np.testing.assert_allclose(trace.grad_sq.sel(layer="0.weight")[:-1], seen, rtol=1e-12)
    assert trace.step[-1] == 5


def test_large_tensors_are_looked_at_in_pieces(path, monkeypatch):
    once, _ = train(path)
    monkeypatch.setattr("sim.recording.torch_products.PIECE", 7)
    torch.manual_seed(0)
    pieces, _ = train(path.with_name("pieces.arrows"))
    for name in ("grad_sq", "scaled_grad_sq", "scaled_alignment"):
        np.testing.assert_allclose(pieces[name], once[name], rtol=1e-12)


def test_afterwards_nothing_is_left(path):
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1)
    twin, theirs = copy.deepcopy(model), None
    before = set(vars(optimizer)), set(vars(model)), [len(p.__dict__) for p in model.parameters()]
    recorder = sim.torch_recorder(model, optimizer, path, every=1)
    assert not copy.deepcopy(optimizer)._optimizer_step_pre_hooks
    assert pickle.loads(pickle.dumps(optimizer)).param_groups[0]["lr"] == 0.01
    backward(model)
    optimizer.step()
    recorder.detach()
    recorder.detach()
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks
    assert (set(vars(optimizer)), set(vars(model)), [len(p.__dict__) for p in model.parameters()]) == before
    theirs = torch.optim.AdamW(twin.parameters(), lr=0.01, weight_decay=0.1)
    for p, q in zip(twin.parameters(), model.parameters(), strict=True):
        p.grad = q.grad
    theirs.step()
    assert all(torch.equal(p, q) for p, q in zip(twin.parameters(), model.parameters(), strict=True))
    gone = weakref.ref(model)
    del model, optimizer, recorder, p, q
    gc.collect()
    assert gone() is None


def test_a_recorder_that_is_dropped_ends_with_the_process(path):
    code = (
        "import sys, torch, sim; model = torch.nn.Linear(3, 2); "
        "optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.1); "
        "sim.torch_recorder(model, optimizer, sys.argv[1])\n"
        "for _ in range(25): model(torch.ones(1, 3)).sum().backward(); optimizer.step()"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code, str(path)], check=True)
    assert sim.read_trace(path).step[-1] == 25


def test_a_resumed_run_counts_on(path):
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1)
    state = None
    for start in (0, 20):
        with sim.torch_recorder(model, optimizer, path, every=1, resume=True):
            if state is not None:
                optimizer.load_state_dict(state)  # after it was attached
            for t in range(30):
                if t == 20:
                    state = copy.deepcopy(optimizer.state_dict())
                optimizer.zero_grad()
                backward(model)
                optimizer.step()
        assert sim.read_trace(path).step[-1] == start + 30
    trace = sim.read_trace(path)
    assert trace.segment.max() == 2
    assert trace.step.values[trace.segment == 2].tolist() == list(range(20, 51))


def test_sgd_does_not_count_and_is_asked(path):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, weight_decay=0.1, momentum=0.9)
    with pytest.raises(InvalidArgument, match="start must be given"):
        sim.torch_recorder(model, optimizer, path, resume=True)
    with sim.torch_recorder(model, optimizer, path, resume=True, start=100, every=1):
        backward(model)
        optimizer.step()
    assert sim.read_trace(path).step.values.tolist() == [100, 101]


class Mine(torch.optim.AdamW):
    """An optimizer of somebody's own."""


class FullyShardedDataParallel(nn.Module):
    """What FSDP is called."""


class DTensor(nn.Parameter):
    """What FSDP makes of a parameter."""


def lazy():
    model = nn.Sequential(nn.LazyLinear(3))
    return model, torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.1)


def of_another_model():
    return network(), torch.optim.SGD(network().parameters(), lr=0.1, weight_decay=0.1)


def in_backward():
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.1)
    model[0].weight.register_post_accumulate_grad_hook(lambda p: optimizer.step())
    return model, optimizer


def made(kind, model=None, **settings):
    def make():
        own = model() if model else network()
        return own, kind(own.parameters(), **settings)

    return make


def sharded():
    model = network()
    model.add_module("inner", FullyShardedDataParallel())
    return model, torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.1)


def sharded_tensors():
    model = network()
    model[0].weight = DTensor(model[0].weight.detach())
    return model, torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.1)


REFUSED = [
    (made(torch.optim.LBFGS), "several gradients in a step"),
    (made(torch.optim.Rprop), "must have weight decay"),
    (made(Mine), "Mine, whose update is not known"),
    (lambda: (network(), object()), "whose update is not known"),
    (lambda: (network(), []), "empty list"),
    (lambda: (torch.ones(3), of_another_model()[1]), "must be a torch.nn.Module"),
    (of_another_model, "parameters of the model"),
    (lazy, "Run the model once"),
    (in_backward, "after the backward pass, got '0.weight'"),
    (sharded, "FullyShardedDataParallel"),
    (sharded_tensors, "sharded"),
    (made(torch.optim.SGD, lambda: nn.Linear(2, 2, dtype=torch.complex64), lr=0.1, weight_decay=0.1), "must be real"),
]


@pytest.mark.parametrize(("make", "why"), REFUSED)
def test_refused_with_the_reason_and_nothing_is_left(path, make, why):
    model, optimizer = make()
    with pytest.raises(InvalidArgument, match=why):
        sim.torch_recorder(model, optimizer, path)
    assert not path.exists()
    assert not getattr(optimizer, "_optimizer_step_pre_hooks", None)


@pytest.mark.filterwarnings("ignore")  # the compiler's own
def test_a_step_that_is_compiled_is_recorded_too(path):
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1)
    compiled = torch.compile(optimizer.step, backend="eager")
    with sim.torch_recorder(model, optimizer, path, every=1):
        for _ in range(5):
            optimizer.zero_grad()
            backward(model)
            compiled()
    trace = sim.read_trace(path)
    assert trace.step.values.tolist() == list(range(6))
