"""The response of a live second moment is the written form, and vanishes where nothing can respond."""

import sympy as sp

from theory.symbols import y
from theory.weight.derivations.adam import b1, b2, first_order_covariance, kappa, newest, tail
from theory.weight.derivations.adam_response import pull, spread, weight_response


def test_the_written_forms():
    x = y + pull
    f, phi, s2 = pull / x, (1 - b2) / (1 - b2 + 2 * x), spread()
    written = f**2 * pull / 4 * (1 + 2 * phi) - f * pull / 2 - f * s2 * (1 - phi) * (2 * y + pull) / x
    assert sp.simplify(weight_response() - written) == 0
    coupled = pull / 2 * (phi - sp.Rational(1, 2)) - s2 * (1 - phi)
    assert sp.simplify((weight_response() - coupled).subs(y, 0)) == 0
    assert sp.simplify((weight_response() + coupled).subs(y, 0)) != 0  # the comparison can fail
    assert sp.simplify(s2 - (kappa - 1) / 4 * (1 - b2) / (1 + b2)) == 0


def test_the_response_of_the_mean_to_first_order():
    q = (1 - b1) / (1 - b1 * b2)
    written = 1 - (1 - b2) * q + sp.Rational(3, 4) * (1 - b2) / (1 + b2)
    derived = first_order_covariance().response.subs({tail: 1 - b1, newest: 0, kappa: 3})
    assert sp.simplify(derived - written) == 0
