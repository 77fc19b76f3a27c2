from dataclasses import fields
from importlib.util import find_spec

import numpy as np
import pytest

import theory
from theory import SGD, Adam, AdamW, InvalidArgument, Lion, decay_for, rescale, timescale
from theory.settings.optimizers.named import optimizer_classes

OPTIMIZERS = [
    SGD(),
    SGD(0.9),
    SGD(0.9, nesterov=True),
    SGD(0.9, decoupled=True),
    AdamW(),
    Lion(),
    Adam(),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_decay_for_a_scale_and_back(optimizer):
    scale = theory.equilibrium(50_000, 7.3, 0.0011, optimizer=optimizer).scale
    assert decay_for(scale=scale, n=50_000, eta=0.0011, optimizer=optimizer) == pytest.approx(7.3, rel=1e-9)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_decay_for_a_memory_and_back(optimizer):
    memory = timescale(50_000, 7.3, 0.0011, batch_size=20, optimizer=optimizer)
    lam = decay_for(epochs=memory.epochs, batch_size=20, n=50_000, eta=0.0011, optimizer=optimizer)
    assert lam == pytest.approx(7.3, rel=1e-9)
    assert memory.epochs == pytest.approx(memory.steps * 20 / 50_000)


SLOW_OR_HELD = {  # memories that no decay changes much, or of so small rates that 1 - rate is 1 in a double
    "Lion with curvature": (theory.Lion(), {"curvature": 1e-4}, 1e-3),
    "Adadelta": (theory.Adadelta(), {}, 1e-3),
    "RMSprop": (theory.RMSprop(), {}, 1e-5),
    "Signum, coupled": (theory.Signum(decoupled=False), {}, 1e-7),
}


@pytest.mark.parametrize(("optimizer", "more", "lr"), SLOW_OR_HELD.values(), ids=SLOW_OR_HELD)
def test_decay_for_a_memory_however_weak_the_decay(optimizer, more, lr):
    model = {"lr": lr, "noise": 0.3, "optimizer": optimizer, **more}
    memory = theory.equilibrium(weight_decay=0.01, **model).relaxation_time
    found = decay_for(memory=memory, **model)
    assert found == pytest.approx(0.01, rel=1e-9)
    assert theory.equilibrium(weight_decay=1.01 * found, **model).relaxation_time < memory * (1 - 1e-3)


def test_plain_sgd_has_a_closed_form():
    meeting = theory.equilibrium(50_000, 5.0, 0.1).inverse_sqrt_n
    assert decay_for(scale=50_000**-0.5, n=50_000, eta=0.1) == pytest.approx(meeting.lam_white, rel=1e-9)


def test_inverse_sqrt_n_with_momentum():
    meeting = theory.equilibrium(50_000, 5.0, 0.01, optimizer=SGD(0.9)).inverse_sqrt_n
    there = theory.equilibrium(50_000, meeting.lam_white, 0.01, optimizer=SGD(0.9))
    assert there.scale == pytest.approx(50_000**-0.5, rel=1e-9)
    assert meeting.lam_coherent == pytest.approx(50_000, rel=1e-6)
    assert "they would meet" in str(there)


def test_what_cannot_be_reached_says_what_can():
    with pytest.raises(
        InvalidArgument, match=r"scale must be reachable, got 1e-05: the least is 0\.0447.*at lam = 707"
    ):
        decay_for(scale=1e-5, n=1000, eta=np.sqrt(2.0))
    with pytest.raises(InvalidArgument, match=r"even lam = .* gives less"):
        decay_for(scale=1e9, n=1000, eta=0.1)


def test_asks_for_one_thing():
    for wrong in ({}, {"scale": 1.0, "epochs": 2.0, "batch_size": 3}):
        with pytest.raises(InvalidArgument, match="give either scale or epochs"):
            decay_for(n=100, eta=0.1, **wrong)
    with pytest.raises(InvalidArgument, match="batch_size must be given"):
        decay_for(n=100, eta=0.1, epochs=3)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("change", [{"to_batch_size": 35}, {"to_n": 170_000}, {"to_batch_size": 7, "to_n": 23_000}])
def test_rescaling_holds_scale_and_memory(optimizer, change):
    recipe = rescale(50_000, 7.3, 0.0011, batch_size=20, optimizer=optimizer, **change)
    assert recipe.scale_ratio == pytest.approx(1, rel=1e-6)
    assert recipe.memory_ratio == pytest.approx(1, rel=1e-6)
    unchanged = theory.equilibrium(50_000, 7.3, 0.0011, optimizer=optimizer).scale
    noise = 50_000**-0.5 * (20 / recipe.batch_size) ** 0.5
    moved = theory.equilibrium(recipe.n, recipe.lam, recipe.eta, noise=noise, optimizer=optimizer).scale
    assert moved == pytest.approx(unchanged, rel=1e-6)


def test_leading_orders():
    """The docstring's powers. SGD: eta as m / sqrt(n), lam as sqrt(n); AdamW: eta as sqrt(m / n), lam as sqrt(m n)."""
    sgd = rescale(50_000, 0.5, 1e-3, batch_size=10, to_batch_size=40, to_n=450_000)
    assert (sgd.eta / 1e-3, sgd.lam / 0.5) == pytest.approx((4 / 3, 3), rel=1e-3)
    adamw = rescale(50_000, 0.5, 1e-3, batch_size=10, to_batch_size=40, to_n=450_000, optimizer=AdamW())
    assert (adamw.eta / 1e-3, adamw.lam / 0.5) == pytest.approx((2 / 3, 6), rel=1e-3)


def test_a_learning_rate_of_ones_own_holds_the_memory_alone():
    """Wang and Aitchison: AdamW's 1 / (eta lam) in epochs constant."""
    recipe = rescale(50_000, 500.0, 1e-3, batch_size=10, to_eta=5e-4, optimizer=AdamW())
    assert recipe.lam == pytest.approx(1000.0, rel=1e-6)
    assert recipe.memory_ratio == pytest.approx(1)
    assert recipe.scale_ratio == pytest.approx(0.5, rel=1e-6)


@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, SGD(0.99), SGD(0.99, decoupled=True)])
@pytest.mark.parametrize("eta", [0.1, 1e-2, 1e-3, 1e-4])
def test_memories_at_ordinary_learning_rates(optimizer, eta):
    """The search begins at rates of 1e-13 eta: the memory must keep its digits there."""
    for epochs, n, batch_size in ((20, 50_000, 128), (200, 1e6, 10)):
        lam = decay_for(epochs=epochs, batch_size=batch_size, n=n, eta=eta, noise=1.0, optimizer=optimizer)
        found = timescale(n, lam, eta, batch_size=batch_size, optimizer=optimizer, noise=1.0)
        assert found.epochs == pytest.approx(epochs, rel=1e-9)


