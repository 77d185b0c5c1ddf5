"""The table of runs: the one place that knows its columns and unpacks ``config``.

A *results table* (``data/results/*.csv``, ``load_results``, ``Study.table``) has one row per finished run:

study, run_id, model, dataset, split, seed, config   which run it is; ``config`` is its recipe as JSON
dense_parameters, embedding_parameters               weights of the model and of its embedding tables
training_flop_per_example                            FLOP of training on one example (CTR) or position (sequences)
examples_seen, training_flop                         examples or positions trained on, all passes; their FLOP
valid_…, test_…, train_…                             metrics: ``test_logloss``, ``test_auc``, ``test_ndcg@10``, …;
                                                     ``@task`` of a further task, ``~share`` of averaged weights
test_logloss_curve                                   JSON, where the loss was measured along the pass
popularity_ndcg@10, unigram_loss, personal_share,
collapsed                                            health of sequential models (``training.health``)
diverged                                             the loss was not finite
wall_seconds, threads, torch_version, code_version,
data_checksum, finished_at                           how, by what and when it was trained

A *run table* (``run_table``) has, beside these,

fraction, repeated                                   the data's variant (``RunSpec``)
layers, width, l, n_F, n_L, k, …                     every setting of every model under its own name, and missing where
                                                     the model of the row has none of that name
epochs, dense_learning_rate, max_length, loss, …     every setting of the training under its own name
embedding_width, embedding_units, …                  the settings of a CTR model's embeddings
parameters                                           dense_parameters + embedding_parameters
configuration                                        one number for the seeds of a configuration
healthy                                              neither diverged nor collapsed
"""

import json
import types
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any, TypeVar, get_args, get_type_hints

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from recscale.models import CTR_MODELS, MODEL_TITLES, SEQUENTIAL_MODELS, EmbeddingConfig
from recscale.published.wukong import PF_DAY
from recscale.settings import results_folder
from recscale.training.ctr import CTRTraining
from recscale.training.health import HEALTH, collapsed
from recscale.training.sequential import SequentialTraining


class Columns:
    """Columns of a run table, by what they mean."""

    STUDY = "study"
    RUN_ID = "run_id"
    MODEL = "model"
    DATASET = "dataset"
    SPLIT = "split"
    SEED = "seed"
    CONFIG = "config"
    DENSE_PARAMETERS = "dense_parameters"
    EMBEDDING_PARAMETERS = "embedding_parameters"
    FLOP = "training_flop_per_example"
    EXAMPLES = "examples_seen"
    TRAINING_FLOP = "training_flop"
    CURVE = "test_logloss_curve"
    COLLAPSED = "collapsed"
    DIVERGED = "diverged"

    FRACTION = "fraction"
    REPEATED = "repeated"
    EMBEDDING_WIDTH = "embedding_width"
    DENSE_RATE = "dense_learning_rate"
    EMBEDDING_RATE = "sparse_learning_rate"
    PARAMETERS = "parameters"
    CONFIGURATION = "configuration"
    HEALTHY = "healthy"
    PF_DAYS = "pf_days"


class Record(BaseModel):
    """The columns of a record with their types. Every further field is a metric; null stands for NaN and infinity."""

    model_config = ConfigDict(extra="allow", strict=True)
    __pydantic_extra__: dict[str, float | None]

    run_id: str
    model: str
    dataset: str
    split: str
    seed: int
    config: str
    dense_parameters: int
    embedding_parameters: int
    training_flop_per_example: int
    examples_seen: int
    training_flop: int
    diverged: bool
    wall_seconds: float
    threads: int
    torch_version: str
    code_version: str
    data_checksum: str
    finished_at: str
    test_logloss_curve: str | None = None  # JSON, of runs whose training has curve_points


COLUMNS = (Columns.STUDY, *(name for name in Record.model_fields if name != Columns.CURVE))
"""What every results table has; its metric columns stand before ``diverged``."""

SIZES: Mapping[str, str] = {
    Columns.FLOP: "training FLOP per example",
    Columns.DENSE_PARAMETERS: "dense parameters",
    Columns.PARAMETERS: "all parameters",
    Columns.EMBEDDING_PARAMETERS: "embedding parameters",
}
"""What can stand on the axis of a law -> its title."""

AXES: Mapping[str, str] = {**SIZES, Columns.PF_DAYS: "training compute (PF-days)"}
"""The same with the compute of the whole training, for tables that ``with_pf_days`` has completed."""

EMBEDDING = "embedding"
"""The setting of a ``CTRTraining`` that holds settings itself, and the prefix of their columns."""

