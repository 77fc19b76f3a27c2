"""
Rotation
========

Behind a normalisation the cost does not know how long a weight vector is. Decay then sets how fast the vector
turns: the cosine of the angle turned, over the lag, for SGD and AdamW.
"""

import matplotlib.pyplot as plt

import sim
import theory

lags = (1, 5, 10, 20, 40, 60, 80)
fig, axes = plt.subplots()
for number, optimizer in enumerate((theory.SGD(), theory.AdamW((0.9, 0.99)))):
    setting = {"n": 200.0, "lam": 20.0, "eta": 0.2, "dimension": 250, "grad_sq": 1.0}
    setting["optimizer"] = optimizer
    name = type(optimizer).__name__
    theory.rotation(**setting).plot(80, axes=axes, color=f"C{number}", label=f"{name}, law")
    measured = sim.sphere(**setting, vectors=100, steps=2560, lags=lags)
    measured = measured.assign(cosine=1 - measured.turn, cosine_error=measured.turn_error)
    sim.plot(measured, "cosine", axes=axes, color=f"C{number}", label=f"{name}, measured")
axes.set_ylabel("mean cosine of the angle turned")
axes.legend()
plt.show()