@pytest.mark.parametrize("optimizer", [SGD(), SGD(0.9), SGD(0.9, decoupled=True)])
def test_negative_curvature_needs_some_decay(optimizer):
    model = {"n": 1000, "eta": 0.1, "curvature": -0.001, "optimizer": optimizer}
    scale = theory.equilibrium(lam=30.0, **model).scale
    assert decay_for(scale=scale, **model) == pytest.approx(30.0, rel=1e-9)


def test_settling_with_and_without_a_memory_of_the_noise():
    assert timescale(1000, 5.0, 0.1, batch_size=10).settling_epochs == pytest.approx(
        timescale(1000, 5.0, 0.1, batch_size=10).epochs / 2
    )
    eq = theory.equilibrium(1000, 500.0, 0.5, correlation=0.9)  # a = 3/4: the excess ends as (a r)^t
    late = np.array([20, 21])
    excess = np.diff(np.log(np.abs(eq.rms(late, start=0.0) ** 2 - eq.variance)))
    assert eq.settling_time == pytest.approx(-1 / excess[0], rel=0.01)
    with_memory = theory.equilibrium(1000, 200.0, 0.5, correlation=0.97, optimizer=SGD(0.3))
    late = np.array([60, 61])
    excess = np.diff(np.log(np.abs(with_memory.rms(late, start=0.0) ** 2 - with_memory.variance)))
    assert with_memory.settling_time == pytest.approx(-1 / excess[0], rel=0.01)


def test_rescaling_refuses_what_the_memory_does_not_tell():
    with pytest.raises(InvalidArgument, match="lam must be told by the memory"):
        rescale(50_000, 50.0, 0.1, batch_size=10, optimizer=SGD(0.99))
    for wrong in ({"to_n": 0}, {"to_batch_size": -5}, {"to_eta": 0.0}):
        with pytest.raises(InvalidArgument, match=f"{next(iter(wrong))} must be positive"):
            rescale(50_000, 5.0, 0.1, batch_size=10, **wrong)


def test_rescaling_to_the_same_changes_nothing():
    recipe = rescale(50_000, 5.0, 0.01, batch_size=10, optimizer=SGD(0.9))
    assert (recipe.lam, recipe.eta) == (pytest.approx(5.0, rel=1e-9), pytest.approx(0.01, rel=1e-9))


