"""``recscale fit`` and ``recscale laws``: the fitter for anybody's points."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from recscale import laws

ALL = "all"


def laws_command() -> None:
    """List the laws with their equations."""
    width = max(len(name) for name in laws.LAWS)
    for name, law in laws.LAWS.items():
        columns = "any" if law.any_variables else ",".join(law.variables)
        typer.echo(f"{name:<{width}}  {law.equation}    [x: {columns}]")


def fit_command(
    points: Annotated[Path, typer.Argument(help="CSV with one row a measurement.", show_default=False)],
    law: Annotated[str, typer.Option("--law", help="A name from `recscale laws`, or `all` for a comparison.")],
    x: Annotated[str, typer.Option("--x", help="The law's columns, by position, separated by commas.")],
    y: Annotated[str, typer.Option("--y", help="The measured column.")],
    by: Annotated[
        str, typer.Option("--by", help="Columns that tell the groups apart; each group is fitted alone.")
    ] = "",
    hold_out_largest: Annotated[
        int, typer.Option(help="Keep so many largest sizes out of the fit and predict them.")
    ] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the fits to this file.")] = None,
    loss: Annotated[str, typer.Option(help="squares or huber")] = "squares",
    bootstrap: Annotated[int, typer.Option(help="Resamples for the intervals; 0: linearised.", min=0)] = 0,
    seed: Annotated[int, typer.Option(help="Of the resamples.")] = 0,
) -> None:
    """Fit a scaling law to the points of a CSV and print what can and can't be concluded."""
    table = _read(points)
    columns = _names(x)
    _require(table, [*columns, y, *_names(by)], points)
    options = {"hold_out_largest": hold_out_largest, "loss": loss, "bootstrap": bootstrap, "seed": seed}
    if law != ALL:
        laws.get(law)
    done = []
    for group, rows in _groups(table, _names(by)):
        if group:
            typer.echo("== " + ", ".join(f"{name} {value}" for name, value in group.items()))
        try:
            done += _one(rows, law, columns, y, group, options)
        except ValueError as error:
            where = f" ({', '.join(map(str, group.values()))})" if group else ""
            raise ValueError(f"{error}{where}") from error
        typer.echo("")
    if json_file is not None:
        _write_whole(json_file, json.dumps(done, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def _one(rows: pd.DataFrame, law: str, columns: list[str], y: str, group: dict, options: dict) -> list[dict]:
    """Fit and print one group; its fits as JSON values."""
    if law != ALL:
        fit = laws.get(law).fit(rows[columns], rows[y], **options)
        typer.echo(fit.report())
        return [fit.to_json(group)]
    table = laws.compare(rows[columns], rows[y], **options)
    if table["fit"].isna().all():
        raise ValueError(f"no law could be fitted: {table['verdict'].iloc[0]}")
    shown = table.drop(columns="fit").dropna(axis="columns", how="all")
    typer.echo(shown.to_string(index=False, float_format=lambda value: f"{value:.6g}", na_rep="–"))
    return [fit.to_json(group) for fit in table["fit"] if fit is not None]


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    try:
        return pd.read_csv(path)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not a CSV table: {str(error).strip()}") from error


def _require(table: pd.DataFrame, names: list[str], path: Path) -> None:
    if missing := [name for name in names if name not in table.columns]:
        raise ValueError(f"{path} has no column {', '.join(missing)}; it has {', '.join(map(str, table.columns))}")


def _groups(table: pd.DataFrame, by: list[str]) -> Iterator[tuple[dict, pd.DataFrame]]:
    """Each group with its key, in the order of the file; one nameless group without ``by``."""
    if not by:
        yield {}, table
        return
    for key, rows in table.groupby(by, sort=False, dropna=False):
        yield {name: _plain(value) for name, value in zip(by, key, strict=True)}, rows


def _plain(value):
    if pd.isna(value):
        return None
    return value.item() if hasattr(value, "item") else value


def _write_whole(path: Path, text: str) -> None:
    """Write ``text`` so that a reader of ``path`` never sees half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
