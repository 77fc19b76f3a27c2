"""Three laws derived a second time, from the written-out update and by another way than the theory's."""

import math

import numpy as np
import pytest
import sympy as sp

import theory
from theory import SGD, AdamW, Lion, Signum


def test_dampened_momentum_from_torch_s_own_state():
    """The buffer not in units of a step: three linear equations for E w^2, E w b, E b^2; theory scales it by eta."""
    eta, k, sigma, m, d, W, C, B = sp.symbols("eta k sigma m d W C B")
    pull = m * C + (1 - d) * k * W  # E w b', with b' = m b + (1 - d)(k w + g)
    own = m**2 * B + 2 * m * (1 - d) * k * C + (1 - d) ** 2 * (k**2 * W + sigma**2)
    equations = [W - 2 * eta * pull + eta**2 * own - W, pull - eta * own - C, own - B]
    ((variance, *_),) = sp.linsolve(equations, [W, C, B])
    values = {eta: 0.0931, k: 0.217, sigma: 0.41, m: 0.83, d: 0.37}
    words = {"lr": values[eta], "weight_decay": values[k], "noise": values[sigma]}
    found = theory.equilibrium(**words, optimizer=SGD(values[m], dampening=values[d])).variance
    assert found == pytest.approx(float(variance.subs(values)), rel=1e-12)
    closed = eta * (1 - d) * sigma**2 * (1 + m) / (k * (1 - m) * (2 * (1 + m) - eta * (1 - d) * k))
    assert sp.simplify(variance - closed) == 0
    undamped = theory.equilibrium(**words, optimizer=SGD(values[m])).variance
    assert undamped != pytest.approx(float(variance.subs(values)), rel=0.1)


@pytest.mark.parametrize("optimizer", [Signum(0.83), Lion((0.83, 0.94)), Lion((0.94, 0.83))])
def test_signs_from_price_s_theorem(optimizer):
    """The sign's covariance grows with the correlation by four times the density at zero; the filter is summed here."""
    z, rho, b1, b2 = sp.symbols("z rho b1 b2", positive=True)
    density = 1 / (2 * sp.pi * sp.sqrt(1 - z**2))  # of two unit Gaussians with correlation z, at the origin
    signs = sp.lambdify(rho, sp.integrate(4 * density, (z, 0, rho)), "math")
    tail = b1 * (1 - b2) / b2  # c_0 = 1 - b1 and c_j = tail b2^j: what the direction keeps of the gradient j steps ago
    square = (1 - b1) ** 2 + tail**2 * b2**2 / (1 - b2**2)
    product = (1 - b1) * tail + tail**2 * b2**2 / (1 - b2**2)  # of two, s steps apart, over b2^s
    betas = optimizer.betas if isinstance(optimizer, Lion) else (optimizer.momentum, optimizer.momentum)
    first = float((product / square).subs(dict(zip((b1, b2), betas, strict=True))))
    eta, decay = 0.013, 1.7
    a = 1 - eta * decay
    S = 1 + 2 * math.fsum(a**s * signs(first * betas[1] ** s) for s in range(1, 1700))
    eq = theory.equilibrium(lr=eta, weight_decay=decay, optimizer=optimizer)
    assert eq.variance == pytest.approx(eta**2 * S / (1 - a**2), rel=1e-12)
    linear = 1 + 2 * math.fsum((a * betas[1]) ** s * first for s in range(1, 1700))  # a direction that is no sign
    assert eq.variance != pytest.approx(eta**2 * linear / (1 - a**2), rel=0.05)


def test_adamw_from_the_joint_laplace_transform_of_two_second_moments():
    """All lags of a live second moment, each an integral over a quarter of a plane; theory fits a polynomial in b2^s.

    E g^2 / sqrt(v v') is 4/pi times the integral of E g^2 exp(-y^2 v - y'^2 v') over y, y' > 0, and the transform of
    Gaussian noise is a product over the gradients that enter v or v'.
    """
    b1, b2, eta, decay = 0.62, 0.83, 0.021, 2.3
    past, lags = 170, 60
    x, weight = np.polynomial.legendre.leggauss(40)
    angle, by_angle = np.pi / 4 * (x + 1), np.pi / 4 * weight
    step = 0.11
    radius = np.exp(np.sinh(np.arange(-34, 35) * step))  # double exponential, for a tail that falls as a power
    by_radius = radius**2 * np.cosh(np.arange(-34, 35) * step) * step  # r dr
    y = radius[:, None] ** 2 * np.cos(angle) ** 2
    later = radius[:, None] ** 2 * np.sin(angle) ** 2

    def covariance(s):
        age = np.arange(past)  # of a gradient at the earlier step; at the later one it is older by s
        rate = 2 * (1 - b2) * (y[..., None] * b2**age + later[..., None] * b2 ** (age + s))
        between = 2 * (1 - b2) * later[..., None] * b2 ** np.arange(s)
        transform = np.exp(-0.5 * (np.log1p(rate).sum(-1) + np.log1p(between).sum(-1)))
        filtered = ((1 - b1) ** 2 * b1 ** (2 * age + s) / (1 + rate)).sum(-1)
        return 4 / np.pi * np.einsum("i,j,ij", by_radius, by_angle, transform * filtered)

    C = np.array([covariance(s) for s in range(lags)])
    a = 1 - eta * decay
    S = C[0] + 2 * np.sum(a ** np.arange(1, lags) * C[1:])
    eq = theory.equilibrium(lr=eta, weight_decay=decay, optimizer=AdamW((b1, b2)))
    np.testing.assert_allclose(eq.law.steps.lags[:lags], C, rtol=0, atol=1e-8 * C[0])
    assert eq.variance == pytest.approx(eta**2 * S / (1 - a**2), rel=eq.accuracy)
    fixed = (1 - b1) / (1 + b1) * (1 + a * b1) / (1 - a * b1)
    assert eq.variance != pytest.approx(eta**2 * fixed / (1 - a**2), rel=0.02)
