"""Newton's method: a fit ends where the gradient is zero to rounding, and not where it was started badly."""

import numpy as np
import pytest

from recscale import laws, published
from recscale.laws.points import read_points
from recscale.laws.problem import Problem, Solutions
from recscale.laws.solve import polish

RNG = np.random.default_rng(0)
X = np.geomspace(1e3, 1e9, 15)
NOISY = (1.2 + 40 * X**-0.3) * np.exp(0.02 * RNG.standard_normal(15))


@pytest.mark.parametrize(("loss", "cosine"), [("squares", 1e-11), ("huber", 1e-8)])
def test_a_fit_ends_at_the_stationary_point(loss, cosine):
    """Under Huber's loss a few points may lie on the kink, where there is no second derivative to step by."""
    assert laws.fit("power-law-floor", X, NOISY, loss=loss).gradient < cosine
    for points in list(published.panels().values())[:4]:
        fit = laws.fit("performance-law", points[published.AXES], points["value"], loss=loss)
        assert fit.gradient < cosine


def test_parameters_have_all_their_digits():
    """The same points in other units and another order give the same exponent to the last digits."""
    plain = laws.fit("power-law-floor", X, NOISY).parameters["α"]
    order = RNG.permutation(15)
    other = laws.fit("power-law-floor", 37.3 * X[order], 0.0123 * NOISY[order]).parameters["α"]
    assert other == pytest.approx(plain, rel=1e-11)


def test_a_rough_solution_is_finished_and_a_bound_is_kept():
    law = laws.get("power-law-floor")
    problem = Problem(law, read_points(X, NOISY), law.scale)
    best = laws.fit(law, X, NOISY).best
    rough = Solutions(best.theta * (1 + 1e-4), best.coef * (1 - 1e-5), best.cost * (1 + 1e-4))
    done = polish(problem, rough, problem.rows())
    np.testing.assert_allclose(done.theta, best.theta, rtol=1e-9)
    np.testing.assert_allclose(done.cost, best.cost, rtol=1e-12)
    held = Solutions(rough.theta, np.array([[0.0, rough.coef[0, 1]]]), np.array([1e3]))
    assert polish(problem, held, problem.rows()).coef[0, 0] == 0


def test_what_has_no_objective_stays_as_it_is():
    law = laws.get("power-law-floor")
    problem = Problem(law, read_points(X, NOISY), law.scale)
    nowhere = Solutions(np.array([[0.3]]), np.array([[0.0, 0.0]]), np.array([np.inf]))
    assert polish(problem, nowhere, problem.rows()).cost[0] == np.inf
