"""Exponents of several curves: told apart by their own scatter, tasks of the same runs run by run."""

import numpy as np
import pandas as pd
import pytest

from recscale.analysis import ctr_curves as full
from recscale.analysis import ctr_exponents as exponents

SIZE = "training_flop_per_example"


def power(model, flop):
    return 0.55 * flop**-0.002


def one(ctr_runs, loss=power, **options):
    return full.curves(ctr_runs.scaling(loss, **options), "movielens-1m")


def test_two_tasks_of_the_same_runs_are_compared_run_by_run(ctr_runs):
    """What both losses of a run share hides no difference between them, and makes none."""
    first = one(ctr_runs, noise=0.02)
    logs = np.log(first[SIZE])
    steeper = first.assign(test_logloss=first["test_logloss"] * np.exp(-0.001 * (logs - logs.mean())))
    found = exponents.paired_difference(first, steeper, SIZE)
    assert found.value == pytest.approx(-0.001, rel=1e-6)
    assert found.is_positive is False
    assert found.is_negative
    rows = exponents.exponents({"first": first, "steeper": steeper}, SIZE).to_dict("records")
    lines = [(row["α"], (row["high"] - row["low"]) / 2, int(row["sizes"]) - 2) for row in rows]
    apart = exponents.difference(*lines)
    assert apart.ci_low < 0 < apart.ci_high, "as if the runs were others it would drown"
    assert exponents.paired_difference(first.iloc[:1], steeper.iloc[:1], SIZE) is None


def test_exponents_of_two_sets_are_compared_with_their_scatter(ctr_runs):
    flat, fall = one(ctr_runs, lambda m, f: 0.5, noise=1e-4), one(ctr_runs, noise=1e-4)
    table = exponents.exponents({"a": flat, "b": fall, "again": fall}, SIZE, 50)
    assert {"bootstrap, low", "a seed, %"} <= set(table.columns)
    assert (
        exponents.sign_words(table.loc[["a", "b"]])
        == "For a the exponent can't be told from zero; for b the loss falls with size."
    )
    assert exponents.sign_words(pd.DataFrame()) == ""
    assert "of a is smaller than that of b" in exponents.paired_words({"a": flat, "b": fall}, SIZE)
    assert "can't be told apart" in exponents.paired_words({"b": fall, "again": fall}, SIZE)
    assert "can't be compared yet" in exponents.paired_words({"b": fall, "c": fall.iloc[:0]}, SIZE)
    assert "can't be told from zero" in exponents.range_words(table, "a")
    assert "-1.5" in exponents.range_words(table, "b")
    assert "too few sizes" in exponents.range_words(table, "c")


def test_welchs_difference_is_students_for_equal_halves():
    found = exponents.difference((1.0, 0.5, 10), (0.0, 0.5, 10))
    assert found.value == 1.0
    assert found.ci_high - found.value == pytest.approx(0.5 * 2**0.5 * 2.0860 / 2.2281, rel=1e-3)
    assert exponents.difference((1.0, 0.0, 3), (0.5, 0.0, 3)).limits is not None


def test_every_axis_that_varies_has_a_row(ctr_runs):
    table = exponents.by_axis(one(ctr_runs))
    assert len(table) == 4
    assert "embedding parameters" not in table.index
    alpha = table["α"]
    assert alpha["training compute (PF-days)"] == pytest.approx(alpha["training FLOP per example"], rel=1e-6)
    assert exponents.by_axis(one(ctr_runs).iloc[:0]).empty
