"""Annotations are checked while the tests run: a wrong shape, a wrong type and a wrong field are each refused."""

import importlib
import os
import pkgutil

import numpy as np
import pytest
from beartype.roar import BeartypeCallHintViolation

import recscale
from recscale.laws.law import Parameter
from recscale.stats.estimate import Estimate
from recscale.training.metrics import logloss

pytestmark = pytest.mark.skipif(
    os.environ.get("RECSCALE_CHECK_TYPES") == "0", reason="RECSCALE_CHECK_TYPES=0: annotations aren't checked"
)


def test_a_wrong_shape_is_refused():
    logloss(np.zeros(3), np.zeros(3))
    with pytest.raises(BeartypeCallHintViolation):
        logloss(np.zeros((3, 1)), np.zeros((3, 1)))


def test_one_name_is_one_length_throughout_a_call():
    with pytest.raises(BeartypeCallHintViolation):
        logloss(np.zeros(3), np.zeros(1))


def test_a_wrong_type_and_a_wrong_field_are_refused():
    assert Estimate(np.float64(0.5)).value == 0.5, "a scalar of NumPy is a number"
    with pytest.raises(BeartypeCallHintViolation):
        Estimate("0.5")
    with pytest.raises(BeartypeCallHintViolation):
        Parameter(1, "size")


def test_every_module_but_the_commands_is_checked():
    names = [module.name for module in pkgutil.walk_packages(recscale.__path__, "recscale.")]
    loaders = {name: type(importlib.import_module(name).__spec__.loader).__name__ for name in names}
    unchecked = {name for name, loader in loaders.items() if loader != "_Loader"}
    assert unchecked == {name for name in names if name.split(".")[1] == "cli"}
