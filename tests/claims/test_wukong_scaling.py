"""Rows of the full scaling study: none before it can judge, the planted verdicts afterwards."""

import pytest

from recscale.analysis.ctr_learning_rates import Caveats
from recscale.book.execute import Layout, pages
from recscale.claims import card as report_card
from recscale.claims import wukong_scaling as scaling
from recscale.figures import report_card as figures
from recscale.runs import COLUMNS, save_results

EXTRA = ("test_logloss", "test_auc", "test_logloss@long_view", "test_auc@long_view")


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A results folder of its own, empty."""
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    return tmp_path


def paper(model, flop):
    """What the paper says: Wukong falls as its law does, every rival lies above and has stopped."""
    if model == "wukong":
        return 0.55 * flop**-0.00071
    return 0.55 * 1.005


def verdicts(table):
    return [claim.verdict for claim in scaling.scaling_claims(table)]


def test_no_table_and_single_seeds_add_no_row(results, ctr_runs):
    assert scaling.measured(10, 0) == []
    assert verdicts(ctr_runs.scaling(paper, seeds=(0,))) == []


def test_the_papers_claims_hold_where_they_are_planted(results, ctr_runs):
    table = ctr_runs.scaling(paper, noise=2e-5)
    columns = [*COLUMNS, *EXTRA]
    save_results(table.reindex(columns=columns).assign(study="ctr-scaling"), "ctr-scaling")
    rows = scaling.measured(10, 0)
    found = {row.claim.removeprefix("public data").lstrip(":, "): row for row in rows}
    assert len(rows) == len(found) == 9
    falls, size, form, predicts, ahead, steep, stop, later, tasks = rows
    assert falls.ours == pytest.approx(0.00071, rel=0.05)
    assert size.interval[0] < 0.00071 < size.interval[1]
    assert {row.verdict for row in (falls, size, predicts, ahead, steep, stop, later, tasks)} == {"holds"}
    assert form.verdict == "can't be known"
    assert "power law and straight line" in form.ours or "straight line in log size and power law" in form.ours
    assert (ahead.ours, steep.ours, stop.ours, tasks.ours) == (7, 7, 7, 2)
    assert set(rows) <= set(report_card.claims(60, 0))


def test_the_card_knows_their_page(ctr_runs):
    rows = tuple(scaling.scaling_claims(ctr_runs.scaling(paper, noise=2e-5)))
    assert {row.chapter for row in rows} <= set(pages(Layout()))
    assert figures.comparable(report_card.table(rows)).empty, "the paper prints no number for these"
    assert len(report_card.shown(rows)) == 9


def test_a_flat_noisy_study_supports_nothing(ctr_runs):
    table = ctr_runs.scaling(lambda model, flop: 0.5, noise=2e-3, seeds=(0, 1), draw=3)
    assert "holds" not in verdicts(table)


def test_a_better_rival_is_named_and_the_opposite_does_not_hold(ctr_runs):
    table = ctr_runs.scaling(lambda model, flop: 0.5 * flop ** (0.01 if model == "wukong" else -0.01))
    rows = scaling.scaling_claims(table)
    assert rows[0].verdict == rows[5].verdict == rows[7].verdict == "does not hold"
    assert rows[8].verdict == "can't be known", "no rate was searched on that data set"
    assert "here on 2, may be theirs" in rows[8].why
    factor = {"wukong": 1.0, "dcnv2": 0.98}
    better = ctr_runs.scaling(lambda model, flop: 0.5 * flop**-0.001 * factor.get(model, 1.01))
    ahead = scaling.scaling_claims(better)[4]
    assert ahead.ours == 6
    assert ahead.verdict == "holds in part"
    assert ahead.why.endswith("ahead of Wukong: DCNv2")


def test_what_the_search_left_open_counts_neither_way(ctr_runs):
    table = ctr_runs.scaling(paper, noise=2e-5)
    rates = Caveats(frozenset({"afn+", "masknet"}), frozenset({"dcnv2"}), {"dlrm": 1.0})
    _, _, _, _, ahead, steep, stop, *_ = scaling.scaling_claims(table, rates)
    assert (ahead.ours, steep.ours, stop.ours) == (5, 6, 6)
    assert "Wukong's lead doesn't count: AFN+ and MaskNet" in ahead.why
    assert "pair of rates never tried: DCNv2" in stop.why
    better = ctr_runs.scaling(lambda model, flop: 0.5 * flop**-0.001 * (0.98 if model == "afn+" else 1.0), noise=2e-5)
    ahead = scaling.scaling_claims(better, rates)[4]
    assert ahead.verdict == "does not hold", "a rival that leads though it wasn't tuned leads"


def test_rows_wait_for_their_curves(ctr_runs):
    table = ctr_runs.scaling(paper)
    assert len(verdicts(table[table["model"].isin(["wukong", "dlrm"])])) == 6
    assert len(verdicts(table[table["split"] == "random"])) == 7
    assert verdicts(table[table["dataset"] == "kuairand-pure"]) == ["holds"]
