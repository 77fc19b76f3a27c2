"""The words that loggers use in the names of columns: quantities, clocks, errors, layers, and what is none of them."""

from __future__ import annotations

import re

__all__ = ["CLOCKS", "ERRORS", "EXTREMES", "GROUPS", "LAYERS", "LOGGED", "NEUTRAL", "NORM_MODULES", "OF_GRADIENTS",
           "OF_WEIGHTS", "OTHERS", "PATH", "PATTERNS", "QUANTITIES", "QUANTITY", "SPLITS", "STATES",
           "TAGS"]  # fmt: skip

QUANTITIES = ("rms", "norm", "norm_sq", "variance", "std")
# Longer ones first. The words of a name are told apart by underscores, capitals and the like.
PATTERNS: dict[tuple[str, ...], str] = {
    ("root", "mean", "square"): "rms",
    ("standard", "deviation"): "std",
    ("sum", "of", "squares"): "norm_sq",
    ("norm", "sq"): "norm_sq", ("norm", "squared"): "norm_sq", ("sq", "norm"): "norm_sq",
    ("squared", "norm"): "norm_sq", ("sum", "sq"): "norm_sq", ("sum", "squares"): "norm_sq",
    ("rms", "sq"): "variance", ("rms", "squared"): "variance", ("mean", "square"): "variance",
    ("mean", "sq"): "variance",
    ("std", "dev"): "std",
    ("rms",): "rms", ("std",): "std", ("stddev",): "std", ("variance",): "variance", ("var",): "variance",
    ("norm",): "norm", ("norms",): "norm", ("l2norm",): "norm", ("frobenius",): "norm",
    ("normsq",): "norm_sq", ("sumsq",): "norm_sq",
    ("l2", "norm"): "norm", ("frobenius", "norm"): "norm", ("l2", "norm", "sq"): "norm_sq",
}  # fmt: skip
OF_WEIGHTS = {"w", "weight", "weights", "param", "params", "parameter", "parameters", "value", "theta", "θ",
              "gewicht", "gewichte", "poids", "pesos", "pesi"}  # fmt: skip

CLOCKS: dict[str, str] = {  # the unit of each name, the first of them preferred
    **dict.fromkeys(("globalstep", "trainerglobalstep", "trainstep", "trainingstep", "step", "steps", "update",
                     "updates", "schritt", "schritte", "étape", "etape", "pas", "paso", "pasos", "passo",
                     "passi"), "step"),
    "iteration": "iteration", "iterations": "iteration", "iter": "iteration", "iters": "iteration", "it": "iteration",
    "batch": "batch", "batches": "batch",
    **dict.fromkeys(("tokens", "token", "tokensseen", "ntokens", "numtokens", "totaltokens"), "token"),
    **dict.fromkeys(("examples", "samples", "samplesseen", "examplesseen", "images"), "example"),
    **dict.fromkeys(("epoch", "epochs", "epoche", "epochen", "época", "epoca", "époque", "epoque"), "epoch"),
    **dict.fromkeys(("time", "t", "clock", "zeit", "temps", "tiempo", "tempo"), "unit of time"),
    **dict.fromkeys(("ns", "nanoseconds", "timens"), "nanosecond"), **dict.fromkeys(("ms", "timems"), "millisecond"),
    **dict.fromkeys(("seconds", "second", "times", "timeseconds"), "second"), "minutes": "minute", "hours": "hour",
}  # fmt: skip

ERRORS = (("standard", "error"), ("std", "error"), ("std", "err"), ("error",), ("err",), ("stderr",), ("sem",), ("se",),
          ("uncertainty",))  # fmt: skip
GROUPS = {"layer", "layers", "layername", "module", "param", "parameter", "parametername", "run", "runname", "seed",
          "replica"}  # fmt: skip
TAGS = {"tag", "metric", "metricname", "variable", "key", "name"}
EXTREMES = {"min", "max"}
OTHERS = {  # what a logger records besides: a value or an error with one of these words is not of the weights
    "loss", "losses", "acc", "accuracy", "lr", "rate", "learning", "grad", "grads", "gradient", "gradients",
    "update", "updates", "momentum", "decay", "wd", "perplexity", "ppl", "auc", "mse", "mae", "cost", "entropy",
    "score", "reward", "return", "time", "wall", "timestamp", "runtime", "seconds", "date", "elapsed",
    "duration", "gpu", "cpu", "memory", "mem", "throughput", "alignment", "exp", "avg", "activation",
    "activations", "act", "spectral", "clip", "clipped", "l1", "inf", "top1", "top5", "classification", "ratio",
    "relative", "nll", "bpb", "bpc", "rmse", "beta1", "beta2", "temperature", "total", "global", "moment",
    "moments", "adam", "cosine", "nonzero", "percentage", "delta",
}  # fmt: skip
OF_GRADIENTS = {"grad", "grads", "gradient", "gradients", "momentum", "moment", "moments"}
LOGGED = OF_GRADIENTS | {  # no layer is called so, and no run whose weights are recorded
    "loss", "losses", "acc", "accuracy", "perplexity", "ppl", "nll", "mse", "mae", "rmse",
}  # fmt: skip
SPLITS = {"train", "training", "test", "val", "valid", "validation", "eval"}  # an error of these is of the classes
NEUTRAL = {
    "of",
    "the",
    "mean",
    "avg",
    "average",
    "median",
    "all",
    "stats",
    "statistics",
    "metrics",
    "monitor",
    "summary",
}  # fmt: skip; beside a quantity: of replicas, of layers, or where a logger puts them
LAYERS = re.compile(  # these alone name a layer
    r"(layer|layers|block|blocks|fc|conv|dense|linear|lin|embed|embedding|embeddings|head|attn|attention|mlp|w|weight"
    r"|weights|kernel|encoder|decoder|lstm|gru|classifier|bias)[0-9]*|(h|hidden|features|input|output)[0-9]+"
)
PATH = re.compile(  # these only beside others, in a module's path
    r"[0-9]+|(param|params|parameter|parameters|emb|heads|ffn|ff|rnn|q|k|v|qkv|kv|query|key|gate|up|down|c|proj"
    r"|projection|self|cross|wte|wpe|lm|transformer|model|module|net|network|seq|sequential|stem|stage|patch|downsample"
    r"|shortcut|layernorm|batchnorm|groupnorm|rmsnorm|expert|experts|router|theta|θ)[0-9]*|(l|c|o|ln|bn|gn|in|out|norm)[0-9]+"
)
STATES = {"hidden", "h", "input", "inputs", "output", "outputs", "features", "in", "out"}  # a layer's, or activations
NORM_MODULES = {
    "layer",
    "batch",
    "group",
    "instance",
    "rms",
    "attn",
    "attention",
    "ffn",
    "mlp",
    "q",
    "k",
    "qk",
    "input",
    "output",
    "post",
    "pre",
    "final",
}  # fmt: skip; layer_norm is a module, layer1_norm a norm
QUANTITY = re.compile(r"rms|norm|variance|frobenius|std|sumsq")  # whatever has this in its name is no mere unknown
