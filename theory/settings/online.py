"""The settings of online learning: the rates in scaled units, and the overlaps of the weight vectors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from theory.errors import InvalidArgument, NotAGramMatrix
from theory.settings.checks import finite, non_negative, one_number, positive, shown, whole_number
from theory.settings.representable import representable
from theory.settings.types import Value

__all__ = ["OnlineRule", "Overlaps", "check_rule", "check_start"]

LARGEST_COMMITTEE = 1000  # its overlaps are a million numbers
LARGEST_SAMPLE = 2**27  # numbers in a sample of weight vectors: 1 GiB


@dataclass(frozen=True, slots=True)
class OnlineRule:
    """The numbers of online learning in scaled units, w <- (1 - gamma/N) w + (eta/N m) sum over the batch of delta xi.

    N is the fan-in; the rates per step are eta/N and gamma/N. The label is the teacher's output plus sigma times a
    standard normal number.

    Parameters
    ----------
    eta : float
        Learning rate per step times N. Positive.
    gamma : float
        Weight decay per step times N. Positive.
    sigma : float
        Standard deviation of the label noise. Zero or positive.
    batch_size : int
        Fresh examples per step, m.

    Raises
    ------
    InvalidArgument
        If a number is out of range, NaN or infinite.

    Examples
    --------
    >>> OnlineRule(eta=0.5, gamma=0.0)
    Traceback (most recent call last):
    theory.errors.InvalidArgument: gamma must be positive and finite, got 0.0. Give the weight decay per step times N.
    """

    eta: float
    gamma: float
    sigma: float = 0.0
    batch_size: int = 1

    def __post_init__(self) -> None:
        for name in ("eta", "gamma", "sigma"):
            object.__setattr__(self, name, one_number(name, getattr(self, name)))
        positive("eta", self.eta, "Give the learning rate per step times N.")
        positive("gamma", self.gamma, "Give the weight decay per step times N.")
        non_negative("sigma", self.sigma, "Give the standard deviation of the label noise.")
        object.__setattr__(self, "batch_size", whole_number("batch_size", self.batch_size))


@dataclass(frozen=True, eq=False)
class Overlaps:
    """Inner products of the weight vectors of K students and M teachers, refused unless some vectors have them.

    Parameters
    ----------
    Q : float or ndarray, shape (K, K)
        Student with student.
    R : ndarray, shape (K, M), optional
        Student with teacher. Without it there are no teachers: the labels are noise only.
    T : float or ndarray, shape (M, M), optional
        Teacher with teacher.

    Raises
    ------
    NotAGramMatrix
        If the matrix (Q, R; R^T, T) is not symmetric, or has a negative eigenvalue beyond rounding.
    InvalidArgument
        If K = 0, the shapes do not fit, or an entry is not finite.

    Examples
    --------
    >>> Overlaps(Q=400.0, R=0.0, T=1.0).gram
    array([[400.,   0.],
           [  0.,   1.]])
    >>> Overlaps(Q=1.0, R=2.0, T=1.0)
    Traceback (most recent call last):
    theory.errors.NotAGramMatrix: the overlaps (Q, R; R^T, T) must be those of some vectors, got a matrix with the
    eigenvalue -1. Make every |R| at most sqrt(Q T).
    """

    Q: Value
    R: Value = None
    T: Value = None

    def __post_init__(self) -> None:
        Q = _block("Q", self.Q)
        T = _block("T", np.empty((0, 0)) if self.T is None else self.T)
        R = _block("R", np.empty((len(Q), 0)) if self.R is None else self.R)
        if Q.shape != (len(Q), len(Q)) or len(Q) == 0:
            raise InvalidArgument(f"Q must be square, K by K with K at least 1, got shape {Q.shape}. Give one student.")
        if T.shape != (len(T), len(T)):
            raise InvalidArgument(f"T must be square, M by M, got shape {T.shape}.")
        if R.shape != (len(Q), len(T)):
            raise InvalidArgument(f"R must have shape (K, M) = {(len(Q), len(T))}, got {R.shape}. Give R with T.")
        for name, block in (("Q", Q), ("R", R), ("T", T)):
            block.flags.writeable = False
            object.__setattr__(self, name, block)
        _refuse_unless_gram(self.gram)

    @classmethod
    def orthogonal(cls, K: int, M: int = 0, *, Q: float, T: float = 1.0) -> Overlaps:
        """Return K orthogonal students of squared norm Q, and M orthogonal teachers of squared norm T beside them."""
        K, M = _counts(K, M)
        Q, T = one_number("Q", Q), one_number("T", T)
        non_negative("Q", Q)
        non_negative("T", T)
        return cls(Q * np.eye(K), np.zeros((K, M)), T * np.eye(M))

    @classmethod
    def random(cls, K: int, M: int = 0, *, Q: float, T: float = 1.0, fan_in: int, seed: int) -> Overlaps:
        """Return the overlaps of K random students (squared norm about Q) with M orthogonal teachers.

        The vectors have `fan_in` entries. Overlaps of order 1/sqrt(fan_in) break the symmetry between the units, as
        those of real initial weights do.
        """
        K, M = _counts(K, M)
        D, Q, T = K + M, one_number("Q", Q), one_number("T", T)
        positive("Q", Q)
        positive("T", T)
        fan_in, seed = whole_number("fan_in", fan_in, least=D), whole_number("seed", seed, least=0)
        if K * fan_in > LARGEST_SAMPLE:
            raise InvalidArgument(
                f"K * fan_in must be at most {LARGEST_SAMPLE}, got {shown(K * fan_in)}: they do not fit in memory. "
                "Take a smaller fan_in."
            )
        students = np.random.default_rng(seed).standard_normal((K, fan_in)) * math.sqrt(Q / fan_in)
        return cls(students @ students.T, students[:, :M] * math.sqrt(T), T * np.eye(M))

    @property
    def K(self) -> int:
        """Number of students."""
        return len(self.Q)

    @property
    def M(self) -> int:
        """Number of teachers."""
        return len(self.T)

    @property
    def gram(self) -> np.ndarray:
        """The matrix (Q, R; R^T, T), students first."""
        return np.block([[self.Q, self.R], [self.R.T, self.T]])


def _block(name: str, value: Value) -> np.ndarray:
    """Return a copy as a matrix of floats; a number is a matrix of one entry."""
    finite(name, value, "Give the inner products of the weight vectors.")
    block = np.array(value, dtype=float)
    if block.ndim not in (0, 2):
        raise InvalidArgument(f"{name} must be a number or a matrix, got shape {block.shape}.")
    return block.reshape(1, 1) if block.ndim == 0 else block


def _counts(K: int, M: int) -> tuple[int, int]:
    K, M = whole_number("K", K), whole_number("M", M, least=0)
    if K + M > LARGEST_COMMITTEE:
        raise InvalidArgument(f"K + M must be at most {LARGEST_COMMITTEE}, got {shown(K + M)}. Take fewer units.")
    return K, M


@representable
def _refuse_unless_gram(gram: np.ndarray) -> None:
    rounding = 1e-9 * max(abs(gram).max(), 1e-300)
    if abs(gram - gram.T).max() > rounding:
        raise NotAGramMatrix("the overlaps (Q, R; R^T, T) must be symmetric, got a Q or T that is not. Symmetrise it.")
    lowest = float(np.linalg.eigvalsh(gram)[0])
    if lowest < -rounding:
        raise NotAGramMatrix(
            f"the overlaps (Q, R; R^T, T) must be those of some vectors, got a matrix with the eigenvalue "
            f"{lowest:.4g}. Make every |R| at most sqrt(Q T)."
        )


def check_rule(rule: object) -> None:
    """Refuse what is no `OnlineRule`."""
    if not isinstance(rule, OnlineRule):
        raise InvalidArgument(
            f"rule must be a theory.OnlineRule, got {shown(rule)}. Use, for instance, OnlineRule(eta=0.5, gamma=0.02)."
        )


def check_start(start: object) -> None:
    """Refuse what are no `Overlaps`."""
    if not isinstance(start, Overlaps):
        raise InvalidArgument(
            f"start must be theory.Overlaps, got {shown(start)}. Use, for instance, Overlaps.orthogonal(K=2, Q=100)."
        )
