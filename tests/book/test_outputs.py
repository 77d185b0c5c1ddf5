"""Outputs of a chapter as other viewers read them: figures, claims, tables, and nothing of the book's own."""

import base64
import gzip
import json

import nbformat.v4 as v4
import numpy as np
import pytest

from recscale.book.outputs import PLOTLY, Portable, count_figures, glued
from recscale.book.references import References
from recscale.book.site import Publication
from recscale.claims.claim import Verdict
from recscale.claims.render import MIME, badge
from recscale.figures import base, show

LIST = (
    '<ul class="claims"><li data-claim="a"><a class="claim-statement" href="report-card.html#a">It falls.</a> '
    f'{badge(Verdict.HOLDS)} <span class="claim-observed">α = 1</span></li></ul>'
)


def output(**data):
    return v4.new_output("display_data", data)


@pytest.fixture
def figure():
    x = np.array([1.0, 2.0, np.nan])
    fig = base.points(base.figure("Three <b>points</b>"), x, x**2, "points")
    return output(**{"text/html": show(fig, points=2, caption="Two of three.").to_html()})


def portable(cell, site=""):
    return Portable(References(publication=Publication(site=site)), "page")(cell)


def test_a_figure_has_plotly_s_type_html_that_draws_itself_and_its_caption(figure):
    drawn, caption = portable(v4.new_code_cell("show", outputs=[figure]))
    data = drawn.data[PLOTLY]["data"][0]
    assert data["y"] == [1.0, 4.0, None]
    assert "bdata" not in json.dumps(drawn.data[PLOTLY])
    assert drawn.data["text/plain"] == "Three points"
    assert "newPlot" in drawn.data["text/html"]
    assert caption.data["text/markdown"] == "*Two of three.*"


def test_plotly_comes_with_the_first_figure_only(figure):
    notebook = [v4.new_code_cell("show", outputs=[figure]) for _ in range(2)]
    converter = Portable(References(), "page")
    first, second = (converter(cell)[0].data["text/html"] for cell in notebook)
    packed = first.partition('id="recscale-plotly">')[2].partition("<")[0]
    assert b"Plotly" in gzip.decompress(base64.b64decode(packed))
    assert 'id="recscale-plotly"' not in second
    assert "VERSION" not in second


def test_claims_are_a_list_without_the_book_s_links_and_types():
    cell = v4.new_code_cell("claims", outputs=[output(**{MIME: [{"id": "a"}], "text/html": LIST})])
    (shown,) = portable(cell)
    assert set(shown.data) == {"text/html", "text/plain"}
    assert shown.data["text/plain"] == "- It falls. · ● holds · α = 1"
    assert "href" not in shown.data["text/html"]
    (linked,) = portable(cell, "https://example.org")
    assert 'href="https://example.org/report-card.html#a"' in linked.data["text/html"]


def test_what_papermill_and_the_book_keep_for_themselves_goes():
    record = v4.new_output(
        "display_data", {"application/papermill.record/text/plain": "1"}, metadata={"scrapbook": {"name": "x"}}
    )
    noise = v4.new_output("stream", name="stderr", text="noise")
    table = output(**{"text/html": "<table></table>", "text/plain": "table"})
    cell = v4.new_code_cell("x", outputs=[record, noise, table], metadata={"tags": ["remove-stderr"]})
    assert glued(v4.new_notebook(cells=[cell])) == {"x": "1"}
    (kept,) = portable(cell)
    assert kept.data["text/html"] == "<table></table>"
    assert portable(v4.new_code_cell("x", outputs=[table], metadata={"tags": ["remove-output"]})) == []


def test_figures_are_counted_before_and_after(figure):
    cell = v4.new_code_cell("show", outputs=[figure, figure])
    assert count_figures(v4.new_notebook(cells=[cell])) == 2
    cell.outputs = portable(cell)
    assert count_figures(v4.new_notebook(cells=[cell])) == 2


def test_an_explorer_leaves_its_table():
    html = '<div class="recscale-explorer"><script type="application/json">{}</script><table><tr></tr></table></div>'
    (kept,) = portable(v4.new_code_cell("x", outputs=[output(**{"text/html": html})]))
    assert kept.data["text/html"] == '<div class="recscale-explorer"><table><tr></tr></table></div>'
