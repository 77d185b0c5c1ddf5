"""Runs of models: their recipes, carrying them out, the store of their records, and one table of them all."""

from recscale.runs.spec import RunSpec, record, train
from recscale.runs.store import COLUMNS, RecordStore, load_results, metric_columns, save_results
from recscale.runs.study import NotYetPlanned, Study, run_study

__all__ = [
    "COLUMNS",
    "NotYetPlanned",
    "RecordStore",
    "RunSpec",
    "Study",
    "load_results",
    "metric_columns",
    "record",
    "run_study",
    "save_results",
    "train",
]
