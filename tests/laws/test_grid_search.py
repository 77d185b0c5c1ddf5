import numpy as np
import pytest
from scipy.optimize import nnls

from recscale import laws
from recscale.laws.grid_search import _eliminate, grid_of, resolve, search_grid, thinned
from recscale.laws.points import read_points
from recscale.laws.problem import Problem, columns


def floor_problem(y):
    x = np.geomspace(1, 1e4, len(y))
    return Problem(laws.get("power-law-floor"), read_points(x, y), scale="y")


@pytest.mark.parametrize("seed", range(8))
def test_coefficients_are_those_of_non_negative_least_squares(seed):
    problem = floor_problem(np.random.default_rng(seed).standard_normal(9))
    theta = np.array([[0.3], [1.1]])
    found = resolve(problem, theta, problem.rows().take([0, 0]))
    for at, coef in zip(theta, found, strict=True):
        np.testing.assert_allclose(
            coef, nnls(columns(problem.law, problem.points.x, at[None])[0], problem.points.y)[0], atol=1e-12
        )


def test_dependent_columns_get_the_shortest_solution():
    law = laws.get("log-quadratic").for_columns(("x", "same"))
    x = np.geomspace(1, 100, 8)
    problem = Problem(law, read_points({"x": x, "same": x}, 1 + np.log(x)))
    coef = resolve(problem, np.empty((1, 0)), problem.rows())
    np.testing.assert_allclose(columns(law, problem.points.x, np.empty((1, 0)))[0] @ coef[0], 1 + np.log(x), atol=1e-10)
    assert coef[0, 1] == pytest.approx(coef[0, 2])


def test_elimination_is_least_squares():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((20, 3)), rng.standard_normal(20)
    both = np.column_stack([a, b])
    gram = {(i, j): np.array((both.T @ both)[i, j]) for i in range(4) for j in range(i + 1) if i + j < 6}
    rest, coef = _eliminate(gram, np.array(b @ b), [2, 0, 1], 3, [0, 1, 2])
    expected, residual, *_ = np.linalg.lstsq(a, b)
    assert rest == pytest.approx(residual[0])
    assert [float(coef[j]) for j in range(3)] == pytest.approx(expected)


def test_search_starts_in_the_basin_of_the_truth(truths):
    x, true, y = truths["performance-law"]
    problem = Problem(laws.get("performance-law"), read_points(x, y))
    _, theta = search_grid(problem, problem.rows(), 1)
    assert list(theta[:, 2]) == list(range(1, 33))  # each listed constant gets a start
    assert abs(theta[4, 0] - true["w3"]) < 0.2  # q₁ = 5
    row, theta = search_grid(problem, problem.rows().take([0, 0]), 3)
    assert list(np.bincount(row)) == [96, 96]


def test_many_combinations_of_listed_constants_are_thinned():
    law = laws.get("performance-law-joint")
    assert thinned(law)
    problem = Problem(law, read_points(np.random.default_rng(0).uniform(1, 9, (30, 3)), np.arange(30.0)))
    lists = grid_of(problem)[3:]
    assert all(values[0] == 1 and values[-1] == 32 and len(values) <= 6 for values in lists)