Config = TypeVar("Config")


def metric_columns(table: pd.DataFrame) -> list[str]:
    """The columns of a results table that hold measured metrics."""
    return [column for column in table.columns if column not in COLUMNS]


def records_table(records: Iterable[Mapping[str, Any]], study: str) -> pd.DataFrame:
    """Records as one table with the columns in their fixed order."""
    table = pd.DataFrame([{Columns.STUDY: study, **record} for record in records])
    metrics_at = COLUMNS.index(Columns.DIVERGED)
    return table.reindex(columns=[*COLUMNS[:metrics_at], *metric_columns(table), *COLUMNS[metrics_at:]])


def _setting_types() -> dict[str, type]:
    """Column of a setting -> its type, without the None that some may be instead."""
    types_of: dict[str, type] = {}
    kinds = *CTR_MODELS.values(), *SEQUENTIAL_MODELS.values(), CTRTraining, SequentialTraining
    for kind, prefix in (*((kind, "") for kind in kinds), (EmbeddingConfig, f"{EMBEDDING}_")):
        hints = get_type_hints(kind)
        for field in fields(kind):
            hint = hints[field.name]
            options = [one for one in get_args(hint) if one is not types.NoneType]
            types_of[prefix + field.name] = options[0] if isinstance(hint, types.UnionType) else hint
    del types_of[EMBEDDING]
    return types_of


SETTINGS: Mapping[str, type] = _setting_types() | {Columns.FRACTION: float, Columns.REPEATED: float}
"""Every column that ``run_table`` unpacks from ``config`` -> its type."""

_DTYPES = {bool: "boolean", int: "Int64", float: "float64"}
"""Pandas' types that can miss a value; complete columns have numpy's."""


def load_results(study: str) -> pd.DataFrame:
    """The committed results table of ``study``; empty where there is no such file."""
    path = results_folder() / f"{study}.csv"
    if not path.exists():
        return pd.DataFrame(columns=list(COLUMNS))
    try:
        return pd.read_csv(path, dtype={Columns.RUN_ID: str})
    except ValueError as error:  # what pandas raises for a table that is none, and for text that isn't UTF-8
        raise ValueError(f"{path} is no results table: {error}") from error


def load_runs(study: str) -> pd.DataFrame:
    """The healthy runs of a committed study, as a run table."""
    return healthy(run_table(load_results(study)))


def run_table(records: pd.DataFrame) -> pd.DataFrame:
    """The runs of a results table with everything that their recipes say; columns as in the module's docstring.

    A setting that is younger than a record has its default there, which is how the run was trained. Lists are tuples.
    The rows and their index stay as they are. Raises ``ValueError`` for a model that this version doesn't know.
    """
    pairs = list(zip(records[Columns.MODEL], records[Columns.CONFIG], strict=True))
    unpacked = {pair: _unpacked(*pair) for pair in dict.fromkeys(pairs)}
    columns = {
        name: _setting_column([unpacked[pair].get(name) for pair in pairs], kind, records.index)
        for name, kind in SETTINGS.items()
    }
    diverged = records[Columns.DIVERGED].astype(bool)
    flags = records.get(Columns.COLLAPSED, pd.Series(0.0, index=records.index)).astype(float)
    identity = [Columns.DATASET, Columns.SPLIT, Columns.MODEL, Columns.CONFIG]
    columns |= {
        Columns.PARAMETERS: records[Columns.DENSE_PARAMETERS] + records[Columns.EMBEDDING_PARAMETERS],
        Columns.CONFIGURATION: records.groupby(identity, sort=False).ngroup(),
        Columns.HEALTHY: ~diverged & ~(flags > 0),
        Columns.DIVERGED: diverged,
    }
    others = records.drop(columns=[name for name in columns if name in records])
    return pd.concat([others, pd.DataFrame(columns, index=records.index)], axis=1)


def _unpacked(model: str, config: str) -> dict[str, Any]:
    """Column -> value of every setting in the recipe ``config``."""
    if model not in MODEL_TITLES:
        raise ValueError(f"a run of an unknown model {model!r}; known are {', '.join(MODEL_TITLES)}")
    recipe = json.loads(config)
    is_ctr = model in CTR_MODELS
    defaults = asdict((CTRTraining if is_ctr else SequentialTraining)())
    training = {**defaults, **recipe["training"]}
    if is_ctr:
        embedding = {**defaults[EMBEDDING], **training.pop(EMBEDDING)}
        training |= {f"{EMBEDDING}_{name}": value for name, value in embedding.items()}
    kind = (CTR_MODELS if is_ctr else SEQUENTIAL_MODELS)[model]
    data = {name: recipe.get(name, default) for name, default in ((Columns.FRACTION, 1.0), (Columns.REPEATED, 0.0))}
    return {**asdict(kind()), **recipe["model"], **training, **data}


