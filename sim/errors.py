"""The errors of the measuring side; like the theory's they are all `TailoffError`, and say what to do."""

from theory.settings import TailoffError

__all__ = ["CheckpointError", "DataError", "FitError", "TrainingError"]


class DataError(TailoffError):
    """A data file that is missing, damaged or inconsistent: the message names the file and what is wrong with it."""


class FitError(TailoffError):
    """Numbers that cannot be fitted at all (too few, not finite, wrong shapes)."""


class TrainingError(TailoffError):
    """A training run that cannot go on, such as weights that stopped being finite."""


class CheckpointError(TrainingError):
    """A checkpoint that is damaged, or that belongs to another run."""
