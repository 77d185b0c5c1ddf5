"""``recscale book``: build the pages, check them."""

import time

import typer

book_app = typer.Typer(help="Build the book and check its pages.", no_args_is_help=True)


@book_app.command()
def build() -> None:
    """Run the chapters that have changed, build the pages, check them."""
    from recscale.book.build import BuildError, build_book
    from recscale.book.execute import ChapterError, Layout

    start = time.perf_counter()
    try:
        html = build_book(Layout(), report=typer.echo)
    except (ChapterError, BuildError) as error:
        typer.echo(f"recscale: the book was not built\n{error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"the book is ready after {time.perf_counter() - start:.0f} s: {html / 'index.html'}")


@book_app.command()
def links() -> None:
    """Ask every link to another site whether it still answers."""
    from recscale.book.build import broken_external_links
    from recscale.book.execute import Layout

    broken = broken_external_links(Layout())
    for line in broken:
        typer.echo(line, err=True)
    if broken:
        raise typer.Exit(1)
    typer.echo("every external link answers")


@book_app.command()
def check() -> None:
    """Check the built pages again: figures, links, scripts."""
    from recscale.book.check import check_book
    from recscale.book.execute import Layout

    layout = Layout()
    if not layout.html.exists():
        raise ValueError("there is no built book yet; `recscale book build` makes one")
    faults = check_book(layout.html, layout)
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)
    typer.echo(f"no fault in {len(list(layout.html.rglob('*.html')))} pages")