def test_coupled_normalised_rules_keep_lam_when_the_batch_changes():
    adam = rescale(50_000, 0.5, 1e-5, batch_size=10, to_batch_size=40, to_n=450_000, optimizer=Adam())
    assert (adam.eta / 1e-5, adam.lam / 0.5) == pytest.approx((2 / 3, 3), rel=1e-3)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "lion", "adam"])
def test_both_words_give_the_same(optimizer):
    n, lam, eta, noise = 50_000, 7.3, 0.0011, 0.01
    book = {"noise": noise, "optimizer": optimizer}
    scale = theory.equilibrium(n, lam, eta, **book).scale
    assert decay_for(scale=scale, lr=eta, **book) == pytest.approx(lam / n, rel=1e-9)
    memory = timescale(n, lam, eta, batch_size=20, **book)
    torch = timescale(lr=eta, weight_decay=lam / n, batch_size=20, n=n, **book)
    assert (torch.steps, torch.epochs) == pytest.approx((memory.steps, memory.epochs))
    assert decay_for(memory=memory.steps, lr=eta, **book) == pytest.approx(lam / n, rel=1e-9)
    old = rescale(n, lam, eta, batch_size=20, to_batch_size=50, **book)
    new = rescale(lr=eta, weight_decay=lam / n, batch_size=20, to_batch_size=50, **book)
    assert (new.lr, new.weight_decay) == pytest.approx((old.lr, old.weight_decay), rel=1e-6)
    new = rescale(n=n, lr=eta, weight_decay=lam / n, batch_size=20, to_n=3 * n, **book)
    old = rescale(n, lam, eta, batch_size=20, to_n=3 * n, **book)
    assert (new.lr, new.lam) == pytest.approx((old.lr, old.lam), rel=1e-6)


def test_without_n_there_are_no_epochs():
    memory = timescale(lr=1e-3, weight_decay=0.1, optimizer="adamw")
    assert memory.steps == pytest.approx(1e4, rel=1e-3)
    assert memory.settling_steps == pytest.approx(5e3, rel=1e-3)
    assert np.isnan(memory.epochs)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("schedule", ["cosine", "linear", None])
def test_decay_for_the_end_of_a_run_and_back(optimizer, schedule):
    run = {"steps": 600, "start": 0.5, "schedule": schedule, "noise": 0.3, "optimizer": optimizer, "lr": 0.01}
    end = theory.trajectory(weight_decay=0.4, **run).rms[-1]
    assert decay_for(scale=end, **run) == pytest.approx(0.4, rel=1e-8)
    held = decay_for(scale=end, lr=0.01, noise=0.3, optimizer=optimizer)
    assert held != pytest.approx(0.4, rel=0.05)  # the equilibrium at the peak is not where the run ends


def test_the_end_of_a_run_that_cannot_be_reached():
    run = {"steps": 300, "schedule": "cosine", "lr": 1e-2, "optimizer": "adamw", "start": 0.1}
    free = theory.trajectory(weight_decay=1e-13, **run).rms[-1]
    with pytest.raises(InvalidArgument, match=rf"even weight_decay = .* gives less, {free:g}"):
        decay_for(scale=5.0, **run)
    with pytest.raises(InvalidArgument, match=r"the least is .*, at weight_decay = "):
        decay_for(scale=1e-7, **run)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"scale": 0.1, "lr": 0.1, "n": 10}, "n must be left out beside lr"),
        ({"scale": 0.1, "n": 10}, "eta must be given"),
        ({"scale": 0.1}, "n must be given"),
        ({"scale": 0.1, "lr": -0.1}, "lr must be positive"),
        ({"epochs": 3, "batch_size": 3, "lr": 0.1}, "n must be given with epochs"),
        ({"memory": 30.0, "lr": 0.1, "steps": 10}, "steps must be left out with memory"),
        ({"scale": 0.1, "lr": 0.1}, "noise must be given"),
        ({"scale": 0.1, "lr": 0.1, "noise": 1.0, "steps": 0}, "steps must be a whole number"),
    ],
)
def test_what_decay_for_asks(words, message):
    with pytest.raises(InvalidArgument, match=message):
        decay_for(**words)


def test_what_the_others_ask():
    with pytest.raises(InvalidArgument, match="batch_size must be given for epochs"):
        timescale(100, 5.0, 0.1)
    with pytest.raises(InvalidArgument, match="n must be given for epochs"):
        timescale(lr=0.1, weight_decay=0.1, noise=1.0, batch_size=10)
    with pytest.raises(InvalidArgument, match="n must be given with to_n"):
        rescale(lr=0.1, weight_decay=0.1, noise=1.0, batch_size=10, to_n=50)
    with pytest.raises(InvalidArgument, match="noise must be given"):
        rescale(lr=0.1, weight_decay=0.1, batch_size=10, to_batch_size=50)


