"""The panel of a page: its parameters, the line that makes the page, links where there is somewhere to link to."""

import shlex

from bs4 import BeautifulSoup

from recscale.book.arguments import checked_arguments, panel
from recscale.book.parameters import CHAPTERS, parameter_defaults
from recscale.book.site import Publication
from recscale.settings import BOOK

PUBLISHED = Publication(repository="https://github.com/a/b")


def defaults(chapter):
    return parameter_defaults((BOOK / f"{chapter}.ipynb").read_text())


def soup_of(chapter, publication=None, values=None):
    return BeautifulSoup(
        panel(chapter, values or defaults(chapter), "_sources/x.ipynb", publication or Publication()), "lxml"
    )


def test_it_is_folded_and_lists_every_parameter_with_type_value_meaning_and_limits():
    soup = soup_of("scaling-wukong")
    assert not soup.details.has_attr("open")
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in soup.select("tbody tr")]
    assert {row[0] for row in rows} == set(CHAPTERS["scaling-wukong"].model_fields)
    assert ["hold_out", "int", "1", "how many of the largest sizes the law must predict", "≥ 1, ≤ 3"] in rows
    (dataset,) = [row for row in rows if row[0] == "dataset"]
    assert "movielens-100k" in dataset[4]
    assert "amazon-beauty" not in dataset[4], "only data sets with impressions"


def test_the_line_is_the_one_that_makes_the_page():
    """Read back as a shell and the command read it, for every chapter of the book."""
    for chapter in CHAPTERS:
        words = shlex.split(soup_of(chapter).pre.get_text())
        assert words[:4] == ["recscale", "chapter", "run", chapter]
        texts = dict(zip(words[5::3], words[6::3], strict=True))
        assert words[4::3] == ["-p"] * len(texts)
        assert checked_arguments(chapter, texts) == defaults(chapter)


def test_colab_and_binder_are_there_when_the_repository_has_an_address():
    names = [link.get_text() for link in soup_of("intro").select("a")]
    assert names == ["Notebook with figures and numbers (.ipynb)"]
    links = {link.get_text(): link["href"] for link in soup_of("intro", PUBLISHED).select("a")}
    assert links["Open in Colab"] == PUBLISHED.colab("intro")
    assert links["Open in Binder"] == PUBLISHED.binder("intro")


def test_values_can_t_break_out():
    soup = soup_of("intro", values={"task": 1, "dataset": "<b>'x"})
    assert soup.find("b") is None
    assert "'<b>'\"'\"'x'" in soup.pre.get_text()
