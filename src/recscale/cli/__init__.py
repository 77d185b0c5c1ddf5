"""``recscale``: a thin layer over the library. Whatever a person got wrong comes back as one sentence and exit status 2."""

import sys

import typer

from recscale import __version__

app = typer.Typer(
    name="recscale",
    help="Scaling laws of recommender systems: data, models, studies, fits and the book.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _common(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def _mount() -> None:
    from recscale.cli import book, chapter, data, laws, study, train, train_sequential

    app.add_typer(data.app, name="data")
    app.add_typer(study.app, name="study")
    app.add_typer(train.app, name="train")
    train_sequential.mount(train.app)
    app.add_typer(chapter.app, name="chapter")
    app.add_typer(book.app, name="book")
    app.command("fit")(laws.fit_command)
    app.command("laws")(laws.laws_command)


def main() -> None:
    """The console script."""
    _mount()
    try:
        app()
    except (ValueError, OSError) as error:
        print(f"recscale: {error}", file=sys.stderr)
        sys.exit(2)
