import contextlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recscale.datasets.encode import UNITS, nanoseconds

TIMES = st.lists(st.integers(-(10**18), 9 * 10**18), min_size=1, max_size=8)


def column(*values: object) -> pd.Series:
    return pd.Series(values, name="time")


def decimal(value: int, unit: int) -> str:
    """``value / unit`` in decimals, exactly."""
    whole, rest = divmod(abs(value), unit)
    return f"{'-' if value < 0 else ''}{whole}.{rest:0{len(str(unit)) - 1}d}"


@settings(derandomize=True, max_examples=60, deadline=None)
@given(TIMES)
def test_text_is_exact_to_the_nanosecond_in_every_unit(times):
    for unit in ("s", "ms", "us"):
        assert nanoseconds(column(*[decimal(time, UNITS[unit]) for time in times]), unit).tolist() == times
    assert nanoseconds(column(*map(str, times)), "ns").tolist() == times
    dates = pd.Series(np.array(times, "datetime64[ns]"), name="time")
    assert nanoseconds(dates).tolist() == times
    zoned = dates.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")
    assert nanoseconds(zoned).tolist() == times
    assert nanoseconds(zoned.map(lambda time: time.isoformat())).tolist() == times


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e9, 9e9), min_size=2, max_size=8, unique=True))
def test_floats_keep_their_order_or_are_refused(times):
    for unit, scale in (("s", 1), ("days", 86_400), ("ms", 1e-3)):
        values = np.array(times) / scale
        merges = (np.diff(np.sort(values)) * UNITS[unit] < 1).any()
        with contextlib.suppress(ValueError) if merges else contextlib.nullcontext():
            time = nanoseconds(pd.Series(values), unit)
            assert (np.argsort(time, kind="stable") == np.argsort(values, kind="stable")).all()
            assert len(np.unique(time)) == len(values)


def test_units_and_dates():
    assert nanoseconds(column(0.5, 2), "days").tolist() == [43_200 * 10**9, 172_800 * 10**9]
    assert nanoseconds(column("0.5", " 1e1 "), "s").tolist() == [5 * 10**8, 10**10]
    assert nanoseconds(column(60, 10**9)).tolist() == [60 * 10**9, 10**18]
    assert nanoseconds(column("1970-01-01T00:01:00Z", "2001-09-09 03:46:40.5+02:00")).tolist() == [
        6 * 10**10,
        10**18 + 5 * 10**8,
    ]
    assert nanoseconds(column("0." + "1" * 40)).tolist() == [111_111_111]


@pytest.mark.parametrize(
    ("cells", "unit", "message"),
    [
        ((978300760, "978302109", "soon", "5"), "s", "as s since 1970 or as ISO dates throughout; row 3 has 'soon'"),
        (("2024-01-01", "soon", "2024-02-30"), "s", r"must hold ISO dates.* row 2 has 'soon' \(2 such rows\)"),
        ((3.0, np.inf), "s", "row 2 has inf"),
        ((3.0, 1e30), "s", "years 1679 to 2260, in s since 1970.* row 2 has 1e\\+30"),
        ((3, 2**63 + 5), "s", "row 2 has 9223372036854775813"),
        (("3", "inf"), "s", "row 2 has 'inf'"),
        ((1_700_000_000_000,), "s", "timestamp_unit may be days, s, ms, us, ns; row 1 has 1700000000000"),
        (("9999-01-01", "2024-01-01"), "s", "years 1679 to 2260; row 1 has '9999-01-01'"),
        ((1.0, None), "s", "a time in every row; row 2 has an empty cell"),
        ((0.5, 0.25), "ns", "a nanosecond apart or equal; choose a larger timestamp_unit; row 1 has 0.5"),
        ((True, False), "s", "numbers or ISO dates, not bool"),
    ],
)
def test_a_bad_time_is_named_and_no_good_one(cells, unit, message):
    with pytest.raises(ValueError, match=f"^shop: the .*column 'time' .*{message}"):
        nanoseconds(column(*cells), unit, "shop")
