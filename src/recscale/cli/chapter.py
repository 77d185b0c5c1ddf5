"""``recscale chapter``: rerun a chapter with other parameters."""

from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(help="List the chapters of the book, or rerun one with other parameters.", no_args_is_help=True)


@app.command("list")
def list_chapters() -> None:
    """The chapters in reading order, with their parameters."""
    from recscale.book.execute import Layout, chapters
    from recscale.book.parameters import allowed

    for chapter in chapters(Layout()):
        typer.echo(f"{chapter}\n    {allowed(chapter)}")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
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
    from recscale.book.execute import ChapterError, Layout, chapters, run_chapter
    from recscale.book.parameters import check_parameters

    layout = Layout()
    known = chapters(layout)
    if chapter not in known:
        raise ValueError(f"no chapter is called {chapter!r}; the chapters are {', '.join(known)}")
    given = _parameters(context.args)
    check_parameters(chapter, given)
    output = output or Path(f"{chapter}-rerun.ipynb")
    try:
        run_chapter(chapter, given, output.resolve(), layout, progress=True)
    except ChapterError as error:
        typer.echo(f"recscale: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{output}: open it with any notebook viewer")


def _parameters(words: list[str]) -> dict[str, Any]:
    """``-p NAME VALUE`` as often as given, as papermill takes it."""
    given = {}
    for start in range(0, len(words), 3):
        match words[start : start + 3]:
            case ["-p" | "--parameter", name, text]:
                given[name] = _value(text)
            case other:
                raise ValueError(f"parameters are given as -p NAME VALUE, not as {' '.join(other)!r}")
    return given


def _value(text: str) -> Any:
    """A value as YAML reads it: 3, 0.5, true, [0, 1], movielens-1m."""
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text
