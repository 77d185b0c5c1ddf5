"""``recscale book``: build the pages, check them, print them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

book_app = typer.Typer(help="Build the book and check its pages.", no_args_is_help=True)


def _end(faults: list[str], fine: str) -> None:
    """Print the faults and leave with status 1, or say that there are none."""
    for fault in faults:
        typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)
    typer.echo(fine)


@contextmanager
def or_exit(words: str = "") -> Iterator[None]:
    """What fails in the book itself, a cell or a page, is printed after ``words``; the status is 1."""
    from recscale.book.build import BuildError
    from recscale.book.execute import ChapterError

    try:
        yield
    except (ChapterError, BuildError) as error:
        typer.echo(f"recscale: {words}{error}", err=True)
        raise typer.Exit(1) from None


@book_app.command()
def build(
    dataset: Annotated[
        str | None, typer.Option(help="another data set for every chapter that can read it: a name, or a card")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="how much every chapter trains: smoke, quick or full")] = None,
) -> None:
    """Run the chapters that have changed, build the pages, check them.

    With other data or another profile the book is built in a folder of its own, and its pages say what has changed.
    """
    from recscale.book.arguments import book_arguments
    from recscale.book.build import build_book
    from recscale.book.execute import Layout, chapters
    from recscale.book.parameters import parameter_defaults

    start, layout = time.perf_counter(), Layout()
    texts = {name: (layout.book / f"{name}.ipynb").read_text(encoding="utf-8") for name in chapters(layout)}
    defaults = {name: parameter_defaults(text) for name, text in texts.items()}
    given = book_arguments(defaults, dataset, profile)
    for chapter, values in given.items():
        typer.echo(f"{chapter}: {', '.join(f'{name} {value}' for name, value in values.items())}")
    with or_exit("the book was not built\n"):
        html = build_book(layout, report=typer.echo, given=given)
    typer.echo(f"the book is ready after {time.perf_counter() - start:.0f} s: {html / 'index.html'}")


@book_app.command()
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


@book_app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="a new folder")],
    form: Annotated[
        Literal["ipynb", "myst"], typer.Option("--format", help="notebooks for any viewer, or MyST for Jupyter Book 2")
    ],
) -> None:
    """Write the executed book for other programs, running first what has changed."""
    from recscale.book.execute import Layout
    from recscale.book.export_book import export_book
    from recscale.settings import absolute

    folder = absolute(folder)
    if folder.exists():
        raise ValueError(f"{folder} is there already; name a new folder")
    with or_exit("nothing was exported\n"):
        export_book(Layout(), folder, form, report=typer.echo)
    typer.echo(folder)


@book_app.command("archive")
def archive_command() -> None:
    """Pack the built pages for publishing, and write their addresses into CITATION.cff."""
    from recscale.book.build import write_archive
    from recscale.book.execute import Layout
    from recscale.book.site import cited, publication
    from recscale.settings import REPOSITORY, write_atomically

    layout = Layout()
    if not layout.html.exists():
        raise ValueError("there is no built book yet; `recscale book build` makes one")
    published = publication(layout.config)
    citation = REPOSITORY / "CITATION.cff"
    write_atomically(citation, cited(citation.read_text(encoding="utf-8"), published))
    target = layout.build / "site.tar.gz"
    write_archive(layout.html, target)
    if not published.site:
        typer.echo("html.baseurl of _config.yml is empty: the pages don't know their address")
    typer.echo(target)


@book_app.command()
def links() -> None:
    """Ask every link to another site whether it still answers."""
    from recscale.book.build import broken_external_links
    from recscale.book.execute import Layout

    _end(broken_external_links(Layout()), "every external link answers")


@book_app.command()
def check() -> None:
    """Check the built pages again: figures, links, scripts."""
    from recscale.book.check import check_book
    from recscale.book.execute import Layout

    layout = Layout()
    if not layout.html.exists():
        raise ValueError("there is no built book yet; `recscale book build` makes one")
    fine = f"no fault in {len(list(layout.html.rglob('*.html')))} pages"
    _end(check_book(layout.html, layout), fine)


@book_app.command()
def slides(
    out: Annotated[Path, typer.Argument(help="The HTML file to write.", dir_okay=False)] = Path("slides.html"),
) -> None:
    """Write the lecture's slides, with the chapters' figures and numbers, as one HTML file."""
    from recscale.book.execute import Layout
    from recscale.book.slides import make_slides

    typer.echo(f"the slides are ready: {make_slides(out, Layout(), report=typer.echo)}")


@book_app.command()
def assignments(
    out: Annotated[Path, typer.Argument(help="Folder for the student notebooks and autograders.", file_okay=False)],
) -> None:
    """Generate the students' notebooks and their autograders from the solved ones."""
    from recscale.book.assignments import assignment_names, make_assignment

    for name in assignment_names():
        made = make_assignment(name, out)
        typer.echo(f"{made.student}  (autograder: {made.autograder})")


@book_app.command("grade")
def grade_command(
    submission: Annotated[Path, typer.Argument(help="A student's notebook.", exists=True, dir_okay=False)],
    autograder: Annotated[Path, typer.Argument(help="The assignment's autograder zip.", exists=True, dir_okay=False)],
) -> None:
    """Run a student's notebook and print what each question earns."""
    from recscale.book.assignments import grade

    for question, share in grade(submission, autograder).items():
        typer.echo(f"{question:<24} {100 * share:5.0f} %")
