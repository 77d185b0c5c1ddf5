"""``recscale``: a thin layer over the library. What a person got wrong comes back as one sentence and exit status 2."""

import sys
import warnings
from typing import Annotated

import typer

from recscale import __version__


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Scaling laws of recommender systems: data, models, studies, fits and the book."""


def application() -> typer.Typer:
    """Every command in its place. The modules import what they need when a command runs, so this is quick."""
    from recscale.cli import book, chapter, data, laws, study, train, train_sequential

    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_common)
    app.add_typer(data.app, name="data")
    app.add_typer(study.app, name="study")
    app.add_typer(train.app, name="train")
    train_sequential.mount(train.app)
    app.add_typer(chapter.app, name="chapter")
    app.add_typer(book.app, name="book")
    app.command("fit")(laws.fit_command)
    app.command("laws")(laws.laws_command)
    return app


def main(arguments: list[str] | None = None) -> None:
    """The console script."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: _say(message)
        try:
            application()(arguments)
        except (ValueError, OSError) as error:
            _say(error)
            sys.exit(2)


def _say(message: object) -> None:
    print(f"recscale: {message}", file=sys.stderr)
