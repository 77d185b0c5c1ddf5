"""Ladders climb where they say; presets have the parameter counts that were published."""

import math
from itertools import pairwise

import pytest

from recscale.datasets.tables import Field
from recscale.models import EmbeddingConfig, account_ctr
from recscale.models.ctr_presets import frappe_fields, preset, rival_sizes

OTHERS = ("autoint+", "finalmlp", "masknet", "afn+", "xdeepfm")
MOVIELENS_1M = tuple(Field(f"{i}", 100) for i in range(10))


def flop(config) -> int:
    return account_ctr(config, MOVIELENS_1M, 0, 1, EmbeddingConfig()).training_flop_per_example


@pytest.mark.parametrize(
    ("model", "count", "decades"),
    [("wukong", 12, 3), ("dlrm", 6, 3), ("dcnv2", 6, 3), *((m, 4, 2.3) for m in OTHERS)],
)
def test_ladders_climb(model, count, decades):
    sizes = [flop(config) for config in rival_sizes(model)]
    assert len(sizes) == count
    assert sizes == sorted(sizes)
    assert math.log10(sizes[-1] / sizes[0]) > decades
    assert sizes[0] < 0.06e6
    assert sizes[-1] < 40e6
    assert max(b / a for a, b in pairwise(sizes)) < (3 if count == 12 else 30)


PUBLISHED = {
    ("dlrm", "bars"): (1, 417_891),
    ("dcnv2", "bars"): (1, 458_391),
    ("autoint+", "bars"): (1, 622_180),
    ("finalmlp", "bars"): (2, 253_392),
    ("masknet", "bars"): (1, 571_691),
    ("afn+", "bars"): (1, 4_482_205),
    ("xdeepfm", "bars"): (1, 429_809),
    ("dlrm", "paper"): (2, 1_527_073),
    ("dcnv2", "paper"): (2, 7_251_073),
    ("autoint+", "paper"): (2, 306_151),
    ("finalmlp", "paper"): (2, 3_115_954),
    ("masknet", "paper"): (2, 21_189_593),
    ("xdeepfm", "paper"): (2, 66_206),
}


@pytest.mark.parametrize(("model", "name"), PUBLISHED)
def test_presets_have_the_published_number_of_parameters(model, name):
    """``bars``: the benchmark's log files. ``paper``: Wukong's Table 3, Frappe."""
    fuxictr, parameters = PUBLISHED[model, name]
    chosen = preset(model, name)
    account = account_ctr(chosen.config, frappe_fields(fuxictr), 0, 1, EmbeddingConfig(width=chosen.width))
    assert account.parameters == parameters


@pytest.mark.parametrize(("model", "mflop"), [("masknet", 122.9), ("autoint+", 16.0), ("dlrm", 5.0), ("dcnv2", 39.3)])
def test_the_papers_presets_have_the_compute_of_table_3(model, mflop):
    chosen = preset(model, "paper")
    account = account_ctr(chosen.config, frappe_fields(2), 0, 1, EmbeddingConfig(width=chosen.width))
    assert round(account.training_flop_per_example / 1e6, 1) == mflop


def test_unknown_names_are_listed():
    with pytest.raises(ValueError, match="no model is called 'deepfm'"):
        rival_sizes("deepfm")
    with pytest.raises(ValueError, match="no preset is called 'best'"):
        preset("dlrm", "best")
    with pytest.raises(ValueError, match="version is 1 or 2, got 3"):
        frappe_fields(3)
    with pytest.raises(ValueError, match="there is no preset for 'wukong'"):
        preset("wukong", "bars")
