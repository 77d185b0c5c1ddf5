import numpy as np
import pandas as pd
import pytest

from recscale.laws.points import diagnose, read_points


def test_rows_with_equal_x_are_one_configuration_unless_groups_say_otherwise():
    x, y = [1, 1, 2, 2], [1.0, 2, 3, 4]
    assert list(read_points(x, y).configuration) == [0, 0, 1, 1]
    assert list(read_points(x, y, groups=["a", "b", "c", "c"]).configuration) == [0, 1, 2, 2]
    assert list(read_points(x, y, groups=["a", "b", "c", "c"]).sizes) == [0, 0, 1, 1]


def test_names_come_from_the_data_else_from_the_law():
    assert read_points(pd.DataFrame({"gflop": [1.0, 2]}), [1, 2]).names == ("gflop",)
    assert read_points(pd.Series([1.0, 2], name="flop"), [1, 2]).names == ("flop",)
    assert read_points([1.0, 2], [1, 2], ("x",)).names == ("x",)
    assert read_points(np.ones((2, 2)), [1, 2], ("x",)).names == ("x1", "x2")


def test_missing_group_labels_are_refused():
    with pytest.raises(ValueError, match="groups has missing values"):
        read_points([1, 2], [1, 2], groups=["a", None])


X = np.arange(1.0, 6)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (X, pd.Series([1, 2, "n/a", 4, 5], name="loss"), r"y \(loss\) must hold numbers; at position 3 it has 'n/a'"),
        (pd.DataFrame({"n": [1, 2, 3, "x", 5]}), X, "n must hold numbers; at position 4 it has 'x'"),
        (pd.DataFrame(np.ones((5, 2)), columns=["n", "n"]), X, "x names the column n twice"),
        (X, np.ones((5, 2)), "y must be one column of numbers; got an array of shape"),
        (np.ones((2, 2, 2)), X, "x must be one column or a table"),
        (X, [1, 2, [3], 4, 5], r"at position 3 it has \[3\]"),
        (pd.Series([1, 2, pd.NA, 4, 5]), X, "x has 1 missing or infinite value.*first at position 3"),
        (X, X * 1j, "y must hold numbers, got complex numbers"),
        (X, pd.Series(pd.to_datetime(["2020-01-01"] * 5)), "y must hold numbers, got times"),
        (X * 1e300, X, r"x holds 1e\+300; a fit takes sizes from 1e-50 to 1e\+50: choose another unit"),
        (X, X * 1e-320, "y holds .*choose another unit"),
    ],
)
def test_what_is_no_point_is_named_with_its_column_and_position(x, y, message):
    with pytest.raises(ValueError, match=message):
        read_points(x, y, ("x",))


def test_a_column_of_numbers_may_be_a_table_of_one_column_or_text():
    assert list(read_points(X, X[:, None]).y) == list(X)
    assert list(read_points(pd.Series(["1", "2", "3", "4", "5"]), X).x[0]) == list(X)


def test_labels_that_are_lists_are_refused():
    with pytest.raises(ValueError, match="groups must hold one label a row"):
        read_points(X, X, groups=pd.Series([[1]] * 5))


def test_variables_that_move_together_are_named():
    assert diagnose(read_points({"N": X, "D": 20 * X**2}, X)).collinear == (("N", "D"),)
    assert diagnose(read_points({"N": X, "D": X + X**2}, X)).collinear == ()
