"""The rows of `theory.conventions`: which framework does what, and where that was read."""

from __future__ import annotations

from theory.words.convention import Convention

__all__ = ["ROWS"]

LR = (("lr", 1),)
TORCH = "torch/optim/{}.py, torch 2.13"
OPTAX = "optax/_src/alias.py, optax 0.2.8"
KERAS = "keras/src/optimizers/base_optimizer.py, Keras 3"
TIMM = "timm/optim/adamw.py, timm 1.0.31"
HUGGING_FACE = "src/transformers/optimization.py, transformers at 005edac"
FASTAI = "fastai/optimizer.py, fastai at 0a20fa1"
APEX = "csrc/multi_tensor_adam.cu, apex at 004da4e"
COMPOSER = "composer/optim/decoupled_weight_decay.py, Composer at 02c872e"
SCHEDULE_FREE = "schedulefree/adamw_schedulefree.py, schedulefree 1.4.1"
AVERAGED = "the decay acts at y, between the iterate and its average, and not on the weight."


def _torch(name: str, file: str, kind: str, *, linear: bool = False, note: str = "") -> Convention:
    return Convention(f"torch.{name}", kind, 1.0, LR, TORCH.format(file), linear=linear, note=note)


def _beside(name: str, powers: tuple[tuple[str, int], ...], source: str, note: str = "") -> Convention:
    return Convention(name, "decoupled", 1.0, powers, source, note=note)


def _inside(name: str, source: str, coefficient: float = 1.0, note: str = "") -> Convention:
    return Convention(name, "coupled", coefficient, LR, source, note=note)


ROWS = (
    Convention(
        "textbook.SGD", "coupled", 1.0, (("lr", 1), ("n", -1)), "Nielsen, Neural Networks and Deep Learning, chapter 3",
        linear=True, note="wd is lam of the cost (lam / 2n) sum w^2.",
    ),
    _torch("SGD", "sgd", "coupled", linear=True),
    _torch("Adam", "adam", "coupled"),
    _torch("Adam(decoupled_weight_decay)", "adam", "decoupled"),
    _torch("AdamW", "adam", "decoupled"),
    _torch("NAdam", "nadam", "coupled"),
    _torch("NAdam(decoupled_weight_decay)", "nadam", "decoupled"),
    _torch("RAdam", "radam", "coupled"),
    _torch("RAdam(decoupled_weight_decay)", "radam", "decoupled", note="The rectifier multiplies the step alone."),
    _torch("Adamax", "adamax", "coupled"),
    _torch("RMSprop", "rmsprop", "coupled"),
    _torch("Adadelta", "adadelta", "coupled"),
    _torch("Adagrad", "adagrad", "coupled"),
    _torch("ASGD", "asgd", "coupled", linear=True, note="lambd, 1e-4 unless changed, shrinks too."),
    _torch("Adafactor", "_adafactor", "decoupled", note="lr, not the relative step."),
    _torch("Muon", "_muon", "decoupled", note="lr, not the adjusted one."),
    _beside("optax.adamw", LR, OPTAX),
    _beside("optax.lion", LR, OPTAX),
    _beside("optax.adafactor", (), OPTAX, "weight_decay_rate comes after the learning rate: no schedule moves it."),
    _inside("optax.add_decayed_weights", "optax/transforms/_adding.py, optax 0.2.8", note="Before the optimizer."),
    _beside("keras.AdamW", LR, KERAS),
    _beside("keras.Optimizer(weight_decay)", LR, KERAS, "Any of them, SGD too."),
    _inside("keras.l2", "keras/src/regularizers/regularizers.py, Keras 3", 2.0, "The penalty is l2 sum w^2."),
    _beside("timm.AdamW", LR, TIMM),
    _beside(
        "timm.AdamW(corrected_weight_decay)", (("lr", 2), ("max_lr", -1)), TIMM,
        "max_lr is the lr that the optimizer was made with.",
    ),
    Convention(
        "transformers.Trainer", "decoupled", 1.0, LR, "TrainingArguments: torch's AdamW unless optim says otherwise",
        verified=False,
    ),
    _beside("transformers.Adafactor", LR, HUGGING_FACE, "With scale_parameter=False."),
    _beside("transformers.Adafactor(scale_parameter)", (("lr", 1), ("rms", 1)), HUGGING_FACE, "lr: the relative step."),
    _beside("fastai.Adam", LR, FASTAI),
    _inside("fastai.Adam(decouple_wd=False)", FASTAI),
    _beside(
        "big_vision", (("lr", 1), ("max_lr", -1)), "big_vision/optax.py at 11eea57",
        "max_lr is config.lr; lr_mults do not move the decay.",
    ),
    _beside(
        "tfa.AdamW", (), "tensorflow_addons/optimizers/weight_decay_optimizers.py at 077924c",
        "A schedule must be given to weight_decay itself.",
    ),
    _beside("apex.FusedAdam", LR, APEX),
    _inside("apex.FusedAdam(adam_w_mode=False)", APEX),
    _beside("composer.DecoupledAdamW", (("lr", 1), ("initial_lr", -1)), COMPOSER),
    _beside("composer.DecoupledSGDW", (("lr", 1), ("initial_lr", -1)), COMPOSER),
    Convention("schedulefree.AdamWScheduleFree", "averaged", 1.0, (), SCHEDULE_FREE, note=AVERAGED),
)  # fmt: skip
