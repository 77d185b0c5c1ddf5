"""Runs of models: their recipes, carrying them out, the store of their records, and one table of them all."""

from recscale.runs.execute import make_record, train
from recscale.runs.spec import RunSpec, variant
from recscale.runs.store import RecordStore, save_results
from recscale.runs.study import NotYetPlanned, Study, run_study
from recscale.runs.table import COLUMNS, Columns, by_configuration, healthy, load_results, metric_columns, run_table
