"""Every piece of MyST that a page uses has a plain form; no directive and no role is left."""

import base64
from dataclasses import replace

import pytest

from recscale.book.markdown import Alone, Plain, split_solutions
from recscale.book.references import References, Target, read_references
from recscale.book.site import Publication

PAGE = """(here)=
# Title

$$ a = b $$ (law)

```{exercise} Try
:label: try
```
"""
SVG = '<svg viewBox="0 0 10 20"><rect fill="var(--hue)" stroke="var(--none)"/></svg>'


@pytest.fixture
def references(tmp_path) -> References:
    (tmp_path / "page.md").write_text(PAGE)
    (tmp_path / "references.bib").write_text("@misc{key, author = {Au, A}, year = {2020}, title = {T}}\n")
    (tmp_path / "_static" / "diagrams").mkdir(parents=True)
    (tmp_path / "_static" / "look.css").write_text('html { --hue: #abc; }\nhtml[data-theme="dark"] { --hue: #000; }')
    (tmp_path / "_static" / "diagrams" / "layer.svg").write_text(SVG)
    (tmp_path / "part.md").write_text("Included {glue:text}`word`.")
    read = read_references(tmp_path, ["page"], Publication())
    return replace(read, targets={**read.targets, "other": Target("other", "Another page")})


@pytest.fixture
def plain(references, tmp_path) -> Plain:
    return Plain(references, "page", {"x": "0.12345", "word": "'yes'"}, tmp_path)


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        ("It is {glue:text}`x:.2f`, {glue:text}`word`.", "It is 0.12, yes."),
        ("`{glue:text}` in code", "`{glue:text}` in code"),
        ("```text\n{glue:text}`x`\n```", "```text\n{glue:text}`x`\n```"),
        ("{cite:p}`key` and {cite:t}`key`", "(Au, 2020) and Au (2020)"),
        ("a {term}`decade` or {term}`decades <decade>`", "a decade or decades"),
        ("[](other) and [this](other) and [](here)", "*Another page* and *this* and *Title*"),
        ("{ref}`text <other>`, {ref}`try`", "*text*, *exercise 1*"),
        ("By {eq}`law`", "By *(1)*"),
        ("$$ a = b $$ (law)", "$$ a = b \\tag{1}\n$$"),
        ("[paper](https://example.org/x)", "[paper](https://example.org/x)"),
        ("(here)=\n## A part\n% a comment\nText", "## A part\nText"),
        ("```{container} chapter-question\nWhy?\n```", "**Why?**"),
        ("```{container} chapter-answer\nSo.\n```", "So."),
        ("```{admonition} Mind\n:class: warning\nOne.\n\nTwo.\n```", "> **Mind**\n>\n> One.\n>\n> Two."),
        ("```{note}\nOne.\n```", "> **Note**\n>\n> One."),
        (
            "```{admonition} Goals\n:class: dropdown\nOne {glue:text}`word`.\n```",
            "<details>\n<summary>Goals</summary>\n\nOne yes.\n\n</details>",
        ),
        ("```{exercise} Try\n:label: try\nDo {term}`it`.\n```", "### Exercise 1. Try\n\nDo it."),
        (
            "```{solution} try\n:class: dropdown\nDone.\n```",
            "<details>\n<summary>Solution to exercise 1</summary>\n\nDone.\n\n</details>",
        ),
        ("```{solution-start} try\n:class: dropdown\n```\n\nDone.", "#### Solution to exercise 1\n\nDone."),
        ("Done.\n\n```{solution-end}\n```", "Done."),
        ("```{code-block} python\n:caption: A file\nx = 1\n```", "```python\nx = 1\n```"),
        ("```{math}\nx^2\n```", "$$\nx^2\n$$"),
        (
            "```{quiz} Which one?\n- (x) This\n\n  Right:\n  it is.\n- ( ) That\n  No.\n```",
            "**Which one?**\n\n- This\n- That\n\n<details>\n<summary>Answers</summary>\n\n- ✓ This: Right: it is.\n"
            "- ✗ That: No.\n\n</details>",
        ),
        ("```{include} part.md\n```", "Included yes."),
        (":::{unheard-of} Title\nText {glue:text}`word`\n:::", "**Title**\n\nText yes"),
        ("{unheard}`text`", "text"),
    ],
)
def test_plain(plain, myst, markdown):
    text, attachments = plain.cell(myst)
    assert text == markdown
    assert attachments == {}


@pytest.mark.parametrize(
    ("myst", "name", "text"),
    [
        ("```{diagram} layer\nThe layer.\n```", "layer.svg", "![The layer.](attachment:layer.svg)\n\n*The layer.*"),
        ("![alt](_static/diagrams/layer.svg)", "layer.svg", "![alt](attachment:layer.svg)"),
        (f"<div>\n{SVG}\n</div>", "drawing-1.svg", "![drawing](attachment:drawing-1.svg)"),
    ],
)
def test_pictures_come_along_in_the_light_theme_s_colours(plain, myst, name, text):
    converted, attachments = plain.cell(myst)
    assert converted == text
    drawing = base64.b64decode(attachments[name]["image/svg+xml"]).decode()
    assert 'fill="#abc"' in drawing
    assert 'stroke="currentColor"' in drawing
    assert 'width="10" height="20"' in drawing


@pytest.mark.parametrize(
    ("myst", "sentence"),
    [
        ("{glue:text}`gone`", "page shows 'gone', and no cell glues it"),
        ("{cite:p}`gone`", "the bibliography has no entry 'gone'"),
        ("```{include} gone.md\n```", "includes 'gone.md', and there is no such file in the book"),
        ("![a](gone.png)", "page shows the picture 'gone.png', and there is no such file"),
    ],
)
def test_what_is_missing_is_named(plain, myst, sentence):
    with pytest.raises(ValueError, match=sentence):
        plain.cell(myst)


def test_a_solution_of_several_cells_gets_a_cell_of_its_own():
    text = "Task.\n\n```{solution-start} try\n:class: dropdown\n```\n\nFirst"
    assert split_solutions(text) == [(False, "Task.\n"), (True, text[text.index("```") :])]
    assert split_solutions("Only text.") == [(False, "Only text.")]


def test_for_a_page_alone_only_what_other_pages_hold_is_resolved(references, tmp_path):
    text = (
        "```{note} Title\n[](other), [](here), {cite:t}`key`, {term}`decade`\n```\n\n"
        "```\n[](other)\n```\n\n{glue:text}`x:.2f` {eq}`law` `[](other)`"
    )
    assert Alone(references, "page", {}, tmp_path)(text) == (
        "```{note} Title\n*Another page*, [](here), Au (2020), decade\n```\n\n"
        "```\n[](other)\n```\n\n{glue:text}`x:.2f` {eq}`law` `[](other)`"
    )
