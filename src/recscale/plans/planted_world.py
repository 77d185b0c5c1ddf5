"""The planted world's study: are derived exponents seen, and how surely are they recovered where they are known?

Every run is one pass over fresh rows of a ``PlantedWorld``, so that its excess over Bayes holds neither label noise nor
repetition. Four parts, of which the first alone is a useful table:

* *rows*: one large size of every contestant on 10⁴ to 10⁷ rows, for the exponent a/(1+a); each run's curve beside it;
* *size*: ladders on many rows, for the exponent a; CrossNet of rank r can hold 2 r interactions;
* *floor*: CrossNet with tables too narrow for all interactions, whose floor is derived too;
* *orders*: pairs, triples and quadruples before models of different highest order.

``planted-world-rate`` searches both rates of every contestant at three numbers of rows on validation data, with a seed
of its own: a grid, and what was tried by hand where the best lay at its edge. Between the three, each rate is
interpolated in the logarithm of rows. Smaller profiles use one fixed pair.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import product
from typing import Any

from recscale.datasets.planted_world import PLANTED
from recscale.models.crossnet import CrossNetConfig
from recscale.models.dcnv2 import DCNv2Config
from recscale.models.dlrm import DLRMConfig
from recscale.models.embeddings import EmbeddingConfig
from recscale.models.wukong import WukongConfig
from recscale.plans.profiles import Profiles, RunSeeds
from recscale.plans.rate_search import RATE_SEARCH_SEED, interpolated_rate
from recscale.runs.spec import RunSpec
from recscale.runs.study import NotYetPlanned
from recscale.runs.table import Columns, load_results, run_table
from recscale.training.ctr import CTRTraining

WORLD_SEARCH = "planted-world-rate"
SMALL_WORLD, LARGE_WORLD, ORDERS_WORLD = "synthetic-world", "synthetic-world-10m", "synthetic-world-orders"

ROWS = (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
SEARCHED_ROWS = (30_000, 300_000, 3_000_000)
SIZE_ROWS = {"crossnet": 10_000_000, "dcnv2": 3_000_000, "dlrm": 3_000_000, "wukong": 3_000_000}
WORLD_DENSE_RATES = (3e-4, 1e-3, 3e-3, 1e-2)
WORLD_EMBEDDING_RATES = (0.3, 1.0)
LIVE_RATES = (3e-3, 0.3)
"""Of the dense part, and of the tables."""
WORLD_BEYOND: dict[str, tuple[tuple[int, float, float], ...]] = {
    "crossnet": ((3_000_000, 1e-4, 0.3),),
    "dcnv2": ((3_000_000, 1e-4, 0.3),),
}
"""Contestant -> rows, dense and embedding rate of what was tried after the grid."""
FULL_WIDTH = 16
WIDTHS = (1, 2, 4)
"""Of tables: all functions of a field fit into the first; the others are those of the part *floor*."""


def crossnet(rank: int, layers: int = 1) -> CrossNetConfig:
    return CrossNetConfig(cross_layers=layers, rank=rank)


def world_wukong(size: int, layers: int = 1) -> WukongConfig:
    """n_F = n_L = k = ``size``; the MLPs grow with them."""
    return WukongConfig(l=layers, n_F=size, n_L=size, k=size, mlp_width=4 * size, head=(4 * size,))


LADDERS: dict[str, tuple[Any, ...]] = {
    "crossnet": tuple(crossnet(rank) for rank in (1, 2, 4, 8, 16, 32, 64)),
    "dcnv2": tuple(DCNv2Config(cross_layers=1, rank=rank, deep=(rank,)) for rank in (1, 2, 4, 8, 16, 32, 64)),
    "dlrm": tuple(DLRMConfig(top=(width, width)) for width in (2, 4, 8, 16, 32, 64, 128)),
    "wukong": tuple(world_wukong(size) for size in (1, 2, 4, 8, 16)),
}
"""Contestant -> its sizes, small ones first; the last one is the large size."""

FULL_SEEDS = (0, 1, 2)

OF_ORDERS = (
    *(crossnet(64, layers) for layers in (1, 2, 3)),
    *(DCNv2Config(cross_layers=layers, rank=64, deep=(64,)) for layers in (1, 3)),
    LADDERS["dlrm"][-1],
    *(world_wukong(16, layers) for layers in (1, 2)),
)


def world_training(rates: tuple[float, float], width: int = FULL_WIDTH) -> CTRTraining:
    """At constant rates, averaged over the last 30 % of the steps.

    With batches of 512 a model needs four times the rows to find its first interaction.
    """
    return CTRTraining(
        batch_size=128,
        dense_learning_rate=rates[0],
        sparse_learning_rate=rates[1],
        schedule="constant",
        averaged=(0.3, 0.0),
        curve_points=11,
        embedding=EmbeddingConfig(width=width, initial_std=0.5),
    )


def run_of(
    model: Any, rows: int, rates: tuple[float, float], seed: int, *, dataset: str | None = None, width: int = FULL_WIDTH
) -> RunSpec:
    """One pass over ``rows`` fresh rows of ``SMALL_WORLD`` or, where it has too few, of ``LARGE_WORLD``."""
    dataset = dataset or (SMALL_WORLD if rows <= PLANTED[SMALL_WORLD][1] else LARGE_WORLD)
    return RunSpec(dataset, "official", model, world_training(rates, width), seed, rows / PLANTED[dataset][1])


Rates = Callable[[str, int], tuple[float, float]]  # (model, rows) -> dense and embedding rate


def searched_rates() -> Rates:
    """The rates with the lowest validation loss, interpolated in log rows; ``NotYetPlanned`` without the search."""
    search = WORLD_RATE_PLAN.full(None, None)
    table = run_table(load_results(WORLD_SEARCH)).set_index(Columns.RUN_ID)
    if missing := sum(run.run_id not in table.index for run in search):
        raise NotYetPlanned(f"waits for {WORLD_SEARCH}: {missing} of its {len(search)} runs are missing")
    tried = table.loc[[run.run_id for run in search]].reset_index()
    best = tried.loc[tried.groupby([Columns.MODEL, Columns.EXAMPLES])["valid_logloss"].idxmin()]

    def rates(name: str, rows: int) -> tuple[float, float]:
        own = best[best[Columns.MODEL] == name]
        dense, embedding = (
            interpolated_rate(rows, own[Columns.EXAMPLES], own[column])
            for column in (Columns.DENSE_RATE, Columns.EMBEDDING_RATE)
        )
        return dense, embedding

    return rates


def _world_search(
    names: Iterable[str], counts: Iterable[int], dataset: str | None, seeds: RunSeeds | None
) -> list[RunSpec]:
    """Rates of the contestants' large sizes by the number of rows, judged on validation data."""
    _check(dataset)
    names, counts = list(names), list(counts)
    tried = [
        (name, rows, dense, embedding)
        for name, rows, embedding, dense in product(names, counts, WORLD_EMBEDDING_RATES, WORLD_DENSE_RATES)
    ]
    tried += [(name, *one) for name in names for one in WORLD_BEYOND.get(name, ()) if one[0] in counts]
    return [
        run_of(LADDERS[name][-1], rows, (dense, embedding), seed)
        for seed in seeds or (RATE_SEARCH_SEED,)
        for name, rows, dense, embedding in tried
    ]


