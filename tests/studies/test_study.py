"""A study's table: the finished runs in the order of the plan, judged by one rule."""

from recscale import studies
from recscale.studies.records import COLUMNS
from recscale.training.health import HEALTH


def test_the_table_judges_old_records_by_the_rule_of_today(tmp_path):
    store, study = studies.RecordStore(tmp_path), studies.plan("sequential-grid", "smoke")
    first, second, *_ = study.runs
    known = dict.fromkeys((*COLUMNS[1:], "test_ndcg@10"), 0) | {"valid_ndcg@10": 0.2, "diverged": False}
    for spec, share, flag in ((second, 0.001, 0.0), (first, 0.5, 1.0)):
        measured = dict(zip(HEALTH, (0.1, 5.0, share, flag), strict=True))
        store.put(known | measured | {"run_id": spec.run_id})
    table = study.table(store)
    assert table["run_id"].tolist() == [first.run_id, second.run_id]
    assert table["collapsed"].tolist() == [0.0, 1.0], "the flags that were stored say the opposite"
    assert table["personal_share"].tolist() == [0.5, 0.001], "what was measured stays"


def test_a_table_without_health_stays_as_it_is(tmp_path):
    store, study = studies.RecordStore(tmp_path), studies.plan("ctr-scaling", "smoke")
    store.put(dict.fromkeys((*COLUMNS[1:], "test_auc"), 0) | {"run_id": study.runs[0].run_id})
    assert "collapsed" not in study.table(store)
