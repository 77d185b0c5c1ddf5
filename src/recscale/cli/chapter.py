"""``recscale chapter``: rerun a chapter with other parameters."""

from pathlib import Path
from typing import Annotated

import typer

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


@chapter_app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def run(
    context: typer.Context,
    chapter: Annotated[str, typer.Argument(help="a chapter's name, as `recscale chapter list` prints it")],
    output: Annotated[
        Path | None, typer.Option(help="the executed notebook (default: <chapter>-rerun.ipynb here)")
    ] = None,
) -> None:
    """Run one chapter with papermill: recscale chapter run intro -p task 2 -p dataset amazon-books.

    -p NAME VALUE gives a parameter, as often as needed; a list is written -p seeds "[0, 1]".
    """
    from recscale.book.arguments import checked_arguments
    from recscale.book.execute import ChapterError, Layout, chapters, run_chapter
    from recscale.settings import writable_file

    layout = Layout()
    known = chapters(layout)
    if chapter not in known:
        raise ValueError(f"no chapter is called {chapter!r}; the chapters are {', '.join(known)}")
    given = checked_arguments(chapter, _parameters(context.args))
    output = output or Path(f"{chapter}-rerun.ipynb")
    try:
        run_chapter(chapter, given, writable_file(output), layout, progress=True)
    except ChapterError as error:
        typer.echo(f"recscale: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{output}: open it with any notebook viewer")


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
