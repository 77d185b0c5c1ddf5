"""Fair ladders: equally many shapes for every model, at equal compute, and no knob falls while compute grows."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from recscale.datasets.tables import Field
from recscale.models import CTR_MODELS, EmbeddingConfig, account_ctr
from recscale.models.ctr_ladders import (
    INPUTS,
    RECIPE_LAYERS,
    SMALL_TOLERANCE,
    STYLES,
    TARGETS,
    TOLERANCE,
    flop,
    frontier_targets,
    ladder_shapes,
    recipe,
)
from recscale.models.wukong import WukongConfig

MOVIELENS_1M = tuple(Field(f"{i}", 100) for i in range(10))
KNOBS = {
    "wukong": ("n_F", "n_L", "k", "mlp_width", "head"),
    "dcnv2": ("rank", "deep"),
    "crossnet": ("cross_layers", "rank"),
    "dlrm": ("top",),
    "finalmlp": ("first", "second", "heads"),
    "xdeepfm": ("cin", "deep"),
    "autoint+": ("width", "heads", "deep"),
    "masknet": ("block_width", "reduction", "deep"),
    "afn+": ("neurons", "afn", "deep"),
}
FIXED = {
    "wukong": ("l", "mlp_layers"),
    "dcnv2": ("cross_layers", "structure"),
    "autoint+": ("layers",),
    "masknet": ("mask_blocks",),
}


def reached(model: str) -> list[float]:
    """The targets at which a model has shapes, whether its frontier is trained there or not."""
    return [target for target in TARGETS if target <= frontier_targets(model)[-1]]


def value(config, knob: str):
    found = getattr(config, knob)
    return np.inf if knob == "rank" and found is None else found


def test_targets_span_three_decades_evenly():
    assert len(TARGETS) == 12
    assert TARGETS[0] == 2e4
    assert TARGETS[-1] == 3.2e7
    steps = [b / a for a, b in pairwise(TARGETS)]
    assert max(steps) / min(steps) < 1.001


def test_every_rival_and_no_variant_has_a_ladder():
    assert set(STYLES) == {*CTR_MODELS} - {"wukong+cross"}
    assert tuple(STYLES)[:3] == ("wukong", "dcnv2", "crossnet")


@pytest.mark.parametrize("model", STYLES)
def test_shapes_are_many_distinct_and_at_the_target(model):
    for target in reached(model):
        found = ladder_shapes(model, target)
        assert len(set(found)) == len(found) == 6
        assert {config.model for config in found} == {model}
        allowed = SMALL_TOLERANCE if target <= TARGETS[1] else TOLERANCE
        for config in found:
            account = account_ctr(config, MOVIELENS_1M, 0, 1, EmbeddingConfig())
            assert account.training_flop_per_example == flop(config)
            assert abs(account.training_flop_per_example / target - 1) <= allowed


@pytest.mark.parametrize("model", STYLES)
def test_along_a_style_no_knob_falls_and_depths_stay(model):
    for style in zip(*(ladder_shapes(model, target) for target in reached(model)), strict=True):
        for small, large in pairwise(style):
            for knob in KNOBS[model]:
                low, high = np.atleast_1d(value(small, knob)), np.atleast_1d(value(large, knob))
                assert len(low) == len(high), f"{knob}: one MLP depth at every size"
                assert (low <= high).all(), f"{knob} falls from {small} to {large}"
        for knob in FIXED.get(model, ()):
            assert len({getattr(config, knob) for config in style}) == 1
        for knob in KNOBS[model]:
            assert value(style[0], knob) < value(style[-1], knob), f"{knob} grows"


def test_wukongs_shapes_span_depth_and_aspect_with_one_mlp_depth():
    for target in TARGETS:
        found = ladder_shapes("wukong", target)
        assert [config.l for config in found] == [1, 1, 2, 2, 4, 4]
        for config in (*found, recipe(TARGETS.index(target))):
            assert config.mlp_layers == 1
            assert config.head == (min(config.mlp_width, 256),)
            assert config.n_F == config.n_L
        for narrow, wide in (found[:2], found[2:4], found[4:]):
            assert narrow.mlp_width / narrow.n_F < wide.mlp_width / wide.n_F


def test_the_recipe_takes_layers_first_then_everything():
    sizes = [recipe(size) for size in range(len(TARGETS))]
    assert all(isinstance(config, WukongConfig) for config in sizes)
    assert [config.l for config in sizes[:4]] == list(RECIPE_LAYERS)
    assert {config.l for config in sizes[3:]} == {8}
    assert max(config.n_F for config in sizes[:4]) <= 3
    for knob in ("n_F", "n_L", "k", "mlp_width"):
        values = [getattr(config, knob) for config in sizes]
        assert values == sorted(values)
        assert values[-1] > 5 * values[3]
    for target, config in zip(TARGETS, sizes, strict=True):
        assert abs(flop(config) / target - 1) <= TOLERANCE


def test_frontiers_are_trained_at_enough_targets_with_the_same_ends():
    counts = {model: len(frontier_targets(model)) for model in STYLES}
    assert counts.pop("wukong") == 12
    assert all(count >= 8 for model, count in counts.items() if model in ("dcnv2", "crossnet", "dlrm", "finalmlp"))
    assert counts["xdeepfm"] >= 8
    assert min(counts.values()) >= 6
    for model in STYLES:
        targets = frontier_targets(model)
        assert list(targets) == sorted(targets)
        assert targets[0] == TARGETS[0]
        assert targets[-1] == (TARGETS[7] if model == "crossnet" else TARGETS[-1])


def test_no_cross_layer_costs_more_than_one_of_full_rank():
    for model in ("dcnv2", "crossnet"):
        ranks = {config.rank for target in reached(model) for config in ladder_shapes(model, target)}
        assert None in ranks
        assert max(ranks - {None}) < 80


def test_unknown_names_and_sizes_are_one_sentence():
    with pytest.raises(ValueError, match="no fair ladder of 'deepfm'; there are those of wukong, dcnv2"):
        frontier_targets("deepfm")
    with pytest.raises(ValueError, match="no target is 1234 FLOP; the targets are 20000, "):
        ladder_shapes("wukong", 1234)
    with pytest.raises(ValueError, match=r"the ladder of crossnet ends at 2.188e\+06 FLOP, below 3.2e\+07"):
        ladder_shapes("crossnet", TARGETS[-1])


@pytest.mark.parametrize("model", STYLES)
def test_every_shape_can_be_built_and_predicts(model):
    x, extra = torch.randn(3, 10, 16), torch.randn(3, 10, 16)
    for config in ladder_shapes(model, TARGETS[1]):
        tower = config.tower(INPUTS)
        inputs = {"afn+": (x, extra), "xdeepfm": (x, extra[..., :1])}.get(model, (x,))
        assert tower(*inputs).shape == (3, 1)
