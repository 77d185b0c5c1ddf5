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


@app.command()
def run(
    chapter: Annotated[str, typer.Argument(help="a chapter's name, as `recscale chapter list` prints it")],
    parameter: Annotated[
        list[tuple[str, str]] | None,
        typer.Option("-p", "--parameter", metavar="NAME VALUE", help="a parameter and its value, as often as needed"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="the executed notebook (default: <chapter>-rerun.ipynb here)")
    ] = None,
) -> None:
    """Run one chapter with papermill: `recscale chapter run scaling-wukong -p seeds "[0, 1]"`."""
    from recscale.book.execute import ChapterError, Layout, chapters, run_chapter
    from recscale.book.parameters import check_parameters

    layout = Layout()
    known = chapters(layout)
    if chapter not in known:
        raise ValueError(f"no chapter is called {chapter!r}; the chapters are {', '.join(known)}")
    given = {name: _value(text) for name, text in parameter or []}
    check_parameters(chapter, given)
    output = output or Path(f"{chapter}-rerun.ipynb")
    try:
        run_chapter(chapter, given, output.resolve(), layout, progress=True)
    except ChapterError as error:
        typer.echo(f"recscale: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{output}: open it with any notebook viewer")


def _value(text: str) -> Any:
    """A value as YAML reads it: 3, 0.5, true, [0, 1], movielens-1m."""
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text
