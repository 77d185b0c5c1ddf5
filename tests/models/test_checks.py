"""Every configuration refuses what it can't mean, in a sentence that names setting, value and what is allowed."""

import dataclasses
import math
from typing import get_type_hints

import numpy as np
import pytest

from recscale.datasets.tables import Field
from recscale.models import CTR_MODELS, SEQUENTIAL_MODELS, EmbeddingConfig, SmallFields, account_ctr
from recscale.models.checks import Positive, Range, Settings, check_seed
from recscale.training.ctr import CTRTraining
from recscale.training.sampled_ranking import Protocol
from recscale.training.sequential import SequentialTraining
from recscale.training.serving import Request

CONFIGS = [*CTR_MODELS.values(), *SEQUENTIAL_MODELS.values(), EmbeddingConfig]
CONFIGS += [CTRTraining, SequentialTraining, Request, Protocol]
NUMBERS = [
    (config, field.name)
    for config in CONFIGS
    for field in dataclasses.fields(config)
    if get_type_hints(config)[field.name] in (int, float, int | None)
]
LISTS = [
    (config, field.name)
    for config in CONFIGS
    for field in dataclasses.fields(config)
    if get_type_hints(config)[field.name] in (tuple[int, ...], tuple[float, ...])
]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("config", "name"), NUMBERS, ids=lambda part: getattr(part, "__name__", part))
def test_no_number_is_negative_infinite_or_none_at_all(config, name):
    for wrong in (-1, math.nan, math.inf, "many", True, [1]):
        with pytest.raises(ValueError, match=f"^{name} is .*; it must be"):
            config(**{name: wrong})


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(("config", "name"), LISTS, ids=lambda part: getattr(part, "__name__", part))
def test_no_list_holds_what_is_no_size(config, name):
    for wrong in ((-3,), ("a",), (math.nan,), [64], 64):
        with pytest.raises(ValueError, match=f"^{name} is .*; it must be a list"):
            config(**{name: wrong})


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.__name__)
def test_texts_and_switches_are_checked(config):
    for field in dataclasses.fields(config):
        if get_type_hints(config)[field.name] in (str, bool):
            with pytest.raises(ValueError, match=f"{field.name} is 3; it must be (one of|true or false)"):
                config(**{field.name: 3})


@pytest.mark.parametrize(
    ("model", "changes", "sentence"),
    [
        ("wukong", {"head": (0,)}, r"head is \(0,\)"),
        ("wukong", {"mlp_layers": 1001}, "mlp_layers is 1001; .* at most 1,000"),
        ("wukong", {"fm": "attentive", "compressed": 0}, "compressed is 0"),
        ("wukong", {"dropout": 1}, "dropout is 1; it must be a number, at least 0 and below 1"),
        ("autoint+", {"heads": 0}, "heads is 0"),
        ("finalmlp", {"heads": 0}, "heads is 0"),
        ("finalmlp", {"context_first": ("a",), "context_second": ("a",)}, "name the field 'a' twice"),
        ("dcnv2", {"rank": 0}, "rank is 0; it must be none or a whole number, at least 1"),
        ("masknet", {"reduction": 0}, "reduction is 0; it must be a number, above 0"),
        ("xdeepfm", {"cin": ()}, "at least one layer"),
    ],
)
def test_what_a_model_cannot_be(model, changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        CTR_MODELS[model](**changes)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"units": (("user", 0),)}, "units is"),
        ({"units": (("user",),)}, "units is"),
        ({"units": (("user", 1), ("user", 2))}, "'user' stands more than once"),
        ({"units": (("user", 1),), "small": (SmallFields(("user",), 4),)}, "'user' stands more than once"),
    ],
)
def test_a_front_end_names_a_field_once(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        EmbeddingConfig(**changes)


def test_a_group_of_no_fields_is_refused():
    with pytest.raises(ValueError, match="at least one field"):
        SmallFields((), 4)


def test_models_say_what_data_they_need():
    one = (Field("user", 3),)
    with pytest.raises(ValueError, match=r"dlrm .* needs two fields or dense features; with one field use 'cat'"):
        account_ctr(CTR_MODELS["dlrm"](), one, 0, 1, EmbeddingConfig())
    assert account_ctr(CTR_MODELS["dlrm"](interaction="cat"), one, 0, 1, EmbeddingConfig()).parameters
    with pytest.raises(ValueError, match="at least one field or dense feature"):
        account_ctr(CTR_MODELS["wukong"](), (), 0, 1, EmbeddingConfig())


def test_a_range_in_words():
    assert str(Range(0, above=True)) == "above 0"
    assert str(Range(0, 1, below=True)) == "at least 0 and below 1"
    assert str(Range(1, 1000)) == "at least 1 and at most 1,000"


def test_huge_integers_are_no_numbers_either():
    @dataclasses.dataclass(frozen=True)
    class One(Settings):
        rate: Positive = 1.0

    assert One(np.float64(2)).rate == 2
    with pytest.raises(ValueError, match="rate is 1"):
        One(10**400)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("seed", [-1, 0.5, True, "0"])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(ValueError, match=r"seed is .*; it must be a whole number, at least 0"):
        check_seed(seed)
