"""Diagrams: every file of the book can stand in a page, and a faulty one is refused with a sentence."""

import re
import xml.etree.ElementTree as ElementTree

import pytest
from bs4 import BeautifulSoup

from recscale.book.build import BuildError, build_book
from recscale.book.directives import FOLDER, SVG, read_svg
from recscale.settings import BOOK

DRAWINGS = sorted((BOOK / FOLDER).glob("*.svg"))
SMALLEST_TEXT, PHONE = 11, 350
"""Pixels: the least size of text on a phone whose column is so wide."""

GOOD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 40"><title>T</title><desc>D</desc>{}</svg>'


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_a_drawing_takes_the_colours_of_the_page_and_can_be_read_on_a_phone(path):
    text = read_svg(path)
    assert not re.search(
        r"#[0-9a-fA-F]{3,8}\b(?!-)|rgb\(|<style|<image|https?://(?!www\.w3\.org)", re.sub(r'"#[^"]+"', "", text)
    )
    width = float(ElementTree.parse(path).getroot().attrib["viewBox"].split()[2])
    shown_on_a_phone = path.stem.endswith("-narrow") or not path.with_stem(f"{path.stem}-narrow").exists()
    if shown_on_a_phone:
        assert 12 * PHONE / width >= SMALLEST_TEXT, f"{width} units wide is too much for text of 12 units on a phone"


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_text_stays_inside_its_drawing(path):
    """By a rough width of 0.5 em per character: what leaves the picture is cut off."""
    root = ElementTree.parse(path).getroot()
    width, height = (float(one) for one in root.attrib["viewBox"].split()[2:])
    for text in root.iter(f"{SVG}text"):
        classes = text.get("class", "").split()
        length = 0.5 * (12 if "small" in classes else 13) * len("".join(text.itertext()))
        start = float(text.get("x")) - length * ("middle" in classes) / 2 - length * ("end" in classes)
        assert start >= -1, "".join(text.itertext())
        assert start + length <= width + 1, "".join(text.itertext())
        assert 0 <= float(text.get("y")) <= height, "".join(text.itertext())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<svg", "is no XML"),
        (GOOD.replace("<title>T</title>", ""), "a <title> and a <desc>"),
        (GOOD.replace("viewBox", "data-box"), "a viewBox"),
        (GOOD.replace("<svg", '<svg width="9"'), "without width and height"),
    ],
)
def test_a_faulty_drawing_is_refused(tmp_path, text, words):
    path = tmp_path / "one.svg"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        read_svg(path)


def test_ids_are_those_of_the_drawing_alone(tmp_path):
    path = tmp_path / "one.svg"
    path.write_text(GOOD.format('<marker id="tip"/><path marker-end="url(#tip)"/>'))
    assert 'id="one-tip"' in read_svg(path)
    assert "url(#one-tip)" in read_svg(path)


@pytest.mark.slow
def test_a_page_holds_the_drawing_its_caption_and_a_link(small_book):
    folder = small_book.book / FOLDER
    folder.mkdir(parents=True)
    (folder / "one.svg").write_text(GOOD.format("<path/>"))
    (folder / "one-narrow.svg").write_text(GOOD.format("<path/>"))
    page = small_book.book / "start.md"
    page.write_text("# Start\n\n```{diagram} one\n:label: diagram-one\nA *caption*.\n```\n\n[it](diagram-one)\n")
    soup = BeautifulSoup((build_book(small_book, report=lambda *_: None) / "start.html").read_text(), "lxml")
    (figure,) = soup.select("figure#diagram-one.recscale-diagram")
    assert [div["class"] for div in figure.select("div")] == [["diagram-wide"], ["diagram-narrow"]]
    assert figure.select_one("figcaption em").text == "caption"
    assert soup.select_one('a[href="#diagram-one"]').text == "it"

    page.write_text("# Start\n\n```{diagram} two\n```\n")
    with pytest.raises(BuildError, match=r"there is no diagram two\.svg"):
        build_book(small_book, report=lambda *_: None)
