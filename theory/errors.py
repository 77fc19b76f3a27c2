"""The errors of the package: one base class, so that a caller can catch them all, and a name for each kind."""

__all__ = [
    "DerivationError",
    "InvalidArgument",
    "NoEquilibrium",
    "NoFixedPoint",
    "NotAGramMatrix",
    "OutOfRange",
    "TailoffError",
]


class TailoffError(ValueError):
    """Something that the caller can put right; the message says what was received, the rule, and what to do."""


class InvalidArgument(TailoffError):
    """An argument outside its range: the message names it, its value and the rule."""


class NoEquilibrium(TailoffError):
    """Valid arguments for which the weights have no stationary distribution."""


class NoFixedPoint(NoEquilibrium):
    """A flow of overlaps that does not come to rest at a stable fixed point; the message says what it did instead."""


class NotAGramMatrix(InvalidArgument):
    """Overlaps that no set of weight vectors has."""


class OutOfRange(TailoffError):
    """Valid arguments, but the answer or a number on the way to it is too large or too small for a double."""


class DerivationError(TailoffError):
    """A step of a derivation that does not follow from what it claims to follow from."""
