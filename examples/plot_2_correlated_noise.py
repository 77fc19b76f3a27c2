"""
Noise with a memory
===================

How large a weight stays depends on how long the gradient keeps its sign. White noise (correlation 0) makes a random
walk held back by decay; noise that never changes is balanced by the decay term literally. One formula holds both
ends.
"""

import matplotlib.pyplot as plt
import numpy as np

import sim
import theory

setting = {"n": 100, "lam": 20.0, "eta": 0.2}
memory = 1 - np.logspace(-4, 0, 200)  # correlation from 0 to 0.9999: arrays go in, arrays come out
law = theory.equilibrium(**setting, correlation=memory)

fig, axes = plt.subplots()
axes.plot(1 - memory, law.scale, label="law")
for r in (0.0, 0.9, 0.99, 0.998):
    walk = sim.walk(**setting, correlation=r, weights=1000, steps=6400)
    scale = float(walk.variance) ** 0.5
    axes.errorbar(1 - r, scale, float(walk.variance_error) / (2 * scale), fmt="C1o", mfc="white")
axes.axhline(float(np.ravel(law.balance)[0]), color="0.5", linestyle="--", label=r"literal balance, $\sqrt{n}/\lambda$")
axes.axhline(law.scale[-1], color="0.5", linestyle=":", label="white noise")
axes.set(xscale="log", yscale="log", xlabel="1 - correlation", ylabel="rms of a weight")
axes.invert_xaxis()
axes.legend()
plt.show()
