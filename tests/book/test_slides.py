"""Slides: read strictly, numbers and figures from executed chapters, one file that loads nothing."""

import re

import nbformat
import pytest

from recscale.book.execute import Layout, chapters
from recscale.book.outputs import glued
from recscale.book.slides import GLUE, Slide, deck, figures_of, read_slides, with_numbers
from recscale.settings import BOOK

DECK = (BOOK / "teach" / "slides.md").read_text(encoding="utf-8")
FIGURE = r"""<figure class="recscale-figure" data-figure="{0}"><div class="recscale-plot" style="height:9px"></div>
<script type="application/json">{{"data":[],"layout":{{"height":300,"meta":"a \u003c b"}}}}</script></figure>"""


@pytest.fixture
def chapter():
    """An executed chapter with one glued number and two figures."""
    number = nbformat.v4.new_output(
        "display_data",
        {"application/papermill.record/text/plain": "0.123456"},
        metadata={"scrapbook": {"name": "alpha", "mime_prefix": "application/papermill.record/"}},
    )
    shown = [nbformat.v4.new_output("display_data", {"text/html": FIGURE.format(name)}) for name in ("first", "second")]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x", outputs=[number, *shown])])


def test_a_slide_has_a_title_text_a_figure_and_a_note():
    text = "# One\n\nBody *here*.\n\nfigure: chapter/second\n\nnote: Say it.\n\n# Two\n"
    assert read_slides(text) == [Slide("One", "Body *here*.", "chapter/second", "Say it."), Slide("Two", "")]
    with pytest.raises(ValueError, match="before the first one stands 'words'"):
        read_slides("words\n# One\n")
    with pytest.raises(ValueError, match="'One' may have one figure and one note"):
        read_slides("# One\nfigure: a\nfigure: b\n")


def test_numbers_come_from_glue(chapter):
    values = glued(chapter)
    assert with_numbers("α = {glue:text}`alpha:.2f`", values) == "α = 0.12"
    with pytest.raises(ValueError, match="no chapter has glued 'beta'"):
        with_numbers("{glue:text}`beta`", values)


def test_a_figure_is_the_first_or_the_named_one(chapter):
    assert list(figures_of(chapter)) == ["first", "second"]
    assert "height" not in figures_of(chapter)["first"], "a slide decides how tall its figure is"
    assert r"a \u003c b" in figures_of(chapter)["first"]
    layout, chapters_ = Layout(), {"chapter": chapter}
    assert 'data-figure="first"' in deck([Slide("T", "", "chapter")], chapters_, layout)
    assert 'data-figure="second"' in deck([Slide("T", "", "chapter/second")], chapters_, layout)
    with pytest.raises(ValueError, match="chapter has no figure 'third'; it has first, second"):
        deck([Slide("T", "", "chapter/third")], chapters_, layout)
    with pytest.raises(ValueError, match="a figure of 'other'; the chapters are chapter"):
        deck([Slide("T", "", "other")], chapters_, layout)


def test_the_file_loads_nothing(chapter):
    html = deck([Slide("A & B", "text")], {"chapter": chapter}, Layout())
    assert "<title>A &amp; B</title>" in html
    markup = re.sub(r"<script>.*?</script>", "", html, flags=re.S)
    assert not re.search(r"<(?:link|img|iframe)\b|<script[^>]*src=", markup)


def test_the_lecture_s_slides_show_chapters_and_name_their_glue_in_sources():
    slides, layout = read_slides(DECK), Layout()
    shown = {slide.figure.partition("/")[0] for slide in slides if slide.figure}
    assert shown <= set(chapters(layout))
    assert all(slide.note for slide in slides)
    sources = "".join(path.read_text(encoding="utf-8") for path in BOOK.glob("*.ipynb"))
    for name, _ in GLUE.findall(DECK):
        assert name in sources or name.startswith("report-card-"), f"no chapter glues {name}"
