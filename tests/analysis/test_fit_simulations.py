import pandas as pd

from recscale.analysis.fit_simulations import by_true_value, coverage_by_span, off_target, searched_words


def test_only_shares_outside_the_target_are_named():
    rows = [("a", "linearised", "law", "twice", 0.95), ("b", "bootstrap", "measurement", "largest", 0.9)]
    table = pd.DataFrame(rows, columns=["law", "method", "band", "at", "coverage"])
    assert off_target(table) == ["b, bootstrap, new run at largest: 0.900"]
    assert off_target(table[:1]) == ["none"]


def test_a_short_range_makes_a_band_promise_too_much_beyond_it():
    table = coverage_by_span((0.5, 2.0), 0.002, 60, 0)
    assert table.index.tolist() == [0.5, 2.0]
    assert table["inside the range"].min() > 0.85
    assert table.loc[0.5, "ten times beyond"] < 0.8 < table.loc[2.0, "ten times beyond"]


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
