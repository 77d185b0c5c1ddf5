"""Labels, exercises, equations and literature of a small book."""

from dataclasses import replace

import pytest

from recscale.book.references import Target, page_targets, read_references
from recscale.book.site import Publication

PAGE = """(top)=
# The page

$$ a = b $$ (first)

$$
c = d
$$ (second)

(part)=
## A part

```{exercise} Try it
:label: try-1
```

```{exercise} Again
:label: try-2
```
"""
BIBLIOGRAPHY = """@article{one, author = {M{\\"u}ller, Ann}, year = {2020}, title = {X}, doi = {10.1/x}}
@article{two, author = {Au, A and Bo, B}, year = {2021}, title = {X}, note = {arXiv:2403.02545}}
@article{three, author = {Au, A and Bo, B and Ce, C}, year = {2022}, title = {X}, url = {https://example.org}}
"""


@pytest.fixture
def references(tmp_path):
    (tmp_path / "page.md").write_text(PAGE)
    (tmp_path / "references.bib").write_text(BIBLIOGRAPHY)
    return read_references(tmp_path, ["page"], Publication())


def test_everything_with_a_label_is_found():
    targets = page_targets("page", PAGE)
    assert targets["page"] == targets["top"] == Target("page", "The page")
    assert targets["part"] == Target("page", "A part")
    assert targets["second"] == Target("page", "(2)", 2)
    assert targets["try-2"] == Target("page", "Again", 2)


@pytest.mark.parametrize("name", ["page", "page.md", "page.ipynb", "#top", "top"])
def test_a_page_has_several_names(references, name):
    assert references.target(name).title == "The page"


def test_citations_are_author_and_year_with_a_link(references):
    assert references.citation(["one"], textual=True) == "[Müller (2020)](https://doi.org/10.1/x)"
    assert references.citation(["two", " three"], textual=False) == (
        "([Au and Bo, 2021](https://arxiv.org/abs/2403.02545); [Au et al., 2022](https://example.org))"
    )
    with pytest.raises(ValueError, match="no entry 'four'"):
        references.citation(["four"], textual=True)


def test_a_link_leads_to_the_published_book_if_there_is_one(references):
    target = references.target("page")
    assert references.link(target, "here") == "*here*"
    site = replace(references, publication=Publication(site="https://example.org/b"))
    assert site.link(target, "here") == "[here](https://example.org/b/page.html)"
