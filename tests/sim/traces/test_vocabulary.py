"""What names say; what a logger records besides is never taken for the weights."""

import pytest

from sim.traces.vocabulary import understood


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("step", "step"), ("_step", "step"), ("global_step", "step"), ("globalStep", "step"), ("Schritt", "step"),
        ("trainer/global_step", "step"), ("Iteration", "iteration"), ("epoch", "epoch"), ("tokens_seen", "token"),
        ("run-7 - _step", "step"), ("time", "unit of time"), ("time_ns", "nanosecond"), ("t", "unit of time"),
    ],
)  # fmt: skip
def test_times(name, unit):
    found = understood(name)
    assert (found.role, found.unit) == ("time", unit)


@pytest.mark.parametrize(
    ("name", "quantity", "label"),
    [
        ("rms", "rms", "rms"),
        ("w_rms", "rms", "w_rms"),
        ("layer2/rms", "rms", "layer2"),
        ("layer2_rms", "rms", "layer2"),
        ("norm/fc1.weight", "norm", "fc1.weight"),
        ("norm/layer_norm.weight", "norm", "layer_norm.weight"),
        ("layer_norm/rms", "rms", "layer_norm"),
        ("weightNorm", "norm", "weightNorm"),
        ("fc1/norm_sq", "norm_sq", "fc1"),
        ("run-7 - w_rms/layer1", "rms", "layer1"),
        ("squared_norm", "norm_sq", "squared_norm"),
        ("L2Norm", "norm", "L2Norm"),
        ("l2_norm/param/fc1.weight", "norm", "param/fc1.weight"),
        ("rms_std", "std", "rms"),
        ("rms_mean", "rms", "mean"),
        ("variance", "variance", "variance"),
        ("mean_square", "variance", "mean_square"),
        ("rms_sq", "variance", "rms_sq"),
        ("std", "std", "std"),
        ("Value", None, "Value"),
        ("||W||", "norm", "||W||"),
        ("||W||_F", "norm", "||W||_F"),
        ("||W||^2", "norm_sq", "||W||^2"),
        ("‖W1‖²", "norm_sq", "w1"),
        ("sum(w^2)", "norm_sq", "sum(w^2)"),
        ("rms^2", "variance", "rms^2"),
        ("rms (layer 2)", "rms", "layer_2"),
        ("rms_norm.weight/rms", "rms", "rms_norm.weight"),
        ("transformer.h.0.attn.c_attn.weight/rms", "rms", "transformer.h.0.attn.c_attn.weight"),
        ("layer1_norm", "norm", "layer1"),
        ("stats/w_rms", "rms", "stats"),
        ("train/weight_norm", "norm", "train/weight_norm"),
    ],
)
def test_values(name, quantity, label):
    found = understood(name)
    assert (found.role, found.quantity, found.label) == ("value", quantity, label)


@pytest.mark.parametrize("name", ["error", "rms_err", "stderr", "std_err", "sem", "layer1_error", "err_rms"])
def test_errors(name):
    assert understood(name).role == "error"


@pytest.mark.parametrize(
    "name",
    ["loss", "train/loss", "lr", "learning_rate", "grad_norm", "fc1/grad_rms", "total_norm", "Wall time",
     "Relative Time (Process)", "_timestamp", "weight_decay", "w_rms__MIN", "run - w_norm__MAX", "activation_rms",
     "step_time", "l2_norm/moment/fc1", "spectral_norm",
     "update_norm", "test_loss_error", "exp_avg_sq_norm", "global_norm"],
)  # fmt: skip
def test_what_is_not_of_the_weights(name):
    assert understood(name).role == "other"


@pytest.mark.parametrize(
    ("name", "puzzle"),
    [("log_rms", "log"), ("log10(rms)", "log10"), ("norm (log)", "log"), ("ln_rms", "ln"), ("rms_db", "db"),
     ("target_rms", "target"), ("rms_predicted", "predicted"), ("inverse_norm", "inverse"), ("1/rms", "1/"),
     ("nuclear_norm", "nuclear"), ("variance_explained", "explained"), ("rms [%]", "%"), ("err [%]", "%"),
     ("rms*1000", "*"), ("-rms", "-"), ("||W||^2/2", "/2"), ("||w||^2/n", "n"), ("rms/rms0", "rms0"),
     ("train/rms_error", "train"), ("val_rms", "val"), ("hidden_rms", "hidden"), ("layer1_output_rms", "output"),
     ("sqrt(variance)", "sqrt"), ("rms_upper_error", "upper"), ("rms2", "rms2"), ("||W||2", "||W||2"),
     ("layer_norm", "layer_norm")],
)  # fmt: skip
def test_a_quantity_with_a_word_that_is_not_understood_is_not_taken(name, puzzle):
    found = understood(name)
    assert (found.role, found.puzzle) == ("other", puzzle)


@pytest.mark.parametrize(
    "name", ["train_error", "val/error", "foo", "y", "mean", "l2", "w^2", "weight_mean", "w_abs", "params", "k"]
)
def test_what_the_name_does_not_tell(name):
    assert understood(name).role == "unknown"


@pytest.mark.parametrize("name", ["layer1", "fc2.weight", "transformer.norm.weight", "w", "encoder.0.bias"])
def test_layers_whose_quantity_is_unsaid(name):
    found = understood(name)
    assert (found.role, found.quantity, found.label) == ("layer", None, name)
