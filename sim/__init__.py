"""sim measures: networks and random walks that are run, and the fits and errors of what they give.

Nothing here has seen a prediction: of `theory` it imports the settings alone.

>>> import sim
>>> sim.load_data("mnist").classes
10
"""

import lazy_loader

from tailoff.namesakes import refuse_namesakes

refuse_namesakes("theory")
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
