"""
Optimizers side by side
=======================

The same weight decay per step, and each optimizer holds the weights somewhere else. Lines: ``theory.trajectory``;
points: the update written out as in PyTorch, step by step.
"""

import matplotlib.pyplot as plt

import sim
import theory

n, steps = 1000, 640
fig, axes = plt.subplots()
for number, (name, optimizer, eta) in enumerate([
    ("SGD", theory.SGD(), 0.1),
    ("SGD, momentum 0.9", theory.SGD(0.9), 0.01),
    ("AdamW", theory.AdamW((0.9, 0.99)), 0.01),
    ("Lion", theory.Lion((0.9, 0.99)), 0.003),
]):  # fmt: skip
    lam = 0.01 * n / eta  # eta lam / n = 1% per step
    setting = {"n": n, "lam": lam, "eta": eta, "noise": 1.0, "optimizer": optimizer}
    run = theory.trajectory(**setting, steps=steps)
    axes.plot(run.rms, f"C{number}", label=name)
    sim.plot(sim.walk(**setting, weights=400, steps=steps), axes=axes, color=f"C{number}", label=None)
axes.set(yscale="log", ylim=(3e-3, 3), xlabel="steps", ylabel="rms of a weight")
axes.legend(ncols=2)
plt.show()
