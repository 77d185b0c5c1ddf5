"""One page per data set: from the cards and the committed counts, all in the table of contents, with pictures."""

import re

import pytest

from recscale.book.dataset_pages import dataset_pages, write_dataset_pages
from recscale.book.execute import Layout, pages
from recscale.datasets.cards import book_cards
from recscale.datasets.planted_world import PLANTED
from recscale.settings import BOOK


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    stage = tmp_path_factory.mktemp("stage")
    write_dataset_pages(stage)
    return stage


def test_the_contents_list_every_data_set_once():
    assert [page for page in pages(Layout()) if page.startswith("data-sets/")] == dataset_pages()


@pytest.mark.parametrize("name", book_cards())
def test_a_page_has_facts_counts_and_a_picture_per_kind(name, folder):
    card, text = book_cards()[name], (folder / "data-sets" / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"(data-{name})=\n# {card.title}\n")
    assert f"| licence | {card.licence} |" in text
    assert text.count('<figure class="recscale-figure"') == len(card.kinds)
    if card.bibtex:
        assert f"{{cite:p}}`{card.bibtex}`" in text
        assert f"{{{card.bibtex}," in (BOOK / "references.bib").read_text(encoding="utf-8")
    if "sequences" in card.kinds:
        assert f"| interactions | {card.sequences.interactions:,} |" in text
        assert f"| items | {card.sequences.items:,} |" in text
    if "ctr" in card.kinds and name not in PLANTED:
        for field in (*card.ctr.categorical, *card.ctr.multi_hot, *card.ctr.dense):
            assert f"| `{field}` |" in text
    if name in PLANTED:
        assert f"| Bayes log-loss | {PLANTED[name][0].bayes_logloss:.4f} nats |" in text


def test_the_overview_links_every_page(folder):
    text = (folder / "data-sets" / "index.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([\w-]+)\.md\)", text))
    assert linked == set(book_cards())
    assert text.count('<figure class="recscale-figure"') == 1
