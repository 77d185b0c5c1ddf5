"""``recscale data``: what data sets there are, getting them, and what is in them."""

import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from recscale.datasets.load import Loaded
    from recscale.datasets.schema import Card

data_app = typer.Typer(help="Data sets: which there are, getting them, what is in them.", no_args_is_help=True)

DataSetName = Annotated[
    str, typer.Argument(help="a data set's name, as `recscale data list` prints it, or a card (….toml)")
]
LABEL_WIDTH = 14


@data_app.command("list")
def list_data_sets() -> None:
    """Every data set: size, licence, title."""
    from recscale.datasets.cards import all_cards

    width = max(map(len, cards := all_cards()))
    for name, card in cards.items():
        sizes = {kind: expected_size(card, kind) for kind in card.kinds}
        size = "; ".join(f"{kind}: {words}" for kind, words in sizes.items() if words)
        typer.echo(f"{name:{width}s}  {card.title}\n{'':{width}s}  {size}\n{'':{width}s}  {card.licence}")


@data_app.command("fetch")
def fetch(
    name: DataSetName,
    source: Annotated[str | None, typer.Option(help="one of the card's sources, in place of the first at hand")] = None,
) -> None:
    """Get a data set (cache, mirror folder, official address), check it, and keep its arrays in the cache."""
    from recscale.datasets.cards import find_card
    from recscale.datasets.load import load_dataset

    card = find_card(name)
    kinds = [kind for kind in card.kinds if source is None or source in {item.name for item in card.sources_of(kind)}]
    for kind in kinds or card.kinds[:1]:
        typer.echo(f"{card.name}: {kind}: {used(card, kind, load_dataset(name, kind, source))}")


@data_app.command("describe")
def describe(name: DataSetName) -> None:
    """Rows, fields, licence, citation, source and checksum. Downloads nothing and writes nothing."""
    from recscale.datasets.cards import find_card
    from recscale.datasets.load import present

    card = find_card(name)
    facts = {"licence": card.licence, "citation": card.citation, "bibtex key": card.bibtex, "described at": card.url}
    typer.echo(f"{card.name}: {card.title}")
    for label, text in (facts | {"use": card.use, "note": card.note}).items():
        _line(label, text)
    for kind in card.kinds:
        if loaded := present(card, kind):
            _line(kind, used(card, kind, loaded))
            _line("", _columns(kind, loaded))
        else:
            hint = f"not on this machine yet: recscale data fetch {name}"
            _line(kind, "; ".join(filter(None, (expected_size(card, kind), hint))))
        _line("sources", "; ".join(item.name for item in card.sources_of(kind)) or "generated")


@data_app.command("statistics")
def statistics() -> None:
    """Count what the data sets' pages show, of every data set of the book, and write data/statistics.json."""
    from recscale.datasets.statistics import FILE, write_statistics

    write_statistics()
    typer.echo(f"{FILE}")


def _line(label: str, text: str | None) -> None:
    if text:
        body = textwrap.fill(text, 110, initial_indent=" " * LABEL_WIDTH, subsequent_indent=" " * LABEL_WIDTH)
        typer.echo(f"{label:{LABEL_WIDTH}s}{body[LABEL_WIDTH:]}")


def expected_size(card: "Card", kind: str) -> str:
    """What the card says of the size: nothing, for most cards of the reader's own."""
    if kind == "ctr":
        return _size(card.ctr.rows)
    return _size(card.sequences.interactions, card.sequences.users, card.sequences.items)


def _size(rows: int | None, users: int | None = None, items: int | None = None) -> str:
    """Rows of impressions, or, with ``users`` and ``items``, of interactions."""
    if not rows:
        return ""
    return f"{rows:,} impressions" if users is None else f"{rows:,} interactions, {users:,} users, {items:,} items"


def used(card: "Card", kind: str, loaded: "Loaded") -> str:
    """Size, source and checksum of data that are here."""
    from recscale.datasets.cards import book_cards

    data, source = loaded.data, loaded.source.name if loaded.source else "generated"
    size = _size(len(data)) if kind == "ctr" else _size(len(data), data.n_users, data.n_items)
    checksum = "sha256" if card.name in book_cards() else "sha256 of file and card"
    return f"{size}; source: {source}; {checksum} {data.checksum}"


def _columns(kind: str, loaded: "Loaded") -> str:
    """Fields with their vocabularies and the share of positives; or lengths and repeats."""
    data = loaded.data
    if kind == "sequences":
        repeated, lengths = data.repeated(), data.lengths
        share = f"in {100 * repeated / len(data):.1f} % of interactions"
        share = f"users repeat an item {share}" if repeated else "users never repeat an item"
        ranking = "stays in" if data.repeats else "is left out of"
        return (
            f"{share}; the history {ranking} rankings; "
            f"sequence lengths {lengths.min()} to {lengths.max()}, mean {lengths.mean():.1f}"
        )
    fields = ", ".join(
        f"{field.name} ({field.vocabulary_size:,}{f', up to {field.max_values} per row' * (field.max_values > 1)})"
        for field in data.fields
    )
    dense = f"; dense {', '.join(data.dense_names)}" if data.dense_names else ""
    rates = zip(data.tasks, data.labels.mean(axis=0), strict=True)
    labels = ", ".join(f"{task} ({100 * rate:.1f} % positive)" for task, rate in rates)
    return f"labels {labels}; fields {fields}{dense}"
