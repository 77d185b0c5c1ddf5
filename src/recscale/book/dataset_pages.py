"""One page per data set, written into the book's stage from the cards and the committed counts of their rows."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from recscale.datasets.cards import book_cards
from recscale.datasets.planted_world import PARTS, PLANTED
from recscale.datasets.schema import Card
from recscale.datasets.statistics import read_statistics
from recscale.figures import datasets as figures
from recscale.figures.base import show

_FOLDER = "data-sets"
"""Of the pages, below the book's root; ``index`` is the overview."""

_KINDS = {"ctr": "Impressions", "sequences": "Sequences"}

_WHICH = """(data-sets)=
# Data sets

```{container} chapter-question
Which data set shall I take?
```

```{container} chapter-answer
MovieLens-100K for class, MovieLens-1M for studies, KuaiRand-Pure for real clicks that may be passed on, \
Amazon Beauty to compare with other papers. Where the truth must be known, a simulated one.
```"""

_TERMS = """MovieLens and Frappe may not be passed on: let each student fetch them.

Some files come from several places. *Official* ones are those of the authors; *mirror* is a folder of copies, \
named in `RECSCALE_MIRROR`; *S3-Rec text* is the copy that this paper's code brings. What is downloaded is \
checked by its checksum. {term}`5-core` is explained in the glossary."""


def dataset_pages() -> list[str]:
    """The pages' names in reading order: the overview, then one per card."""
    return [f"{_FOLDER}/{name}" for name in ("index", *book_cards())]


@cache
def dataset_texts() -> dict[str, str]:
    """Page -> its Markdown, of all ``dataset_pages``."""
    cards, counted = book_cards(), read_statistics()
    texts = {"index": overview(cards, counted)} | {
        name: page(card, counted.get(name, {})) for name, card in cards.items()
    }
    return {f"{_FOLDER}/{name}": text for name, text in texts.items()}


def write_dataset_pages(stage: Path) -> None:
    """Write every page of ``dataset_pages`` that the table of contents of ``stage`` may list."""
    (stage / _FOLDER).mkdir(parents=True, exist_ok=True)
    for name, text in dataset_texts().items():
        (stage / f"{name}.md").write_text(text, encoding="utf-8")


def overview(cards: Mapping[str, Card], counted: Mapping[str, Any]) -> str:
    """All data sets in one table and one figure."""
    sizes, points = [], []
    for name, card in cards.items():
        for kind in card.kinds:
            count = counted.get(name, {}).get(kind, {})
            rows = count.get("rows") or count.get("interactions") or card.ctr.rows
            fields = count.get("fields", {})
            values = sum(field["values"] for field in fields.values()) if fields else count.get("items")
            sizes.append(
                f"| [{card.title}]({name}.md) | `{name}` | {_KINDS[kind].lower()} | {rows:,} | {card.licence} |"
            )
            if values:
                points.append((name, _KINDS[kind].lower(), rows, values))
    table = pd.DataFrame(points, columns=["name", "kind", "rows", "values"])
    caption = "Impressions: distinct values of all categorical fields. Sequences: items. Planted worlds are not drawn."
    shown = _figure(figures.sizes(table), len(table), caption, "data-sets")
    head = "| data set | name | kind | rows | licence |\n|---|---|---|--:|---|"
    return f"{_WHICH}\n\n{shown}\n\n{head}\n" + "\n".join(sizes) + f"\n\n{_TERMS}\n"


def page(card: Card, counted: Mapping[str, Any]) -> str:
    """A card as a page: what it is good for, pictures, counts, fields, splits and facts."""
    parts = [f"(data-{card.name})=\n# {card.title}"]
    parts += [f"```{{container}} chapter-answer\n{card.use}\n```"] if card.use else []
    parts += [card.note] if card.note else []
    for kind in card.kinds:
        section = _impressions(card, counted.get(kind)) if kind == "ctr" else _sequences(counted[kind])
        parts += [f"## {_KINDS[kind]}", *section]
    cited = f"{card.citation} {{cite:p}}`{card.bibtex}`" if card.bibtex else card.citation
    facts = {
        "name": f"`{card.name}`",
        "licence": card.licence,
        "citation": cited,
        "described at": f"<{card.url}>" if card.url else "",
        "sources": "; ".join(source.name for source in card.sources) or "generated",
    }
    parts += ["## Licence and source", _table(("property", "value"), facts.items())]
    parts.append(f"```bash\nrecscale data describe {card.name}\nrecscale data fetch {card.name}\n```")
    return "\n\n".join(parts) + "\n"


