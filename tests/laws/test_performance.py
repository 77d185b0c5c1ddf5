import numpy as np
import pytest

from recscale import laws, published

LOW_POINTS = {
    ("HR@10", "ml-1m", 150): (0.0268, 0.7670, 40),
    ("HR@10", "amazon-books", 25): (0.0291, 1.1596, 37),
    ("HR@10", "kuairand-pure", 50): (0.0270, 0.8984, 40),
    ("HR@10", "kuairand-pure", 100): (-0.3637, -0.3074, -1),
    ("HR@10", "industrial", 25): (1.3098, -0.0217, -40),
    ("NDCG@10", "ml-1m", 100): (-0.3653, -0.2934, -1),
    ("NDCG@10", "ml-1m", 200): (1.1511, 0.0692, 19),
    ("NDCG@10", "kuairand-pure", 100): (-0.3663, -0.3048, -1),
    ("NDCG@10", "industrial", 50): (-0.2790, -0.2408, -1),
}
"""Panel -> (w3, w4, p1), near optima of the outside form found with 120 nodes an axis, each in a narrow valley."""


def sum_of_squares(points, w3: float, w4: float, p: float) -> float:
    """What is left of the panel after the best straight fit of b + w1 (ln H + p/H^w3) + w2 (ln d + p/d^w4)."""
    h, d = (points[name].to_numpy(float) for name in published.AXES)
    basis = np.column_stack([np.ones(len(h)), np.log(h) + p * h**-w3, np.log(d) + p * d**-w4])
    coefficients = np.linalg.lstsq(basis, points["value"], rcond=None)[0]
    return float(np.sum((points["value"] - basis @ coefficients) ** 2))


@pytest.mark.parametrize("key", LOW_POINTS, ids=str)
def test_narrow_valleys_of_the_outside_form_are_found(key):
    points = published.panels()[key]
    fit = laws.fit("performance-law-outside", points[published.AXES], points["value"])
    found = sum_of_squares(points, *(fit.parameters[name] for name in ("w3", "w4", "p1")))
    assert found <= sum_of_squares(points, *LOW_POINTS[key]) * 1.0005