WORLD_RATE_PLAN = Profiles(
    smoke=partial(_world_search, ("crossnet",), SEARCHED_ROWS[:1]),
    quick=partial(_world_search, ("crossnet",), SEARCHED_ROWS[:1]),
    full=partial(_world_search, tuple(LADDERS), SEARCHED_ROWS),
)


def _small_world(rows: int, models: Iterable[Any], dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """``models`` on ``rows`` rows at one fixed pair of rates."""
    _check(dataset)
    return [run_of(model, rows, LIVE_RATES, seed) for seed in seeds or (0,) for model in models]


def _full_world(dataset: str | None, seeds: RunSeeds | None) -> list[RunSpec]:
    """All four parts, seed by seed."""
    _check(dataset)
    rates = searched_rates()
    return [run for seed in seeds or FULL_SEEDS for run in _of_seed(rates, seed)]


WORLD_PLAN = Profiles(
    smoke=partial(_small_world, 10_000, (crossnet(1), crossnet(4))),
    quick=partial(
        _small_world, 300_000, (DLRMConfig(top=(64, 64)), crossnet(64), world_wukong(8), crossnet(1), crossnet(4))
    ),
    full=_full_world,
)


def _of_seed(rates: Rates, seed: int) -> Iterator[RunSpec]:
    """The runs of one seed."""
    for rows, (name, ladder) in product(ROWS, LADDERS.items()):
        yield run_of(ladder[-1], rows, rates(name, rows), seed)
    for name, ladder in LADDERS.items():
        rows = SIZE_ROWS[name]
        yield from (run_of(model, rows, rates(name, rows), seed) for model in ladder[:-1])
    for width in WIDTHS:
        yield run_of(LADDERS["crossnet"][-1], ROWS[-1], rates("crossnet", ROWS[-1]), seed, width=width)
    rows = PLANTED[ORDERS_WORLD][1]
    for model in OF_ORDERS:
        yield run_of(model, rows, rates(model.model, rows), seed, dataset=ORDERS_WORLD)


def _check(dataset: str | None) -> None:
    if dataset is not None:
        raise ValueError(f"the planted worlds' studies have data sets of their own; {dataset!r} can't replace them")
