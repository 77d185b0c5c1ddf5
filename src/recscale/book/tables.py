"""Tables as a page shows them: titles in words, one row of heads, a dash where nothing stands.

The library's columns have names that code can use (``delta_aicc``); a reader of the page sees what they mean (ΔAICc),
with the name in code as the head's tooltip. The table itself is untouched.
"""

import re
from collections.abc import Hashable
from html import escape

import numpy as np
import pandas as pd
from IPython import get_ipython

COLUMN_TITLES = {
    "aicc": "AICc",
    "auc": "AUC",
    "benchmark_part": "benchmark, this part",
    "benchmark_whole": "benchmark, whole model",
    "best_wins": "share won by the best",
    "by_length": "ApEn without repeats",
    "capacity": "interactions held N",
    "ci_high": "95 % to",
    "ci_low": "95 % from",
    "dataset": "data set",
    "delta_aicc": "ΔAICc",
    "embedding_dim": "width d",
    "error_no_gain": "error of no gain",
    "first_p50_ms": "first size, p50 (ms)",
    "flop_factor": "FLOP, last ÷ first",
    "free": "free numbers",
    "gain_at_end": "change at the end (%)",
    "gflop": "GFLOP",
    "gflop_per_example": "GFLOP per example",
    "held_out": "sizes hidden",
    "held_out_rmse": "held-out error (RMSE)",
    "hr": "HR@10",
    "hr@10": "HR@10",
    "in_band": "share in the band",
    "kappa": "κ",
    "last_p50_ms": "last size, p50 (ms)",
    "leave_one_size_out_rmse": "left-out error (RMSE)",
    "left_out": "left-out error",
    "logloss": "log-loss",
    "loo_rmse": "left-out error (RMSE)",
    "max_length": "longest history",
    "ndcg": "NDCG@10",
    "ndcg@10": "NDCG@10",
    "offset_1gflop": "offset at 1 GFLOP (%)",
    "offset_half": "offset ±",
    "p99_ms": "p99 (ms)",
    "paper_preset": "paper's preset",
    "per_decade": "per tenfold (%)",
    "pf_days": "PF-days",
    "place_by_logloss": "place by log-loss",
    "q1": "q₁",
    "r2": "R²",
    "r2_law": "R², law",
    "r2_line": "R², line",
    "r2_quadratic": "R², quadratic",
    "rmse": "RMSE",
    "S_real": "real entropy",
    "same_as": "same values as",
    "same_w1": "same w₁",
    "same_w2": "same w₂",
    "sd": "s.d.",
    "seed_noise": "seed noise (%)",
    "slope_half": "slope ±",
    "slope_per_decade": "slope per tenfold",
    "std": "s.d.",
    "test_auc": "test AUC",
    "test_logloss": "test log-loss (nats)",
    "training_flop_per_example": "training FLOP per example",
    "users_with_zero": "users with 0",
    "without_industrial": "without Industrial",
}
_PLAIN = ("batch_size", "data_term", "dense_parameters", "gain_per_ms", "least_significant", "worst_seed")
COLUMN_TITLES |= {name: name.replace("_", " ") for name in _PLAIN}
_RANGES = {"boot": "resampled", "law": "law", "layers": "layers", "seeds": "seeds", "slope": "slope", "width": "width"}
COLUMN_TITLES |= {f"{name}_low": f"{words}, from" for name, words in _RANGES.items()}
COLUMN_TITLES |= {f"{name}_high": f"{words}, to" for name, words in _RANGES.items()}
COLUMN_TITLES |= {f"w{number}": f"w{sign}" for number, sign in enumerate("₁₂₃₄₅", start=1)}
"""Name of a column or of an index in code -> its title on a page."""

NOTHING = "–"


_SUBSCRIPT = re.compile(r"\bn_([FL])\b")
_NEGATIVE = re.compile(r"(<t[dh][^>]*>)-(?=[\d.∞])")


def title(name: Hashable) -> str:
    """The HTML of a head: ``COLUMN_TITLES``, else the name itself; whole numbers with thousands apart."""
    if name is None:
        return ""
    if isinstance(name, int):
        return f"{name:,}"
    text = COLUMN_TITLES.get(str(name))
    return _text(str(name)) if text is None else f'<span title="{escape(str(name))}">{escape(text)}</span>'


def table_html(table: pd.DataFrame) -> str:
    """``table`` as HTML. An unnamed index of whole numbers only counts rows and is left out.

    Every row holds all of its index, so that a table that a phone shows as cards loses no group.
    """
    index = table.index
    counts = index.nlevels == 1 and index.name is None and pd.api.types.is_integer_dtype(index)
    corner = index.names[0] if index.names[0] is not None else table.columns.name
    parts = [_cells(table.iloc[:, k]) for k in range(table.shape[1])]
    inner = [_cells(index.get_level_values(level).to_series(index=index)) for level in range(1, index.nlevels)]
    shown = pd.concat([*inner, *parts], axis=1, ignore_index=True)
    shown.index = pd.Index(_cells(index.get_level_values(0).to_series(index=index)).to_numpy())
    if table.columns.nlevels > 1:
        heads = [("",) * (table.columns.nlevels - 1) + (name,) for name in index.names[1:]] + list(table.columns)
        shown.columns = pd.MultiIndex.from_tuples([tuple(title(name) for name in names) for names in heads])
    else:
        heads = [title(name) for name in (*index.names[1:], *table.columns)]
        shown.columns = pd.Index(heads, dtype=object, name=None if counts else title(corner))
    shown = shown.where(shown.notna(), np.nan)
    text = shown.to_html(border=0, escape=False, index=not counts, na_rep=NOTHING)
    return _NEGATIVE.sub(r"\1−", text.replace(">inf</td>", ">∞</td>").replace(">-inf</td>", ">-∞</td>"))


def _text(text: str) -> str:
    return _SUBSCRIPT.sub(r"n<sub>\1</sub>", escape(text))


def _cells(column: pd.Series) -> pd.Series:
    """The column with yes and no, whole numbers without a point, no minus before 0, and its texts escaped."""
    present = column.dropna()
    if pd.api.types.is_bool_dtype(present.infer_objects()) and len(present):
        return column.map({True: "yes", False: "no"})
    if pd.api.types.is_float_dtype(column):
        if present.empty or (present % 1 != 0).any():
            return column + 0.0
        column = column.astype("Int64")
    if pd.api.types.is_numeric_dtype(column):
        return column.astype(object).map(lambda value: f"{value:,}", na_action="ignore")
    return column.map(lambda value: _text(value) if isinstance(value, str) else value)


def show_readable() -> None:
    """From now on this kernel shows data frames as ``table_html`` does, and NumPy's scalars as ``0.5`` and not as
    ``np.float64(0.5)``, so that a sentence of a page can format them. Without a kernel nothing happens.
    """
    if shell := get_ipython():
        formatters = shell.display_formatter.formatters
        formatters["text/html"].for_type(pd.DataFrame, table_html)
        for scalar in (np.float32, np.float64, np.int32, np.int64, np.bool_):
            formatters["text/plain"].for_type(scalar, lambda value, printer, _: printer.text(repr(value.item())))
