import numpy as np
import pytest

from recscale.laws import compare


def test_the_true_form_wins_and_rivals_that_tie_are_called_ties():
    x = np.geomspace(1, 1e5, 16)
    y = (1 + 2 * x**-0.4) * (1 + 1e-3 * np.random.default_rng(0).standard_normal(16))
    table = compare(x, y, ["constant", "log-linear", "power-law", "power-law-floor"], hold_out_largest=2)
    assert table["law"].iloc[0] == "power-law-floor"
    assert table["verdict"].iloc[0] == "best"
    assert (table["verdict"].iloc[1:] == "worse").all()
    assert table["held_out_rmse"].idxmin() == 0
    straight = compare(
        x, 1 + 0.1 * np.log(x) + 0.01 * np.random.default_rng(0).standard_normal(16), ["log-linear", "log-quadratic"]
    )
    assert set(straight["verdict"]) <= {"best", "tie", "worse"}
    assert straight["delta_aicc"].min() == 0


def test_a_law_that_cannot_be_fitted_keeps_its_row_with_the_reason():
    x = np.geomspace(1, 100, 8)
    table = compare(x, -1 + 0.1 * np.log(x), ["power-law", "log-linear"])
    row = table[table["law"] == "power-law"].iloc[0]
    assert row["verdict"] == "not fitted"
    assert "not positive" in row["error"]
    assert row["fit"] is None
    with pytest.raises(ValueError, match="no law 'nonsense'"):
        compare(x, x, ["nonsense"])


def test_only_laws_with_that_many_variables_are_compared():
    x = np.stack([np.geomspace(1, 100, 12), np.geomspace(1, 1000, 12) ** 0.7 + np.arange(12)], axis=1)
    laws = set(compare(x, 1 / x.sum(axis=1) + 1)["law"])
    assert {"constant", "chinchilla", "kaplan", "performance-law"} <= laws
    assert not {"power-law", "performance-law-joint"} & laws
