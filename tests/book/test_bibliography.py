"""References: no two look alike where they are cited, each can be found, and the papers' own list is complete."""

from collections import Counter

import pytest
from pybtex.database import parse_file, parse_string

from recscale.book.references import AuthorYear, cited_as, register_bibliography
from recscale.settings import BOOK

ENTRIES = parse_file(str(BOOK / "references.bib")).entries


def test_no_two_references_are_cited_alike():
    double = {name: count for name, count in Counter(map(cited_as, ENTRIES.values())).items() if count > 1}
    assert double == {}


@pytest.mark.parametrize("key", ENTRIES)
def test_a_reference_says_where_it_is_read(key):
    assert set(ENTRIES[key].fields) & {"doi", "eprint", "url"}


@pytest.mark.parametrize(
    ("authors", "expected"),
    [
        ("Doe, A.", "Doe, 2020"),
        ("Doe, A. and Roe, B.", "Doe and Roe, 2020"),
        ("Doe, A. and others", "Doe and others, 2020"),
    ],
)
def test_how_a_reference_is_cited(authors, expected):
    entry = parse_string(f"@misc{{x, author = {{{authors}}}, title = {{T}}, year = {{2020}}}}", "bibtex").entries["x"]
    assert cited_as(entry) == expected


def test_three_authors_are_et_al():
    source = "@misc{x, author = {Doe, A. and Roe, B. and Poe, C.}, title = {T}, year = {2020a}}"
    assert cited_as(parse_string(source, "bibtex").entries["x"]) == "Doe et al., 2020a"


def test_the_list_is_sorted_by_author_and_labelled_as_cited():
    register_bibliography()
    formatted = list(AuthorYear().format_bibliography(parse_file(str(BOOK / "references.bib"))))
    labels = [entry.label for entry in formatted]
    assert len(labels) == len(ENTRIES)
    assert [label.lower() for label in labels] == sorted(label.lower() for label in labels)