SMALL = {"lr": 2e-4, "weight_decay": 0.1, "batch_size": 64, "optimizer": "adamw"}


def test_a_wider_network_holds_the_memory_or_the_gain():
    """The published powers: lam as d after Wang and Aitchison, as its root after Fan et al.; each refutes the other."""
    held = rescale(**SMALL, width=256, to_width=1024, width_rule="wang-aitchison")
    assert (held.lr, held.weight_decay) == pytest.approx((5e-5, 0.4), rel=1e-9)
    assert (held.memory_ratio, held.scale_ratio) == pytest.approx((1, 1 / 4), rel=1e-4)
    gain = rescale(**SMALL, width=256, to_width=1024, width_rule="fan")
    assert (gain.lr, gain.weight_decay) == pytest.approx((5e-5, 0.2), rel=1e-4)
    assert (gain.memory_ratio, gain.scale_ratio) == pytest.approx((2, 4**-0.75), rel=1e-4)
    moved = theory.equilibrium(lr=gain.lr, weight_decay=gain.weight_decay, optimizer="adamw").scale
    unmoved = theory.equilibrium(lr=2e-4, weight_decay=0.1, optimizer="adamw").scale
    assert moved / unmoved == pytest.approx(4**-0.75, rel=1e-9)
    both = rescale(**SMALL, width=256, to_width=1024, width_rule="wang-aitchison", to_batch_size=128)
    assert (both.lr, both.weight_decay) == pytest.approx((5e-5, 0.8), rel=1e-4)


def test_tokens_per_parameter():
    """Bergsma et al.: lam = B / (eta tau D), tau a power of D/N; with tau held alone it would be another."""
    data = {"n": 4e6, "to_n": 16e6}
    tokens = {"tokens_per_parameter": 20, "to_tokens_per_parameter": 80}
    longer = rescale(**SMALL, **data, **tokens)
    assert longer.lr == 2e-4
    assert longer.weight_decay == pytest.approx(0.1 / 4 * 4**0.527, rel=1e-4)
    assert longer.memory_ratio == pytest.approx(4**-0.527, rel=1e-9)
    held = rescale(**SMALL, **data, to_eta=2e-4)
    assert held.weight_decay == pytest.approx(0.1 / 4, rel=1e-4)
    wider = rescale(**SMALL, **data, **tokens, width=256, to_width=512, width_rule="wang-aitchison")
    assert (wider.lr, wider.weight_decay) == pytest.approx((1e-4, 2 * longer.weight_decay), rel=1e-4)
    slower = rescale(**SMALL, **data, **tokens, to_eta=1e-4)
    assert (slower.lr, slower.weight_decay) == pytest.approx((1e-4, 2 * longer.weight_decay), rel=1e-4)


def test_decay_for_tokens_per_parameter():
    tokens, parameters, batch, lr = 9e9, 1.1e8, 2.5e5, 6e-4
    published = batch / (lr * 1.084 * (tokens / parameters) ** -0.527 * tokens)
    run = {"steps": tokens / batch, "tokens_per_parameter": tokens / parameters, "optimizer": AdamW((0.9, 0.95))}
    assert decay_for(lr=lr, **run) == pytest.approx(published, rel=1e-3)
    assert decay_for(n=tokens, eta=lr, noise=1.0, **run) == pytest.approx(published * tokens, rel=1e-3)
    assert decay_for(lr=lr, **run | {"steps": 2 * tokens / batch}) == pytest.approx(published / 2, rel=1e-3)


