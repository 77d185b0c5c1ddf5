"""Rows of the report card from our own runs: none before a study is there, the right ones afterwards."""

import pytest

from recscale.book.execute import Layout, pages
from recscale.claims import card as report_card
from recscale.claims import wukong_measured as measured
from recscale.figures import report_card as figures
from recscale.runs import COLUMNS, save_results

KNOBS = {"l": -0.10, "mlp_width": -0.09, "k": -0.04, "n_F": -0.05, "k, n_F, n_L": -0.08}
COMPONENTS = {"fmb": 1.84, "lcb": 0.03, "residual": 0.08, "lcb, residual": 0.8}
SOURCES = {"wukong-knobs": measured.knobs, "wukong-components": measured.components, "ctr-data": measured.data}


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A results folder of its own, empty."""
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path))
    return tmp_path


def write(runs, name):
    save_results(runs.reindex(columns=[*COLUMNS, "test_logloss"]).assign(study=name), name)


def write_all(ctr_runs, **options):
    write(ctr_runs.variants(ctr_runs.KNOBS, KNOBS, **options), "wukong-knobs")
    write(ctr_runs.variants(ctr_runs.COMPONENTS, COMPONENTS, **options), "wukong-components")
    write(ctr_runs.grid(lambda n, d: 0.9 * d ** (-0.01 * n**0.1), **options), "ctr-data")


def test_without_a_committed_study_there_are_no_rows(results):
    assert [source(10, 0) for source in SOURCES.values()] == [[], [], []]


def test_a_table_of_single_seeds_adds_no_row_either(results, ctr_runs):
    write_all(ctr_runs, seeds=(0,))
    assert [source(10, 0) for source in SOURCES.values()] == [[], [], []]


def test_the_papers_effects_give_rows_that_hold(results, ctr_runs):
    write_all(ctr_runs)
    rows = [row for source in SOURCES.values() for row in source(10, 0)]
    assert len(rows) == 9
    assert {row.verdict for row in rows} == {"holds"}
    assert {row.chapter for row in rows} <= set(pages(Layout()))
    assert len({row.claim for row in rows}) == len(rows)
    assert report_card.own_words(10, 0) == "9 of the rows rest on models trained for this book."


def test_the_card_holds_them(results, ctr_runs):
    write_all(ctr_runs)
    rows = tuple(row for source in SOURCES.values() for row in source(10, 0))
    assert len(report_card.shown(rows)) == 9
    assert figures.comparable(report_card.table(rows)).empty, "the paper prints no number for these"


def test_the_card_asks_every_measured_source():
    assert set(SOURCES.values()) <= set(report_card._own()) <= set(report_card._sources())


def test_no_own_row_is_said_as_none(results):
    assert report_card.own_words(10, 0).startswith("None of the rows rests")
