"""
The tail-off of a network
=========================

The textbook's network on MNIST, from large weights under a strong decay. At first the weights of layer 2 fall as
decay alone would have it, then they tail off: ``sim.fit_decay`` finds where, with an error, and says whether the
tail was seen.
"""

import matplotlib.pyplot as plt
import numpy as np

import sim

run = sim.train(sim.load_data(), lam=160.0, epochs=8, replicas=2, evaluate_every=8)
layer = run.rms.sel(layer=2)

fit = sim.fit_decay(run.epoch, layer.mean("replica"))
axes = fit.plot(run.epoch, layer.mean("replica"))
alone = np.exp(-0.1 * 160 / 10 * run.epoch)  # exp(-eta lam / m) per epoch
axes.plot(run.epoch, alone, "k:", label="decay alone")
axes.axhline(50_000**-0.5, color="C1", linestyle="--", label=r"$1/\sqrt{n}$, n examples")
axes.set(xlabel="epoch", ylim=(3e-3, 1.5))
axes.legend()
plt.show()

# %%

print(fit)
