"""``recscale book``: build the pages, check them, print them."""

import time
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Build the book and check its pages.", no_args_is_help=True)


@app.command()
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


@app.command()
def pdf(
    output: Annotated[Path, typer.Argument(help="Where the PDF is written.")] = Path("_build/scaling-laws.pdf"),
) -> None:
    """Print the built book, all of it, into one PDF; needs a Chromium."""
    from recscale.book.execute import Layout
    from recscale.book.pdf import print_book
    from recscale.settings import absolute

    start = time.perf_counter()
    sheets = print_book(Layout(), absolute(output), report=typer.echo)
    typer.echo(f"{sheets} sheets after {time.perf_counter() - start:.0f} s: {output}")


@app.command()
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


@app.command()
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


@app.command()
def slides(
    out: Annotated[Path, typer.Argument(help="The HTML file to write.", dir_okay=False)] = Path("slides.html"),
) -> None:
    """Write the lecture's slides, with the chapters' figures and numbers, as one HTML file."""
    from recscale.book.execute import Layout
    from recscale.book.slides import make_slides

    typer.echo(f"the slides are ready: {make_slides(out, Layout(), report=typer.echo)}")


@app.command()
def assignments(
    out: Annotated[Path, typer.Argument(help="Folder for the student notebooks and autograders.", file_okay=False)],
) -> None:
    """Generate the students' notebooks and their autograders from the solved ones."""
    from recscale.book.assignments import assignment_names, make_assignment

    for name in assignment_names():
        made = make_assignment(name, out)
        typer.echo(f"{made.student}  (autograder: {made.autograder})")


@app.command()
def grade(
    submission: Annotated[Path, typer.Argument(help="A student's notebook.", exists=True, dir_okay=False)],
    autograder: Annotated[Path, typer.Argument(help="The assignment's autograder zip.", exists=True, dir_okay=False)],
) -> None:
    """Run a student's notebook and print what each question earns."""
    from recscale.book.assignments import grade as earned

    for question, share in earned(submission, autograder).items():
        typer.echo(f"{question:<24} {100 * share:5.0f} %")
