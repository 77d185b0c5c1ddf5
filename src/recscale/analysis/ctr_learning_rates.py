"""How the learning rates of the CTR studies were found, and where the search ended at its edge."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from recscale.analysis.ctr_scaling import listed
from recscale.models import MODEL_TITLES
from recscale.plans.parts import FIXED_RATES
from recscale.plans.rate_search import (
    EMBEDDING_RATES,
    SEARCHED_ON,
    at_embedding_rate,
    best_rates,
    embedding_learning_rate,
)
from recscale.runs.store import load_results
from recscale.runs.table import Columns, run_table, with_model_titles

DENSE, SPARSE = FIXED_RATES
USUAL = EMBEDDING_RATES[1]
"""The tables' rate beside which dense rates are searched."""
FEWEST = 3
"""Rates that make a search."""


@dataclass(frozen=True)
class Caveats:
    """What the search leaves open about rivals, so that it can't be held for or against them.

    unsearched   models whose tables' rate was never searched: who leads them may only be better tuned
    untried      models that train larger sizes at a pair of rates never tried there: how such a curve ends may be the
                 pair's doing
    worth        searched model -> how much lower (%) its best tables' rate made the validation loss than the usual one
    """

    unsearched: frozenset[str] = frozenset()
    untried: frozenset[str] = frozenset()
    worth: Mapping[str, float] = field(default_factory=dict)


NO_CAVEATS = Caveats()


def search(dataset: str = SEARCHED_ON) -> pd.DataFrame:
    """The committed runs of the search on one data set."""
    table = load_results("ctr-learning-rate")
    return table if table.empty else table[table["dataset"] == dataset].reset_index(drop=True)


def caveats(table: pd.DataFrame) -> Caveats:
    """From one data set's ``search``; none without it."""
    if table.empty:
        return NO_CAVEATS
    tried, found = run_table(table), found_rates(table)
    rates = tried.groupby("model")[SPARSE].nunique()
    worth = {}
    for model, rows in tried[tried["model"].isin(rates.index[rates > 1])].groupby("model"):
        crossed = rows.groupby(Columns.FLOP).filter(lambda part: part[SPARSE].nunique() >= FEWEST)
        best = crossed.groupby(crossed[SPARSE] == USUAL)["valid_logloss"].min()
        worth[model] = 100 * (1 - crossed["valid_logloss"].min() / best[True])
    return Caveats(frozenset(rates.index[rates == 1]), frozenset(model for model, *_ in _untried(found)), worth)


def found_rates(table: pd.DataFrame) -> pd.DataFrame:
    """Of one data set's ``search``, one row a model and size: the rates of the dense part and of the tables that are
    best beside the tables' rate that is used, and for each the edge it lies at.

    The edge is "low" or "high" where the best rate is the lowest or highest of those tried with the other rate as it
    is, "" inside, and "not searched" where fewer than ``FEWEST`` were tried. A best rate at the edge may have a better
    one beyond.
    """
    if table.empty:
        return pd.DataFrame()
    tried = run_table(table)
    used = pd.concat(
        [at_embedding_rate(own, embedding_learning_rate(own)) for _, own in tried.groupby("model", sort=False)]
    )
    rows = []
    for best in best_rates(used).to_dict("records"):
        same = tried[(tried["model"] == best["model"]) & (tried[Columns.FLOP] == best[Columns.FLOP])]
        dense, sparse = same.loc[same[SPARSE] == best[SPARSE], DENSE], same.loc[same[DENSE] == best[DENSE], SPARSE]
        rows.append(
            {
                "model": best["model"],
                Columns.FLOP: best[Columns.FLOP],
                "dense": best[DENSE],
                "tables": best[SPARSE],
                "dense edge": _edge(best[DENSE], dense),
                "tables edge": _edge(best[SPARSE], sparse),
            }
        )
    return pd.DataFrame(rows)