def _setting_column(values: list, kind: Any, index: pd.Index) -> pd.Series:
    """``values``, None where there is none, as a column of the type ``kind``."""
    if kind not in _DTYPES:
        return pd.Series([_frozen(value) for value in values], index=index, dtype=object)
    column = pd.Series(values, index=index, dtype=_DTYPES[kind])
    return column if column.isna().any() else column.astype(kind)


def _frozen(value: Any) -> Any:
    """``value`` with tuples for lists, so that it can be compared and grouped by."""
    if isinstance(value, dict):
        return tuple((name, _frozen(one)) for name, one in value.items())
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


def settings_of(kind: type[Config], run: pd.Series | Mapping[str, Any], prefix: str = "") -> Config:
    """The configuration of class ``kind`` (a model's, a training's) that one row ``run`` of a run table was made by."""
    given = {field.name: run[prefix + field.name] for field in fields(kind) if prefix + field.name in SETTINGS}
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in given.items()}
    return kind(**{name: None if value is pd.NA else value for name, value in plain.items()})


def with_current_health(table: pd.DataFrame) -> pd.DataFrame:
    """A results table with ``collapsed``, where it has that column, recomputed by the current rule of ``training``."""
    if not set(HEALTH) <= set(table):
        return table
    flags = collapsed(table["valid_ndcg@10"], table["popularity_ndcg@10"], table["personal_share"])
    return table.assign(**{Columns.COLLAPSED: flags.astype(float)})


def healthy(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a run table that neither diverged nor collapsed: what a law is fitted to."""
    return table[table[Columns.HEALTHY]]


def curve_rows(table: pd.DataFrame) -> pd.DataFrame:
    """One row per run and point of its ``test_logloss_curve``, with the point's ``examples_seen`` and ``test_logloss``;
    the other columns are the run's."""
    curves = [json.loads(curve) for curve in table[Columns.CURVE]]
    repeated = table.loc[table.index.repeat([len(curve) for curve in curves])].reset_index(drop=True)
    points = np.array([point for curve in curves for point in curve])
    return repeated.assign(**{Columns.EXAMPLES: points[:, 0], "test_logloss": points[:, 1]})


def with_pf_days(runs: pd.DataFrame) -> pd.DataFrame:
    """Adds ``pf_days``, the training FLOP in days of a PFLOP/s. For one pass: seeds must have seen as many examples."""
    return runs.assign(**{Columns.PF_DAYS: runs[Columns.TRAINING_FLOP].astype(float) / PF_DAY})


def by_configuration(runs: pd.DataFrame, metric: str = "test_logloss") -> pd.DataFrame:
    """Means over seeds, one row per configuration of a run table, in ascending compute.

    Columns: dataset, split, model, configuration, those of ``AXES`` that ``runs`` has, ``metric`` (mean), std, seeds.
    """
    identity = [Columns.DATASET, Columns.SPLIT, Columns.MODEL, Columns.CONFIGURATION]
    keys = [*identity, *(name for name in AXES if name in runs)]
    means = runs.groupby(keys, sort=False)[metric].agg(["mean", "std", "count"]).reset_index()
    return means.rename(columns={"mean": metric, "count": "seeds"}).sort_values(Columns.FLOP)


def single_dataset(runs: pd.DataFrame) -> str:
    """The data set of ``runs``; ``ValueError`` where they are of several, or of several splits."""
    sets = runs.groupby([Columns.DATASET, Columns.SPLIT]).size().index.tolist()
    if len(sets) != 1:
        listed = "; ".join(f"{dataset}, {split}" for dataset, split in sets)
        raise ValueError(f"runs are compared on one data set and split, and these are of {len(sets)}: {listed}")
    return runs[Columns.DATASET].iloc[0]


def with_model_titles(table: pd.DataFrame) -> pd.DataFrame:
    """``table`` for a reader: every model, in cells and in the index, by its title."""
    return table.replace(MODEL_TITLES).rename(index=MODEL_TITLES)


def core_hours_per_seed(runs: pd.DataFrame) -> float:
    """What one more seed of every configuration costs on one core: wall time × threads, seeds averaged, in hours."""
    table = run_table(runs)
    seconds = (table["wall_seconds"] * table["threads"]).groupby(table[Columns.CONFIGURATION]).mean()
    return float(seconds.sum()) / 3600
