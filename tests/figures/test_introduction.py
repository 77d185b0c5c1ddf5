"""The introduction's figures draw every row of their tables."""

import pytest

from recscale import published
from recscale.figures import base, introduction


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
