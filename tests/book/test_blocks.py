"""Directives are found with their options and content; code and what is inside it stay text."""

import pytest

from recscale.book.blocks import Directive, blocks


def test_text_and_directives_in_order():
    text = "Before.\n\n```{admonition} A title\n:class: note dropdown\n\nInside.\n```\n\nAfter."
    before, box, after = blocks(text)
    assert (before.strip(), after.strip()) == ("Before.", "After.")
    assert box == Directive("admonition", "A title", {"class": "note dropdown"}, "Inside.")


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("````{note}\n```python\nx\n```\n````", "```python\nx\n```"),
        ("::::{note}\n:::{tip}\nx\n:::\n::::", ":::{tip}\nx\n:::"),
        ("```{figure} a.svg\n---\nname: here\n---\nCaption\n```", "Caption"),
    ],
)
def test_the_content_is_whole(text, body):
    (block,) = blocks(text)
    assert block.body == body


def test_options_in_yaml():
    (block,) = blocks("```{figure} a.svg\n---\nname: here\nwidth: 30\n---\nCaption\n```")
    assert (block.label, block.options["width"]) == ("here", "30")


def test_a_directive_inside_code_is_code():
    assert list(blocks("```text\n{note}\n```")) == ["```text\n{note}\n```"]
    assert list(blocks("a ```{glue}``` span")) == ["a ```{glue}``` span"]


def test_one_that_is_not_closed_is_named():
    with pytest.raises(ValueError, match="'note' is not closed"):
        list(blocks("```{note}\ntext"))
