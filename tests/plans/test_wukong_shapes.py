"""The plan of the bridge: every depth with every width, in a useful order, at rates that follow its own compute."""

from dataclasses import replace
from itertools import product

import pytest

from recscale.models.ctr_presets import wukong_ladder
from recscale.models.embeddings import EmbeddingConfig
from recscale.plans import ctr, plan_study, rate_search
from recscale.plans.parts import one_pass
from recscale.runs import load_results


def shape(run) -> tuple[int, int]:
    return run.model.l, run.training.embedding.width


@pytest.fixture
def full() -> list:
    """The runs of the full plan on the synthetic set; its rates name the embedding they were asked for."""
    seen = []

    def rates(dataset, model, embedding):
        seen.append((model.l, embedding.width))
        return one_pass(dataset, embedding=embedding)

    runs = ctr.bridge_plan(
        replace(ctr.CTR_SCALES.full, training=rates), (1, 2, 4, 8), (8, 16, 32, 64), "synthetic-ctr", None
    )
    assert seen == [shape(run) for run in runs]
    return runs


@pytest.mark.parametrize(("profile", "cells"), [("smoke", ((1, 2), (4, 8))), ("quick", ((1, 2, 4), (8, 16, 32)))])
def test_small_plans_hold_their_whole_grid_once(profile, cells):
    study = plan_study("wukong-bridge", profile, dataset="synthetic-ctr")
    assert study.name == f"wukong-bridge-{profile}"
    assert sorted(map(shape, study.runs)) == sorted(product(*cells))


def test_the_full_grid_varies_depth_and_width_alone(full):
    assert [run.seed for run in full] == [0] * 16 + [1] * 16
    assert len({shape(run) for run in full[:16]}) == 16
    base = wukong_ladder()[6]
    assert {replace(run.model, l=base.l) for run in full} == {base}
    assert {run.split for run in full} == {"random"}


def test_its_first_half_has_every_depth_and_every_width(full):
    half = list(map(shape, full[:8]))
    assert {layers for layers, _ in half} == {1, 2, 4, 8}
    assert {width for _, width in half} == {8, 16, 32, 64}
    assert list(map(shape, full[16:])) == list(map(shape, full[:16]))


def test_data_set_and_seeds_can_be_others():
    runs = plan_study("wukong-bridge", "smoke", dataset="synthetic-ctr", seeds=(5, 7)).runs
    assert [run.seed for run in runs] == [5] * 4 + [7] * 4


def test_a_rate_follows_the_flop_of_the_width(monkeypatch):
    """Twice the width moves a model along the searched ladder; the usual width leaves every older run what it was."""
    model, widths = wukong_ladder()[6], (8, 16, 64)
    table = load_results("ctr-learning-rate")
    known = frozenset(table.loc[table["model"] == "wukong", "run_id"])
    monkeypatch.setattr(rate_search, "_searched_ids", lambda dataset, name: known)
    rates = [rate_search.tuned("synthetic-ctr", model, EmbeddingConfig(width=width)) for width in widths]
    dense = [training.dense_learning_rate for training in rates]
    assert dense == sorted(dense, reverse=True)
    assert len(set(dense)) == 3
    assert [training.embedding.width for training in rates] == list(widths)
    assert rates[1] == rate_search.tuned("synthetic-ctr", model)
