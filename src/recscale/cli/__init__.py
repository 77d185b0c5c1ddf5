"""``recscale``: a thin layer over the library. Whatever goes wrong comes back as one sentence and exit status 2."""

import sys
import traceback
import warnings
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from recscale import __version__


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", envvar="RECSCALE_DEBUG", help="Show where in the code an error came from.")
    ] = False,
) -> None:
    """Scaling laws of recommender systems: data, models, studies, fits and the book."""


class Commands(TyperGroup):
    """The commands; what they raise becomes a sentence here, where ``--debug`` is known."""

    def invoke(self, context: Any) -> Any:
        try:
            return super().invoke(context)
        except (typer.Exit, typer.Abort, TyperException, BrokenPipeError):
            raise
        except Exception as error:
            if context.params["debug"]:
                traceback.print_exc()
            _say(_message_of(error))
            raise typer.Exit(2) from None


def application() -> typer.Typer:
    """Every command in its place. The modules import what they need when a command runs, so this is quick."""
    from recscale.cli import book, chapter, claims, data, laws, study, train

    app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_common)
    app.add_typer(data.data_app, name="data")
    app.add_typer(study.study_app, name="study")
    app.add_typer(train.train_app, name="train")
    app.add_typer(chapter.chapter_app, name="chapter")
    app.add_typer(book.book_app, name="book")
    app.command("fit")(laws.fit_command)
    app.command("claims")(claims.claims)
    app.command("laws")(laws.laws_command)
    return app


def main(arguments: list[str] | None = None) -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without Σ shows ? and the rest of the text
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: _say(message)
        application()(arguments)


def _message_of(error: Exception) -> str:
    """Our own words, and the system's, as they are; an error of another kind was foreseen by nobody, and says so."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.strerror}: {error.filename}"
    if isinstance(error, ValueError | OSError) and str(error):
        return str(error)
    what = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
    return f"{what} (`recscale --debug …` or RECSCALE_DEBUG=1 shows where)"


def _say(message: object) -> None:
    print(f"recscale: {message}", file=sys.stderr)
