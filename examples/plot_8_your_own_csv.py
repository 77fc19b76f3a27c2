"""
A decay of your own
===================

A table from any logger: here steps and the rms of a layer's weights. The fit says where they tail off, how fast
they get there, and whether the record is long enough to know. On the command line: ``tailoff fit your_run.csv``.
"""

import matplotlib.pyplot as plt
import pandas as pd

import sim

table = pd.read_csv("your_run.csv")
fit = sim.fit_decay(table["step"], table["rms"])

axes = fit.plot(table["step"], table["rms"])
axes.set(xlabel="step")
axes.legend()
plt.show()

# %%
# What the fit found, and what it is worth:

print(fit)
