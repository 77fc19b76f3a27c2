"""The words both sides share: the numbers of the weight-decay rule, and the checks that refuse bad ones.

No mathematics lives here. ``theory`` predicts from these settings and ``sim`` runs with them; this module is the only
one of ``theory`` that ``sim`` may import, so that no formula can leak into a measurement.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.errors import InvalidArgument, NotAGramMatrix, TailoffError

__all__ = [
    "DecayRule",
    "InvalidArgument",
    "NotAGramMatrix",
    "OnlineRule",
    "Overlaps",
    "TailoffError",
    "check_range",
    "finite",
    "non_negative",
    "positive",
    "whole_number",
]

Value = Any  # a float, an array of floats, or (in theory) a SymPy expression


def check_range(
    name: str,
    value: Value,
    low: float,
    high: float,
    *,
    ends: tuple[bool, bool] = (False, False),
    must: str = "",
    hint: str = "",
) -> None:
    """Refuse `value` unless all of it lies between `low` and `high`; NaN never does.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : float or ndarray
        What the caller gave.
    low, high : float
        The range.
    ends : (bool, bool)
        Whether each end is allowed itself.
    must : str, optional
        The rule in words, completing "eta must be ...". Made from the range if not given.
    hint : str
        What to do about it.

    Raises
    ------
    InvalidArgument
        Names the argument, the value (of an array: the first offending index and how many offend), and the rule.
    """
    above = operator.ge if ends[0] else operator.gt
    below = operator.le if ends[1] else operator.lt
    if isinstance(value, (int, float)):
        if above(value, low) and below(value, high):
            return
        got = f"got {value!r}"
    else:
        array = np.asarray(value)
        if array.dtype.kind not in "iuf":
            raise InvalidArgument(f"{name} must be a real number or an array of them, got {value!r}.")
        if array.size == 0 or (above(array.min(), low) and below(array.max(), high)):  # NaN is the min of its array
            return
        bad = ~(above(array, low) & below(array, high))
        if array.ndim == 0:
            got = f"got {array.item()!r}"
        else:
            index = tuple(int(i) for i in np.argwhere(bad)[0])
            where = index[0] if array.ndim == 1 else index
            got = f"got {array[index].item()!r} at index {where} ({int(bad.sum())} of {array.size} values are wrong)"
    must = must or f"between {low:g} and {high:g}, {'both included' if all(ends) else 'both excluded'}"
    raise InvalidArgument(f"{name} must be {must}, {got}." + (f" {hint}" if hint else ""))


def positive(name: str, value: Value, hint: str = "") -> None:
    """Refuse `value` unless it is finite and above zero everywhere (see `check_range`)."""
    check_range(name, value, 0, math.inf, must="positive and finite", hint=hint)


def non_negative(name: str, value: Value, hint: str = "") -> None:
    """Refuse `value` unless it is finite and at least zero everywhere (see `check_range`)."""
    check_range(name, value, 0, math.inf, ends=(True, False), must="zero or positive, and finite", hint=hint)


def finite(name: str, value: Value, hint: str = "") -> None:
    """Refuse `value` unless it is finite everywhere (see `check_range`)."""
    check_range(name, value, -math.inf, math.inf, must="finite", hint=hint)


def whole_number(name: str, value: Any, least: int = 1) -> int:
    """Return `value` as an int, refusing anything that is not a whole number of at least `least`."""
    try:
        number = operator.index(value) if not isinstance(value, bool) else None
    except TypeError:
        number = int(value) if isinstance(value, float) and math.isfinite(value) and value == int(value) else None
    if number is None or number < least:
        raise InvalidArgument(f"{name} must be a whole number of at least {least}, got {value!r}.")
    return number


@dataclass(frozen=True, slots=True)
class DecayRule:
    """The three numbers of w <- (1 - eta lam / n) w - eta g, checked when made.

    Parameters
    ----------
    n : float or ndarray
        Number of training examples in the decay term. Positive.
    lam : float or ndarray
        Regularisation parameter of the cost (lam / 2n) sum w^2. Zero or positive.
    eta : float or ndarray
        Learning rate per step. Positive.

    Raises
    ------
    InvalidArgument
        If a number is out of range, NaN or infinite.
    """

    n: Value
    lam: Value
    eta: Value

    def __post_init__(self) -> None:
        positive("n", self.n, "Give the number of training examples.")
        non_negative("lam", self.lam, "Give the regularisation parameter of the cost (lam / 2n) sum w^2.")
        positive("eta", self.eta, "Give the learning rate per step.")


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
        positive("eta", self.eta, "Give the learning rate per step times N.")
        positive("gamma", self.gamma, "Give the weight decay per step times N.")
        non_negative("sigma", self.sigma, "Give the standard deviation of the label noise.")
        whole_number("batch_size", self.batch_size)
        for name in ("eta", "gamma", "sigma"):
            if np.ndim(getattr(self, name)):
                raise InvalidArgument(
                    f"{name} must be one number, got {getattr(self, name)!r}. Make one rule for each."
                )


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
        K, M = whole_number("K", K), whole_number("M", M, least=0)
        return cls(Q * np.eye(K), np.zeros((K, M)), T * np.eye(M))

    @classmethod
    def random(cls, K: int, M: int = 0, *, Q: float, T: float = 1.0, fan_in: int, seed: int) -> Overlaps:
        """Return the overlaps of K random students (squared norm about Q) with M orthogonal teachers.

        The vectors have `fan_in` entries. Overlaps of order 1/sqrt(fan_in) break the symmetry between the units, as
        those of real initial weights do.
        """
        K, M = whole_number("K", K), whole_number("M", M, least=0)
        D = K + M
        positive("Q", Q)
        positive("T", T)
        whole_number("fan_in", fan_in, least=D)
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
