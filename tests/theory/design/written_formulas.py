"""The table of written formulas of theory/design (see tests/theory/test_written_formulas.py)."""

import theory


def one_number():
    """Of n, lam, eta and noise only x and the noise matter, in units of a step."""
    for optimizer in (theory.SGD(momentum=0.7), theory.AdamW((0.8, 0.95))):
        one, other = (
            theory.equilibrium(n, 0.03 * n / eta, eta, noise=noise, optimizer=optimizer)
            for n, eta, noise in ((100.0, 0.2, 1.0), (777.0, 0.7, 0.3))
        )
        unit = (0.3 * 0.7) ** 2 if isinstance(optimizer, theory.SGD) else 0.7**2
        yield one.variance / 0.2**2, other.variance / unit
        yield one.relaxation_time, other.relaxation_time


BLOCKS = {
    "theory.design.rescale": [
        (
            r"\frac{E w^2}{\eta^2 \sigma^2} = f(x), \qquad \tau = g(x), \qquad x = \eta\lambda/n",
            one_number,
        )
    ],
}
