import pandas as pd

from recscale.studies.fitting_gallery import off_target


def test_only_shares_outside_the_target_are_named():
    rows = [("a", "linearised", "law", "twice", 0.95), ("b", "bootstrap", "measurement", "largest", 0.9)]
    table = pd.DataFrame(rows, columns=["law", "method", "band", "at", "coverage"])
    assert off_target(table) == ["b, bootstrap, new run at largest: 0.900"]
    assert off_target(table[:1]) == ["none"]
