"""The chapters build on each other in the order of the contents."""

import json
import re

import pytest

from recscale.book.execute import Layout, chapters, pages
from recscale.book.parameters import CHAPTERS
from recscale.settings import BOOK

ORDER = pages(Layout())


def needed_before(chapter: str) -> list[str]:
    """The chapters that a page asks to read first."""
    text = json.dumps(json.loads((BOOK / f"{chapter}.ipynb").read_text(encoding="utf-8")))
    (line,) = re.findall(r"\*\*Before this\.\*\*(.*?)\*\*Time", text, re.DOTALL)
    return re.findall(r"\(chapter-([\w-]+)\)", line)


def test_the_models_of_the_parameters_stand_in_reading_order():
    assert list(CHAPTERS) == chapters(Layout())


@pytest.mark.parametrize("chapter", chapters(Layout()))
def test_what_a_chapter_asks_to_read_first_comes_first(chapter):
    later = [page for page in needed_before(chapter) if ORDER.index(page) >= ORDER.index(chapter)]
    assert later == []


def test_each_law_is_read_from_its_paper_to_its_measurement():
    for first, last in (
        ("how-we-fit", "wukong-published"),
        ("wukong-published", "wukong-law-measured"),
        ("quality-wukong", "sequential-model"),
        ("performance-law-published", "performance-law-measured"),
        ("performance-law-measured", "report-card"),
        ("report-card", "fitting-honestly"),
    ):
        assert ORDER.index(first) < ORDER.index(last)
