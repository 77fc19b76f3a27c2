"""Results draw what they say: the numbers on the lines are those of their methods; the axes that go in come out."""

import subprocess
import sys

import numpy as np
import pytest
import sympy as sp
from matplotlib.figure import Figure

import theory


@pytest.fixture
def axes():
    return Figure().subplots()


def test_an_equilibrium_draws_its_rms_and_its_scale(axes):
    eq = theory.equilibrium(100, 20.0, 0.5)
    assert eq.plot(start=1.0, steps=70, axes=axes, label="mine") is axes
    law, held = axes.lines
    steps, rms = law.get_data()
    assert law.get_label() == "mine"
    assert steps[0] == 0
    assert steps[-1] == 70
    np.testing.assert_array_equal(rms, eq.rms(steps, 1.0))
    assert set(held.get_ydata()) == {eq.scale}


def test_without_a_length_it_shows_three_relaxation_times(axes):
    eq = theory.equilibrium(100, 20.0, 0.5)
    steps, _ = eq.plot(1.0, axes=axes).lines[0].get_data()
    assert steps[-1] == np.ceil(3 * eq.relaxation_time)


@pytest.mark.parametrize("n", [sp.Symbol("n", positive=True), np.array([10.0, 100.0])])
def test_an_equilibrium_of_many_is_not_drawn(axes, n):
    with pytest.raises(theory.InvalidArgument, match="one setting"):
        theory.equilibrium(n, 2.0, 0.1).plot(1.0, 10, axes=axes)


def test_what_is_no_axes_is_refused():
    with pytest.raises(theory.InvalidArgument, match="axes must be axes of Matplotlib"):
        theory.equilibrium(100, 20.0, 0.5).plot(1.0, 10, axes=Figure())


def test_a_trajectory_draws_its_rms_and_the_equilibrium_of_the_moment(axes):
    run = theory.trajectory(lr=0.01, weight_decay=0.1, noise=1.0, steps=50, start=0.3, schedule="cosine")
    assert run.plot(axes=axes) is axes
    rms, momentary = axes.lines
    np.testing.assert_array_equal(rms.get_ydata(), run.rms)
    np.testing.assert_array_equal(momentary.get_ydata(), run.momentary)


def test_a_trajectory_without_an_equilibrium_draws_its_rms_alone(axes):
    run = theory.trajectory(lr=0.1, weight_decay=0.5, noise=1.0, steps=20, optimizer="adagrad")
    assert len(run.plot(axes=axes).lines) == 1


def test_a_budget_draws_its_terms_and_their_sum(axes):
    budget = theory.norm_budget(100, 10.0, 0.1, norm_sq=np.array([4.0, 5.0]), grad_sq=2.0, alignment=-0.3)
    budget = theory.layer.budget.Budget(budget.decay, budget.noise + np.zeros(2), budget.signal + np.zeros(2))
    assert budget.plot([1, 2], axes=axes) is axes
    drawn = {line.get_label(): line.get_ydata() for line in axes.lines}
    np.testing.assert_allclose(drawn["decay"] + drawn["noise"] + drawn["signal"], drawn["sum"])
    np.testing.assert_array_equal(drawn["sum"], budget.total)


def test_a_rotation_draws_its_cosine(axes):
    turning = theory.rotation(200, 20.0, 0.3, dimension=500, grad_sq=1.0)
    lags, cosines = turning.plot(30, axes=axes).lines[0].get_data()
    assert cosines[0] == 1
    assert cosines[-1] == turning.cosine(30)
    assert list(lags) == list(range(31))


def test_a_network_draws_each_unit(axes):
    rule, start = theory.OnlineRule(eta=0.5, gamma=0.02, sigma=0.3), theory.Overlaps(Q=400.0, R=0.0, T=1.0)
    network = theory.teacher_student(rule, start)
    alpha, rms = network.plot(784, 100.0, axes=axes).lines[0].get_data()
    assert alpha[-1] == 100
    np.testing.assert_allclose(rms, np.sqrt(network.at(alpha)[0][:, 0, 0] / 784))


def test_matplotlib_is_imported_when_something_is_drawn():
    code = "import sys, theory; theory.equilibrium(100, 20.0, 0.5).scale; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
