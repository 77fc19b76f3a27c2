r"""The SymPy symbols of the theory, and the argument names of the public functions that they stand for.

Conventions, stated once for the package:

* cost :math:`C = C_0 + \frac{\lambda}{2n} \sum w^2`, biases not penalised;
* minibatch step, the textbook's rule:
  :math:`w \leftarrow (1 - \eta\lambda/n)\, w - \frac{\eta}{m} \sum \partial C_x / \partial w`;
* `n` is the number of training examples in the decay term, `m` the batch size; the inputs of a neuron are `fan_in`,
  all the weights of a network `n_weights` (the textbook calls all three *n*);
* time is in steps unless a name says epochs; a `scale` is a standard deviation per weight, rms about zero.

Importing this module imports SymPy; the rest of ``theory`` does so on first use only.
"""

import sympy as sp

__all__ = [
    "ARGUMENTS",
    "NEXT",
    "C",
    "V",
    "a",
    "d",
    "delta",
    "eta",
    "g",
    "h",
    "lam",
    "mu",
    "n",
    "r",
    "sigma",
    "t",
    "u",
    "w",
    "w_start",
    "x",
    "xi",
    "y",
    "z",
]

n = sp.Symbol("n", positive=True)
lam = sp.Symbol("lambda", positive=True)
eta = sp.Symbol("eta", positive=True)
sigma = sp.Symbol("sigma", positive=True)  # standard deviation of the gradient noise, per weight
r = sp.Symbol("r", real=True)  # lag-one autocorrelation of the gradient noise
h = sp.Symbol("h", real=True)  # curvature of C_0

x = sp.Symbol("x", positive=True)  # eta (lam/n + h): the fraction of a weight that one step takes away
a = sp.Symbol("a", real=True)  # 1 - x: the fraction that it leaves, `shrink`
d = sp.Symbol("d", positive=True)  # 1 - r: kept as a symbol of its own because r -> 1 is a limit that matters
t = sp.Symbol("t", integer=True, nonnegative=True)  # steps

mu = sp.Symbol("mu", positive=True)  # momentum
delta = sp.Symbol("delta", positive=True)  # dampening: what the buffer leaves out of a gradient
y = sp.Symbol("y", positive=True)  # eta lam/n where the decay is decoupled; x is then eta h, the gradient's part alone
u = sp.Symbol("u", real=True)  # momentum buffer in units of a step: eta times PyTorch's
z = sp.Symbol("z")  # argument of a characteristic polynomial

w, g, xi = sp.symbols("w g xi", real=True)  # a weight, the gradient noise on it, the unit white noise that drives it
w_start = sp.Symbol("w_0", real=True)
V, C = sp.symbols("V C", real=True)  # E w^2 and E w g

NEXT = {s: sp.Symbol(s.name + "'", real=True) for s in (w, g, V, C)}  # the same quantity one step later

ARGUMENTS = {n: "n", lam: "lam", eta: "eta", sigma: "noise", r: "correlation", h: "curvature"}
