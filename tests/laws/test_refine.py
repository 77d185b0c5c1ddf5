"""One damped step where rounding leaves nothing to solve."""

import numpy as np

from recscale.laws.refine import damped_solution


def test_a_singular_matrix_is_solved_and_leaves_its_neighbours_alone():
    alike, apart = np.ones((2, 2)), np.array([[2.0, 1.0], [1.0, 3.0]])
    right = np.array([[1.0, 1.0], [3.0, 5.0]])
    steps = damped_solution(np.stack([alike, apart]), right)
    np.testing.assert_allclose(steps[0], [0.5, 0.5], rtol=1e-6)  # the shortest of all solutions
    np.testing.assert_array_equal(steps[1], np.linalg.solve(apart, right[1]))
