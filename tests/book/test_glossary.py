"""The glossary: enough terms, no term twice, in order, and every data set of the book is linked."""

import re

from recscale.datasets import dataset_names
from recscale.settings import BOOK

TEXT = (BOOK / "glossary.md").read_text(encoding="utf-8")
(BODY,) = re.findall(r"```\{glossary\}\n(.*?)\n```", TEXT, re.DOTALL)
TERMS = [line for line in BODY.splitlines() if line and not line.startswith(" ")]


def test_forty_terms_each_once_and_in_order():
    assert len(TERMS) >= 40
    assert len(set(TERMS)) == len(TERMS)
    assert [term.lower() for term in TERMS] == sorted(term.lower() for term in TERMS)


def test_every_data_set_has_a_home_page():
    ours = {name for name in dataset_names() if name.startswith("synthetic")}
    rows = [line for line in TEXT.splitlines() if line.startswith("| `")]
    named = set(re.findall(r"(?<!})`([\w-]+)`", " ".join(rows)))
    assert named == set(dataset_names()) - ours
    assert all("](http" in row for row in rows)
