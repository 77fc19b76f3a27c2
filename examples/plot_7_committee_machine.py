"""
A committee machine
===================

A nonlinear network without a fitted number: one erf unit, saturated at the start, learns a teacher with weight
decay. The line is predicted from the rates alone; the points are networks that take every step.
"""

import matplotlib.pyplot as plt
import numpy as np

import sim
import theory

N = 400
rule, start = theory.OnlineRule(eta=0.5, gamma=0.02, sigma=0.3), theory.Overlaps(Q=400.0, R=0.0, T=1.0)
network = theory.teacher_student(rule, start)
run = sim.online(rule, start, fan_in=N, alpha=250.0, records=25, replicas=4)

axes = network.plot(N, alpha=250.0)
sim.plot(run.assign(rms=np.sqrt(run.Q / N)), axes=axes)
axes.axhline(N**-0.5, color="0.5", linestyle="--", label=r"$1/\sqrt{N}$, N the fan-in")
axes.set(yscale="log", ylabel="rms of the unit's weights")
axes.legend()
plt.show()
