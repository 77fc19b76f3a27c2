"""sim measures: networks and random walks that are run, and the fits and errors of what they give.

Nothing here has seen a prediction: of `theory` it imports the settings alone.

>>> import sim
>>> sim.load_data("mnist").classes
10
"""

from sim.data import Data, Split, load_data
from sim.errors import CheckpointError, DataError, FitError, TrainingError
from sim.fit import DecayFit, Estimate, fit_decay
from sim.online import online
from sim.provenance import save
from sim.train import train
from sim.untrained import untrained
from sim.walk import walk

__all__ = [
    "CheckpointError",
    "Data",
    "DataError",
    "DecayFit",
    "Estimate",
    "FitError",
    "Split",
    "TrainingError",
    "fit_decay",
    "load_data",
    "online",
    "save",
    "train",
    "untrained",
    "walk",
]
