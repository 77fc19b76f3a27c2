"""
The budget of a layer
=====================

What holds a layer of a network is no formula but a balance: what decay takes from its squared norm, gradient noise
and the alignment of gradient and weights give back. ``sim.train`` records the two numbers that it takes.
"""

import matplotlib.pyplot as plt

import sim
import theory

run = sim.train(sim.load_data(), lam=160.0, epochs=12, evaluate_every=12)
run = run.isel(replica=0, epoch=slice(2, None))  # the first epochs are decay alone

fig, both = plt.subplots(1, 2, figsize=(6.7, 3.4), layout="constrained")
for layer, axes in zip((2, 3), both, strict=True):
    at = run.sel(layer=layer)
    layer_norm_sq = (at.rms**2 * at.layer_weights).values
    recorded = {"grad_sq": at.grad_sq.values, "alignment": at.alignment.values}
    budget = theory.norm_budget(50_000, 160.0, 0.1, norm_sq=layer_norm_sq, **recorded)
    budget.plot(at.epoch, axes=axes)
    axes.set(title=f"layer {layer}", xlabel="epoch")
both[0].legend(loc="center right")
plt.show()

# %%
# Where the three terms cancel, the layer stays. ``theory.norm_balance`` says at which norm that is.
