"""Numbers in running text: minus and units set as in print, everything else left alone."""

import pytest

from recscale.book.build import build_book
from recscale.book.directives import set_numbers


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("from -0.2 % to .5", "from −0.2\u00a0% to .5"),
        ("[-0.2, 0.1] % of 3 GFLOP", "[−0.2, 0.1]\u00a0% of 3\u00a0GFLOP"),
        ("a 40-fold, log-loss, 2024-06-04, 1-2, -p", "a 40-fold, log-loss, 2024-06-04, 1-2, -p"),
        ("5 msec and 3 % off", "5 msec and 3\u00a0% off"),
    ],
)
def test_numbers(given, expected):
    assert set_numbers(given) == expected


def test_a_unit_after_a_glued_number():
    assert set_numbers(" % less", follows_number=True) == "\u00a0% less"
    assert set_numbers(" % less") == " % less"


@pytest.mark.slow
def test_code_stays_as_it_is(small_book):
    (small_book.book / "start.md").write_text("# Start\n\nIt is -3 % here and `x = -3 %` there.\n")
    page = (build_book(small_book, report=lambda *_: None) / "start.html").read_text()
    assert "−3\u00a0% here" in page
    assert '<span class="pre">-3</span>' in page