def side_by_side(found: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """``found_rates`` of several data sets, by name, as one table for a reader, with sizes in training MFLOP."""
    tables = [with_model_titles(table).assign(data=name) for name, table in found.items() if len(table)]
    if not tables:
        return pd.DataFrame()
    both = pd.concat(tables)
    sizes = [f"{flop / 1e6:.2g}" for flop in both.pop(Columns.FLOP)]
    return both.assign(MFLOP=sizes).set_index(["data", "model", "MFLOP"])


def tables_words(table: pd.DataFrame) -> str:
    """At how many sizes of which models of one data set's ``search`` the tables' rate was searched: a sentence."""
    if table.empty:
        return "The repository holds no runs of the search."
    rates = run_table(table).groupby(["model", Columns.FLOP], sort=False)[SPARSE].nunique()
    sizes = (rates >= FEWEST).groupby("model", sort=False).sum()
    if not sizes.any():
        return "The tables' rate was not searched."
    without = listed([MODEL_TITLES[model] for model in sizes.index[sizes == 0]]) if (sizes == 0).any() else ""
    but = f" but {without}, whose is the usual {USUAL:g}" if without else ""
    fewest = sizes[sizes > 0].min()
    more = " or more" if sizes.max() > fewest else ""
    return f"The tables' rate was searched at {fewest} size{'s' if fewest > 1 else ''}{more} of every model{but}."


def unusual_words(found: pd.DataFrame) -> str:
    """Which models train with another tables' rate than the usual one: a sentence; "" without any."""
    used = found.groupby("model", sort=False)["tables"].last() if len(found) else pd.Series()
    if (other := used[used != USUAL]).empty:
        return ""
    models = listed([f"{MODEL_TITLES[model]} ({rate:g})" for model, rate in other.items()])
    return (
        f"Where it is not the usual {USUAL:g}, for {models}, the dense rate was searched again beside it at the other "
        "sizes."
    )


def pair_words(found: pd.DataFrame) -> str:
    """At how many of its searched sizes a model trains with a tables' rate that was not tried there: a sentence.

    ``plans_ctr.tuned`` takes the tables' rate of the middle size; elsewhere the dense rate was searched at another.
    """
    parts = [
        f"{MODEL_TITLES[model]} ({used:g}, not tried at {count} of its {of} searched sizes)"
        for model, used, count, of in _untried(found)
    ]
    if not parts:
        return ""
    return (
        "The tables' rate of the middle size is used at all sizes, also where the dense rate was searched beside "
        f"another one: {', '.join(parts)}. Such a pair may be a bad one, and what size seems to do there its doing."
    )


def _untried(found: pd.DataFrame) -> list[tuple[str, float, int, int]]:
    """(model, tables' rate used, at how many searched sizes it was not tried, of how many)."""
    rows_of = found.groupby("model", sort=False) if len(found) else ()
    table = []
    for model, rows in rows_of:
        rows = rows.sort_values(Columns.FLOP)
        used = rows["tables"].iloc[len(rows) // 2]
        count = int((rows["tables"] != used).sum())
        if count:
            table.append((str(model), float(used), count, len(rows)))
    return table


def _edge(best: float, tried: pd.Series) -> str:
    if tried.nunique() < FEWEST:
        return "not searched"
    return "low" if best == tried.min() else "high" if best == tried.max() else ""


def edge_words(found: pd.DataFrame) -> str:
    """Which best rates lie at the edge of what was tried: sentences."""
    if found.empty:
        return "The repository holds no runs of the search."
    parts = []
    for name, column in (("dense rate", "dense edge"), ("tables' rate", "tables edge")):
        searched = found[found[column] != "not searched"]
        edge = searched[searched[column] != ""]
        if searched.empty:
            parts.append(f"The {name} was not searched.")
        elif edge.empty:
            parts.append(f"The best {name} lies inside the tried range at all {len(searched)} sizes searched for it.")
        else:
            named = [
                f"{MODEL_TITLES[row['model']]} at {row[Columns.FLOP] / 1e6:.2g} MFLOP ({row[column]})"
                for row in edge.to_dict("records")
            ]
            parts.append(
                f"The best {name} lies at the edge of what was tried at {len(edge)} of {len(searched)} sizes, "
                f"so that a better one may lie beyond: {', '.join(named)}."
            )
    return " ".join(parts)
