"""``recscale chapter``: rerun a chapter with other parameters."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from recscale.cli.book import or_exit

chapter_app = typer.Typer(
    help="List the chapters of the book, or rerun one with other parameters.", no_args_is_help=True
)


@chapter_app.command("list")
def list_chapters() -> None:
    """The chapters in reading order, with their parameters."""
    from recscale.book.execute import Layout, chapters
    from recscale.book.parameters import allowed

    for chapter in chapters(Layout()):
        typer.echo(f"{chapter}\n    {allowed(chapter)}")


@chapter_app.command("run", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run_chapter_command(
    context: typer.Context,
    chapter: Annotated[str, typer.Argument(help="a chapter's name, as `recscale chapter list` prints it")],
    output: Annotated[
        Path | None,
        typer.Option(help="folder of the page (default: <chapter>-rerun here), or file of the notebook (….ipynb)"),
    ] = None,
    notebook: Annotated[bool, typer.Option("--notebook", help="Write a notebook for any viewer, no page.")] = False,
    show: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Run one chapter into a page of its own: recscale chapter run intro -p task 2 -p dataset amazon-books.

    -p NAME VALUE gives a parameter, as often as needed; a list is written -p seeds "[0, 1]". The page says on top what
    has changed beside the default.
    """
    from recscale.book import rerun
    from recscale.book.arguments import checked_arguments
    from recscale.book.execute import Layout, chapters
    from recscale.settings import absolute, writable_file

    layout = Layout()
    known = chapters(layout)
    if chapter not in known:
        raise ValueError(f"no chapter is called {chapter!r}; the chapters are {', '.join(known)}")
    given = checked_arguments(chapter, _parameters(context.args))
    notebook = notebook or (output is not None and output.suffix == ".ipynb")
    target = output or Path(f"{chapter}-rerun{'.ipynb' if notebook else ''}")
    target = writable_file(target) if notebook else rerun.check_page_folder(absolute(target))
    with or_exit():
        executed, change = rerun.rerun(chapter, given, layout, report=typer.echo)
        if notebook:
            rerun.write_notebook(executed, chapter, target, layout)
        else:
            target = rerun.write_page(executed, chapter, target, layout)
    if change is not None:
        typer.echo(f"{change.flipped} of {len(change.claims)} claims have another verdict than by default")
    typer.echo(target)
    if show and not notebook:
        webbrowser.open(target.as_uri())


def _parameters(words: list[str]) -> dict[str, str]:
    """``-p NAME VALUE`` as often as given, as papermill takes it."""
    given = {}
    for start in range(0, len(words), 3):
        match words[start : start + 3]:
            case ["-p" | "--parameter", name, text]:
                given[name] = text
            case other:
                raise ValueError(f"parameters are given as -p NAME VALUE, not as {' '.join(other)!r}")
    return given
