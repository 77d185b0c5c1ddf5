"""How the learning rates of the CTR studies were found, and where the search ended at its edge.

A search table is the part of ``ctr-learning-rate`` on one data set, as a run table.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from recscale.plans import rate_search
from recscale.runs.table import Columns, load_results, run_table

DENSE, SPARSE = Columns.DENSE_RATE, Columns.EMBEDDING_RATE
USUAL = rate_search.EMBEDDING_RATES[1]
"""The embedding learning rate with which dense rates are searched."""
FEWEST = 3
"""Rates that make a search."""


@dataclass(frozen=True)
class Caveats:
    """What the search leaves open about rivals, so that it can't be held for or against them.

    unsearched   models whose embedding learning rate was never searched: who leads them may only be better tuned
    untried      models that train larger sizes at a pair of rates never tried there: how such a curve ends may be the
                 pair's doing
    worth        searched model -> how much lower (%) its best embedding rate made the validation loss than the usual
    """

    unsearched: frozenset[str] = frozenset()
    untried: frozenset[str] = frozenset()
    worth: Mapping[str, float] = field(default_factory=dict)


NO_CAVEATS = Caveats()


def search(dataset: str = rate_search.SEARCHED_ON) -> pd.DataFrame:
    """The committed runs of the search on one data set."""
    table = load_results("ctr-learning-rate")
    return run_table(table[table[Columns.DATASET] == dataset].reset_index(drop=True))


def caveats(table: pd.DataFrame) -> Caveats:
    """From a search table."""
    rates, worth = table.groupby(Columns.MODEL)[SPARSE].nunique(), {}
    for model, rows in table[table[Columns.MODEL].isin(rates.index[rates > 1])].groupby(Columns.MODEL):
        crossed = rows.groupby(Columns.FLOP).filter(lambda part: part[SPARSE].nunique() >= FEWEST)
        best = crossed.groupby(crossed[SPARSE] == USUAL)["valid_logloss"].min()
        worth[model] = float(100 * (1 - crossed["valid_logloss"].min() / best[True]))
    return Caveats(frozenset(rates.index[rates == 1]), frozenset(untried(best_pairs(table))), worth)


def best_pairs(table: pd.DataFrame) -> pd.DataFrame:
    """The best rates of a search table, one row per ``model`` and ``training_flop_per_example``.

    dense_learning_rate, sparse_learning_rate   the pair with the lowest validation loss among those with the embedding
                                                rate that the model uses
    dense_edge, sparse_edge                     "low" or "high" where that is the lowest or highest of those tried with
                                                the other rate as it is, "" inside, and "not searched" where fewer than
                                                ``FEWEST`` were tried; beyond an edge may lie a better one
    """
    used, rows, columns = [], [], [Columns.MODEL, Columns.FLOP, DENSE, SPARSE]
    for _, own in table.groupby(Columns.MODEL, sort=False):
        used.append(rate_search.at_embedding_rate(own, rate_search.embedding_learning_rate(own)))
    for best in rate_search.best_rates(pd.concat(used))[columns].to_dict("records"):
        same = table[(table[Columns.MODEL] == best[Columns.MODEL]) & (table[Columns.FLOP] == best[Columns.FLOP])]
        dense, sparse = same.loc[same[SPARSE] == best[SPARSE], DENSE], same.loc[same[DENSE] == best[DENSE], SPARSE]
        rows.append(best | {"dense_edge": _edge(best[DENSE], dense), "sparse_edge": _edge(best[SPARSE], sparse)})
    return pd.DataFrame(rows)


def untried(pairs: pd.DataFrame) -> dict[str, int]:
    """Model -> at how many of its searched sizes the embedding rate that it uses was not tried; without those at 0.

    ``pairs``: ``best_pairs``. The rate of the middle size is used at all of them.
    """
    models = pairs.sort_values(Columns.FLOP).groupby(Columns.MODEL, sort=False)[SPARSE]
    counts = {str(model): int((rates != rates.iloc[len(rates) // 2]).sum()) for model, rates in models}
    return {model: count for model, count in counts.items() if count}


def at_an_edge(pairs: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``best_pairs`` with a rate at the edge of what was tried."""
    return pairs[pairs[["dense_edge", "sparse_edge"]].isin(["low", "high"]).any(axis=1)]


def _edge(best: float, tried: pd.Series) -> str:
    if tried.nunique() < FEWEST:
        return "not searched"
    return "low" if best == tried.min() else "high" if best == tried.max() else ""
