"""``recscale fit`` and ``recscale laws``: the fitter for anybody's points."""

import contextlib
import json
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from recscale import laws
from recscale.datasets.reading import column_names, numbers, read_table, refuse
from recscale.settings import writable_file, write_atomically

ALL = "all"


def laws_command() -> None:
    """List the laws with their equations."""
    width = max(len(name) for name in laws.LAWS)
    for name, law in laws.LAWS.items():
        columns = "any" if law.any_variables else ",".join(law.variables)
        typer.echo(f"{name:<{width}}  {law.equation}    [x: {columns}]")


def fit_command(
    points: Annotated[
        Path, typer.Argument(help="CSV, TSV or Parquet with one row per measurement.", show_default=False)
    ],
    law: Annotated[str, typer.Option("--law", help="A name from `recscale laws`, or `all` for a comparison.")],
    x: Annotated[str, typer.Option("--x", help="The law's columns, by position, separated by commas.")],
    y: Annotated[str, typer.Option("--y", help="The measured column.")],
    by: Annotated[
        str, typer.Option("--by", help="Columns that tell the groups apart; each group is fitted alone.")
    ] = "",
    hold_out_largest: Annotated[
        int, typer.Option(help="Keep so many largest sizes out of the fit and predict them.", min=0)
    ] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write the fits to this file.")] = None,
    loss: Annotated[str, typer.Option(help="squares or huber")] = "squares",
    bootstrap: Annotated[int, typer.Option(help="Resamples for the intervals; 0: linearised.", min=0)] = 0,
    seed: Annotated[int, typer.Option(help="Of the resamples.", min=0)] = 0,
) -> None:
    """Fit a scaling law to the points of a table and print what can and can't be concluded."""
    if json_file is not None:
        json_file = writable_file(json_file)
    if law != ALL:
        laws.get(law)
    columns, y, groups = _names(x, points), y.strip(), _names(by, points)
    table = _read(points, [*columns, y], groups)
    options = {"hold_out_largest": hold_out_largest, "loss": loss, "bootstrap": bootstrap, "seed": seed}
    done = []
    for group, rows in _groups(table, groups):
        if group:
            typer.echo("== " + ", ".join(f"{name} {value}" for name, value in group.items()))
        try:
            done += _one(rows, law, columns, y, group, options)
        except ValueError as error:
            where = f" ({', '.join(map(str, group.values()))})" if group else ""
            raise ValueError(f"{error}{where}") from error
        typer.echo("")
    if json_file is not None:
        write_atomically(json_file, json.dumps(done, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def _one(rows: pd.DataFrame, law: str, columns: list[str], y: str, group: dict, options: dict) -> list[dict]:
    """Fit and print one group; its fits as JSON values."""
    if law != ALL:
        fit = laws.fit(law, rows[columns], rows[y], **options)
        typer.echo(laws.report(fit))
        return [laws.to_json(fit, group)]
    table = laws.compare(rows[columns], rows[y], **options)
    if table["fit"].isna().all():
        raise ValueError(f"no law could be fitted: {table['error'].iloc[0]}")
    shown = table.drop(columns="fit").dropna(axis="columns", how="all")
    typer.echo(shown.to_string(index=False, float_format=lambda value: f"{value:.6g}", na_rep="–"))
    return [laws.to_json(fit, group) for fit in table["fit"] if fit is not None]


def _names(text: str, points: Path) -> list[str]:
    """Columns between commas; or one column, where the file has one that is called exactly so."""
    if text.strip() and text.strip() in column_names(points):
        return [text.strip()]
    return [name.strip() for name in text.split(",") if name.strip()]


def _read(points: Path, named: list[str], by: list[str]) -> pd.DataFrame:
    """The columns of the fit as finite numbers, those that tell groups apart as they are written."""
    if twice := [name for name, count in Counter([*named, *by]).items() if count > 1]:
        raise ValueError(f"--x, --y and --by must name different columns; {', '.join(twice)} is named more than once")
    table = read_table(points, [*named, *by], text=by)
    for name in named:
        values = numbers(table[name], points)
        refuse(table[name], np.isnan(values), "must hold a finite number in every row", points)
        table[name] = values
    return table


def _groups(table: pd.DataFrame, by: list[str]) -> Iterator[tuple[dict, pd.DataFrame]]:
    """Each group with its key, in the order of the file; one nameless group without ``by``."""
    if not by:
        yield {}, table
        return
    for key, rows in table.groupby(by, sort=False, dropna=False):
        yield {name: _plain(value) for name, value in zip(by, key, strict=True)}, rows


def _plain(value):
    """A group's value for JSON: the number where it is written as one, else its text; null for an empty cell."""
    if pd.isna(value):
        return None
    for number in (int, float):
        with contextlib.suppress(ValueError, OverflowError):
            if str(number(value)) == str(value) and math.isfinite(number(value)):
                return number(value)
    return value
