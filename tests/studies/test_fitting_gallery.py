import pandas as pd

from recscale.studies.fitting_gallery import by_true_value, off_target, searched_words


def test_only_shares_outside_the_target_are_named():
    rows = [("a", "linearised", "law", "twice", 0.95), ("b", "bootstrap", "measurement", "largest", 0.9)]
    table = pd.DataFrame(rows, columns=["law", "method", "band", "at", "coverage"])
    assert off_target(table) == ["b, bootstrap, new run at largest: 0.900"]
    assert off_target(table[:1]) == ["none"]


def test_coverage_by_true_value_is_put_into_words():
    shares = {("averaged", "largest"): 0.95, ("averaged", "twice"): 0.83, ("profiled", "largest"): 0.95}
    rows = [
        (q1, kind, band, at, shares.get((kind, at), 0.99) + 0.01 * (q1 == "drawn"))
        for q1 in (2, 5, "drawn")
        for kind in ("averaged", "profiled")
        for band in ("law", "measurement")
        for at in ("largest", "twice")
    ]
    table = pd.DataFrame(rows, columns=["q1", "kind", "band", "at", "coverage"])
    assert list(by_true_value(table).index) == ["2", "5", "drawn"]
    words = searched_words(table)
    assert "At twice that size it is 83 to 83 %" in words
    assert "84 % with q₁ drawn" in words
    assert words.endswith("99 to 99 %.")
