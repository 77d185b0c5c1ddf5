"""The introduction's figures draw every row of their tables."""

import pandas as pd
import pytest

from recscale import published
from recscale.claims.claim import Verdict
from recscale.figures import base, introduction


def test_every_verdict_has_a_colour():
    assert set(introduction.VERDICT_COLOURS) == {str(verdict) for verdict in Verdict}


def test_bars_stack_to_the_number_of_claims():
    counts = pd.DataFrame(1, index=["Wukong, its numbers", "Wukong, our runs"], columns=[*introduction.VERDICT_COLOURS])
    counts.loc["Wukong, our runs", "open"] = 7
    fig = introduction.evidence_counts(counts)
    base.show(fig, points=counts.size)
    totals = {name: sum(bar.x[list(bar.y).index(name)] for bar in fig.data) for name in counts.index}
    assert totals == counts.sum(axis=1).to_dict()


@pytest.mark.parametrize("task", [1, 2])
def test_only_the_first_task_has_a_printed_law(task):
    table = published.load("wukong_table5_internal_scaling")
    table = table[table["note"] != "diverged"]
    fig = introduction.wukong_published(table, task)
    base.show(fig, points=len(table))
    assert any(trace.name == "the paper's law" for trace in fig.data) is (task == 1)


def test_a_panel_has_one_series_per_width():
    panel = published.panels()["HR@10", "ml-1m", 200]
    fig = introduction.performance_published(panel, "x")
    base.show(fig, points=len(panel))
    assert len(fig.data) == panel["embedding_dim"].nunique()
