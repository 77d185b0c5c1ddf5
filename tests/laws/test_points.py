import numpy as np
import pandas as pd
import pytest

from recscale.laws.points import read_points


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
