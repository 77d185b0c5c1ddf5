"""The panel "Rerun this page" under a chapter's title: parameters, the line to type, and where the notebook opens."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from recscale.book.arguments import command_line
from recscale.book.parameters import CHAPTERS, CTRChapter, allowed_values, plain_type
from recscale.book.site import Publication
from recscale.datasets.cards import book_cards


def panel(chapter: str, values: Mapping[str, Any], download: str, publication: Publication) -> str:
    """HTML of the panel; ``values`` are the page's parameters, ``download`` is the address of its notebook."""
    rows = "".join(_row(*cells) for cells in _parameters(chapter, values))
    head = "".join(f'<th scope="col">{name}</th>' for name in ("parameter", "type", "this page", "meaning", "allowed"))
    links = "".join(
        f'<li><a href="{escape(address)}"{extra}>{name}</a></li>'
        for name, address, extra in (
            ("Notebook with figures and numbers (.ipynb)", download, " download"),
            ("Open in Colab", publication.colab(chapter), ""),
            ("Open in Binder", publication.binder(chapter), ""),
        )
        if address
    )
    return (
        '<details class="rerun-panel"><summary>Rerun this page</summary>'
        "<p>Change a value in this line and run it:</p>"
        f'<div class="highlight-text notranslate"><div class="highlight"><pre>{escape(command_line(chapter, values))}'
        f'</pre></div></div><div class="rerun-parameters" tabindex="0" role="region" aria-label="Parameters"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div><ul>{links}</ul></details>"
    )


def _row(name: str, *cells: str) -> str:
    columns = "".join(f"<td>{escape(cell)}</td>" for cell in cells)
    return f'<tr><th scope="row"><code>{escape(name)}</code></th>{columns}</tr>'


def _parameters(chapter: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    """Name, type, this page's value, meaning and allowed values of each parameter."""
    model = CHAPTERS[chapter]
    for name, field in model.model_fields.items():
        allowed = allowed_values(field)
        if name == "dataset" and not allowed:
            kind = "ctr" if issubclass(model, CTRChapter) else "sequences"
            allowed = ", ".join(name for name, card in book_cards().items() if kind in card.kinds)
        yield name, plain_type(field), str(values.get(name, "")), field.description or "", allowed
