r"""In which sense weights decay to 1/sqrt(n): how the weight scale of a unit changes with its fan-in N.

With scaled rates :math:`\eta \propto N^p`, :math:`\gamma \propto N^q` (rates per step: :math:`\eta/N`,
:math:`\gamma/N`) and :math:`w_{\rm rms} = \sqrt{Q^*(\eta, \gamma)/N}`,

.. math:: \frac{d \ln w_{\rm rms}}{d \ln N} = \frac12 \Big(\frac{d \ln \mathrm{tr}\, Q^*}{d \ln N} - 1\Big), \qquad
          \frac{dX^*}{d \ln N} = -J^{-1} (p\, \eta\, \partial_\eta f + q\, \gamma\, \partial_\gamma f)

* Fixed scaled rates, p = q = 0: the exponent is -1/2. This is the precise form of the textbook's :math:`1/\sqrt n`,
  with n the fan-in.
* Fixed small rates per step, p = q = 1, noise labels: Q* tends to eta sigma^2 / 2m, proportional to N. Exponent 0.
* On the diffusive branch: :math:`Q^* \propto (\eta^2/\gamma)^{2/3}` and the exponent
  :math:`\nu = \frac13 (2p - q) - \frac12`, which is -1/6 at fixed rates per step, p = q = 1.

Assumptions
-----------
1. Those of `theory.committee.teacher_student`; corrections of order 1/N left out.
2. At fixed rates per step the scaled rates grow with N, where the flow's own validity is not guaranteed.

Range: wherever a stable fixed point is reached from the start. Exact derivative of the fixed point of the flow.

References
----------
Derived here from the flow of D. Saad and S. A. Solla, Phys. Rev. E 52, 4225 (1995), and NIPS 9 (1996).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from theory.committee.teacher_student import TeacherStudent, teacher_student
from theory.errors import InvalidArgument, NoFixedPoint
from theory.settings import OnlineRule, Overlaps, finite, numbers, one_number, positive, representable
from theory.settings.notebook import InNotebook
from theory.settings.online import check_rule, check_start

__all__ = ["Scaling", "diffusive_exponent", "scaling"]


@dataclass(frozen=True, eq=False)
class Scaling(InNotebook, answer=("exponent",)):
    """The weight scale against the fan-in, made by `scaling`.

    Attributes
    ----------
    fan_in : ndarray, shape (p,)
        N.
    scale : ndarray, shape (p,)
        sqrt(tr Q* / (K N)): rms over all the weights of the students.
    local_exponent : ndarray, shape (p,)
        d ln scale / d ln N at each N.
    networks : tuple of TeacherStudent
        The predictions behind them.
    """

    fan_in: np.ndarray
    scale: np.ndarray
    local_exponent: np.ndarray
    networks: tuple[TeacherStudent, ...]

    @property
    def exponent(self) -> float:
        """Slope of the least-squares line through ln scale against ln N; the local exponent if there is one N."""
        if len(self.fan_in) == 1:
            return float(self.local_exponent[0])
        return float(np.polyfit(np.log(self.fan_in), np.log(self.scale), 1)[0])


@representable
def scaling(
    rule: OnlineRule,
    start: Overlaps,
    fan_in: Sequence[float] | np.ndarray,
    *,
    eta_power: float = 0.0,
    gamma_power: float = 0.0,
    reference: float | None = None,
    alpha_max: float | None = None,
) -> Scaling:
    """Predict how the weight scale changes with the fan-in, for rates that change with it in a given way.

    Parameters
    ----------
    rule : OnlineRule
        The scaled rates at N = `reference`.
    start : Overlaps
        Where each network starts.
    fan_in : array, shape (p,)
        The N.
    eta_power, gamma_power : float
        eta = rule.eta (N / reference)^eta_power, gamma likewise. 0: fixed scaled rates. 1: fixed rates per step.
    reference : float, optional
        Default: the first N.
    alpha_max : float, optional
        As in `teacher_student`.

    Returns
    -------
    Scaling

    Raises
    ------
    InvalidArgument
        If an argument is out of range.
    NoFixedPoint
        If at some N no stable fixed point is reached; the message says at which, and why.

    Examples
    --------
    >>> rule, start = OnlineRule(eta=30.0, gamma=1e-3, sigma=1.0), Overlaps(Q=100.0)
    >>> print(f"{scaling(rule, start, [100, 1000]).exponent:.3f}")
    -0.500
    >>> print(f"{scaling(rule, start, [100, 1000], eta_power=1, gamma_power=1).exponent:.3f}")
    -0.159
    """
    sizes = np.atleast_1d(numbers("fan_in", fan_in).astype(float))
    check_rule(rule)
    check_start(start)
    eta_power, gamma_power = one_number("eta_power", eta_power), one_number("gamma_power", gamma_power)
    if sizes.ndim != 1 or not sizes.size:
        raise InvalidArgument(f"fan_in must be a number or a row of them, got shape {sizes.shape}.")
    positive("fan_in", sizes, "Give the numbers of inputs.")
    finite("eta_power", eta_power)
    finite("gamma_power", gamma_power)
    base = float(sizes[0]) if reference is None else one_number("reference", reference)
    positive("reference", base)
    ratios = sizes / base
    rules = [replace(rule, eta=rule.eta * r**eta_power, gamma=rule.gamma * r**gamma_power) for r in ratios]
    networks = tuple(teacher_student(one, start, alpha_max=alpha_max) for one in rules)
    for size, network in zip(sizes, networks, strict=True):
        if network.stationary is None:
            raise NoFixedPoint(f"no stable fixed point at fan_in = {size:g}, {network.rule}: {network.reason}")
    traces = np.array([_trace(network.flow.gram(network.linear_noise.state), start.K) for network in networks])
    slopes = np.array([_trace_slope(network, eta_power, gamma_power) for network in networks])
    return Scaling(sizes, np.sqrt(traces / (start.K * sizes)), (slopes / traces - 1) / 2, networks)


def _trace(gram: np.ndarray, K: int) -> float:
    return float(np.trace(gram[:K, :K]))


def _trace_slope(network: TeacherStudent, eta_power: float, gamma_power: float) -> float:
    """Return d tr Q* / d ln N by differentiating f(X*, eta, gamma) = 0."""
    rule, flow, noise = network.rule, network.flow, network.linear_noise
    decay, gradient, kicks = flow.parts(noise.state)
    by_eta = rule.eta * gradient + 2 * rule.eta**2 / rule.batch_size * kicks
    slope = -np.linalg.solve(noise.jacobian, eta_power * by_eta + gamma_power * rule.gamma * decay)
    return _trace(flow.gram(slope), flow.K)


@representable
def diffusive_exponent(eta_power: float, gamma_power: float) -> float:
    """Return the limit of d ln w_rms / d ln N on the diffusive branch: (2 eta_power - gamma_power) / 3 - 1/2.

    Parameters
    ----------
    eta_power, gamma_power : float
        How the scaled rates go with the fan-in N: eta as N^eta_power, gamma as N^gamma_power.

    Raises
    ------
    InvalidArgument
        If a power is not finite.

    Examples
    --------
    >>> print(f"{diffusive_exponent(1, 1):.4f}")
    -0.1667
    """
    eta_power, gamma_power = one_number("eta_power", eta_power), one_number("gamma_power", gamma_power)
    finite("eta_power", eta_power)
    finite("gamma_power", gamma_power)
    return float(_diffusive_law()(eta_power, gamma_power))


@lru_cache
def _diffusive_law() -> Callable[[float, float], float]:
    """Compile d ln w_rms / d ln N of w_rms = sqrt(Q* / N), Q* as (eta^2 / gamma)^(2/3), eta as N^p, gamma as N^q."""
    import sympy as sp

    N, p, q = sp.symbols("N p q", positive=True)
    squared_norm = (N**p) ** sp.Rational(4, 3) / (N**q) ** sp.Rational(2, 3)
    return sp.lambdify([p, q], sp.expand(N * sp.diff(sp.log(squared_norm / N), N) / 2))
