"""
A walk and its law
==================

A weight that is pushed by gradient noise and pulled back by decay walks at random, and decay holds it at a scale.
Four thousand weights, step by step, over the line that the update rule predicts. Nothing is fitted.
"""

import matplotlib.pyplot as plt

import sim
import theory

setting = {"n": 1000, "lam": 20.0, "eta": 0.5}
walk = sim.walk(**setting, weights=4000, steps=1280, start=0.5)  # no formula
law = theory.equilibrium(**setting)  # no simulation

axes = sim.plot(walk)
law.plot(start=0.5, steps=1280, axes=axes)
axes.axhline(1000**-0.5, color="0.5", linestyle="--", label=r"$1/\sqrt{n}$")
axes.set_ylim(bottom=0)
axes.legend()
plt.show()

# %%
# The law says when the textbook's :math:`1/\sqrt n` would be right: for one value of lam only.

print(law.inverse_sqrt_n)