def test_a_larger_batch_with_the_root_rule_for_the_learning_rate():
    """As others write it: lam as sqrt(B) / D if eta goes as sqrt(B) and B / (eta lam D) is held."""
    recipe = rescale(**SMALL, n=1e6, to_n=3e6, to_batch_size=256, to_eta=4e-4)
    assert recipe.weight_decay == pytest.approx(0.1 * 2 / 3, rel=1e-4)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"width": 256}, "to_width must be given with width"),
        ({"to_width": 256}, "width must be given with to_width"),
        ({"width": 256, "to_width": 512}, "width_rule must be given with to_width, got None. Take one of 'wang"),
        ({"width": 256, "to_width": 512, "width_rule": "mup"}, "width_rule must be given with to_width, got 'mup'"),
        ({"width_rule": "fan", "to_batch_size": 5}, "width_rule must be left out without width"),
        ({"width": -1, "to_width": 512, "width_rule": "fan"}, "width must be positive"),
        ({"width": 256, "to_width": np.nan, "width_rule": "fan"}, "to_width must be positive"),
        ({"to_tokens_per_parameter": 20}, "tokens_per_parameter must be given with to_tokens_per_parameter"),
        ({"tokens_per_parameter": "20", "to_tokens_per_parameter": 80}, "tokens_per_parameter must be a real number"),
        ({"width": 1, "to_width": 2, "width_rule": "wang-aitchison", "to_eta": 1e-3}, "to_eta must be left out with"),
        ({"width": 1, "to_width": 2, "width_rule": "fan", "to_eta": 1e-3}, "to_eta must be left out with width_rule"),
        ({"width": 1, "to_width": 2, "width_rule": "fan", "to_batch_size": 8}, "to_batch_size must be left out with"),
        (
            {"width": 1, "to_width": 2, "width_rule": "fan"}
            | {"tokens_per_parameter": 2, "to_tokens_per_parameter": 9},
            "width_rule must be 'wang-aitchison' with to_tokens_per_parameter",
        ),
        (
            {"tokens_per_parameter": 1, "to_tokens_per_parameter": 1e9},
            "to_tokens_per_parameter must leave the new set-up",
        ),
        (
            {"width": 1, "to_width": 2, "width_rule": "fan", "optimizer": "lion"},
            "optimizer must be AdamW for a rule of width or tokens per parameter, got Lion",
        ),
    ],
)
def test_what_the_published_rules_refuse(words, message):
    with pytest.raises(InvalidArgument, match=message):
        rescale(**SMALL | words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"tokens_per_parameter": 20}, "steps must be given with tokens_per_parameter"),
        ({"tokens_per_parameter": 20, "steps": 1.5}, "steps must be a whole number"),
        ({"tokens_per_parameter": 0, "steps": 100}, "tokens_per_parameter must be positive"),
        ({"tokens_per_parameter": 20, "steps": 100, "memory": 5}, "give either scale or epochs or memory or tokens"),
        ({"tokens_per_parameter": 20, "steps": 100, "optimizer": "adam"}, "optimizer must be AdamW .* got Adam"),
        ({"tokens_per_parameter": 20, "steps": 100, "batch_size": 5}, "batch_size must be left out with tokens"),
        ({"tokens_per_parameter": 20, "steps": 3}, "memory in steps must be reachable"),
    ],
)
def test_what_decay_for_tokens_asks(words, message):
    with pytest.raises(InvalidArgument, match=message):
        decay_for(**{"lr": 1e-3, "optimizer": "adamw"} | words)


DECOUPLED = ("adamw", "lion", "muon", "nadam", "radam", "signum")  # the last three by a flag
COUPLED = ("adam", "rmsprop", "adamax", "nadam", "radam", "signum")


def settings(name, *, decoupled):
    """Return an optimizer of a name with its decay beside the gradient or in it, or skip the test."""
    if find_spec(f"theory.weight.laws.{name}") is None:
        pytest.skip(f"no law of {name} yet")
    kind = optimizer_classes()[name]
    flag = next((f.name for f in fields(kind) if f.init and f.name.startswith("decoupled")), None)
    return kind(**{flag: decoupled}) if flag else kind()


def moved(optimizer):
    """Return by what eta and lam change for four times the batch and nine times the data, and the recipe."""
    old = {"lam": 0.5, "eta": 1e-5, "batch_size": 10}
    recipe = rescale(50_000, **old, to_batch_size=40, to_n=450_000, optimizer=optimizer, shape=(64, 64))
    return recipe.eta / 1e-5, recipe.lam / 0.5, recipe


@pytest.mark.parametrize("name", DECOUPLED)
def test_every_decoupled_normalised_rule_moves_as_adamw_does(name):
    eta, lam, recipe = moved(settings(name, decoupled=True))
    assert (eta, lam) == pytest.approx((2 / 3, 6), rel=1e-3)
    assert (recipe.scale_ratio, recipe.memory_ratio) == pytest.approx((1, 1), rel=1e-6)


@pytest.mark.parametrize("name", COUPLED)
def test_every_coupled_normalised_rule_moves_as_adam_does(name):
    eta, lam, recipe = moved(settings(name, decoupled=False))
    assert (eta, lam) == pytest.approx((2 / 3, 3), rel=1e-3)
    assert (recipe.scale_ratio, recipe.memory_ratio) == pytest.approx((1, 1), rel=1e-6)