def _impressions(card: Card, counted: Mapping[str, Any] | None) -> Iterator[str]:
    if counted is None:
        yield from _world(card)
        return
    splits = [name for name, there in (("official", counted["parts"]), ("time", card.ctr.timestamp)) if there]
    counts = {
        "rows": f"{counted['rows']:,}",
        "labels": ", ".join(f"`{task}`, {100 * share:.1f} % positive" for task, share in counted["positive"].items()),
        "days": " to ".join(counted["days"] or ()),
        "splits": ", ".join([*splits, "random"]),
        "official parts": ", ".join(f"{name} {rows:,}" for name, rows in (counted["parts"] or {}).items()),
    }
    caption = "How often each value occurs, most frequent first; the fields with the most values."
    yield _picture(card.name, counted["curves"], "rows", caption)
    yield _table(("property", "value"), counts.items())
    fields = counted["fields"].items()
    rows = [(f"`{name}`", "categorical", f"{field['values']:,}", field["most"]) for name, field in fields]
    rows += [(f"`{name}`", "dense", "", 1) for name in counted["dense"]]
    yield _table(("field", "kind", "distinct values", "most per row"), rows)


def _world(card: Card) -> Iterator[str]:
    """A planted world: its derived law in place of counts."""
    world, rows = PLANTED[card.name]
    orders = ", ".join(map(str, world.orders))
    counts = {
        "rows": f"{card.ctr.rows:,}",
        "training rows": f"{rows:,}",
        "parts": ", ".join(PARTS),
        "fields": f"{world.n_fields}, of {world.values} values each, uniform and independent",
        "interactions": f"{world.interactions}, of order {orders}",
        "Bayes log-loss": f"{world.bayes_logloss:.4f} nats",
        "exponents": f"{world.size_exponent:.2g} in size, {world.data_exponent:.2g} in rows",
        "derived in": "[](chapter-planted-world)",
    }
    caption = "Strengths of the planted interactions, and the power that they follow."
    yield _figure(figures.strengths(world), world.interactions, caption, card.name)
    yield _table(("property", "value"), counts.items())


def _sequences(counted: Mapping[str, Any]) -> Iterator[str]:
    least, median, most = (counted["lengths"][name] for name in ("least", "median", "most"))
    repeated = counted["repeated"]
    counts = {
        "interactions": f"{counted['interactions']:,}",
        "users": f"{counted['users']:,}",
        "items": f"{counted['items']:,}",
        "length of a history": f"{least:.0f}" + (f" to {most:,.0f}, median {median:.0f}" if most > least else ""),
        "repeats": f"{100 * repeated:.1f} % of interactions are with an item met before" if repeated else "none",
        "days": " to ".join(counted["days"] or ()),
        "splits": f"leave-one-out, {counted['tested']:,} users tested",
    }
    caption = "Interactions of each item and of each user, most frequent first."
    yield _picture("sequences", counted["curves"], "interactions", caption)
    yield _table(("property", "value"), counts.items())


def _picture(name: str, curves: Mapping[str, Any], unit: str, caption: str) -> str:
    points = sum(len(curve["rank"]) for curve in curves.values())
    return _figure(figures.rank_curves(curves, unit), points, caption, name)


def _figure(figure: go.Figure, points: int, caption: str, name: str) -> str:
    return f"```{{raw}} html\n{show(figure, points=points, caption=caption, name=name).to_html()}\n```"


def _table(head: tuple[str, ...], rows: Any) -> str:
    """A Markdown table; rows without a value in their last cell are left out of tables of two columns."""
    kept = [row for row in rows if len(head) > 2 or row[-1]]
    lines = [head, ["---"] * len(head), *kept]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
