"""theory predicts: where weight decay holds the weights, and how fast they get there.

Closed forms derived in SymPy and evaluated from the derivation itself. Nothing here has seen a simulation.

>>> import theory
>>> print(f"{theory.equilibrium(n=50_000, lam=5.0, eta=0.1).scale:.8f}")
0.10000025
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
