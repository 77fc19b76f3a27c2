"""NAdam's way while its momentum rises, against the quadrature of the filter of the moment."""

import pytest

import theory
from theory import NAdam
from theory.weight.laws.second_moment import Filter, filtered_covariance, first_order_covariance


@pytest.mark.parametrize(
    ("betas", "momentum_decay"), [((0.745, 0.842), 5e-4), ((0.9, 0.95), 5e-4), ((0.6, 0.75), 1e-3)]
)
def test_nadam_on_its_way_to_the_settled_momentum(betas, momentum_decay):
    """Where the momentum rises slowly E w^2 is that of the moment's filter, by quadrature; by no other."""
    (b1, b2), lr, decay, steps = betas, 0.01, 2.0, 600
    optimizer = NAdam(betas, momentum_decay=momentum_decay, decoupled_weight_decay=True)
    found = theory.trajectory(lr=lr, weight_decay=decay, steps=steps, optimizer=optimizer).variance[-1]
    a, memory = 1 - lr * decay, 1 / (2 * lr * decay)
    mu = b1 * (1 - 0.5 * 0.96 ** ((steps - memory) * momentum_decay))
    now, settled = Filter(b1, mu * (1 - b1), 1 - mu), Filter(b1, b1 * (1 - b1), 1 - b1)

    def held(steps):
        return lr**2 * steps.summed(a) / (1 - a**2)

    assert found == pytest.approx(held(filtered_covariance(now, b2)), rel=1e-4)
    for wrong in (first_order_covariance(now, b2), filtered_covariance(settled, b2)):
        assert found != pytest.approx(held(wrong), rel=1e-3)
