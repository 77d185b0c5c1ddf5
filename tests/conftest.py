"""For the whole suite: one thread a worker, set before anything imports torch; tables of runs whose truth is known."""

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


def _module(name: str) -> ModuleType:
    """``name``.py of this folder."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


type_checks = _module("type_checks")
if os.environ.get("RECSCALE_CHECK_TYPES") != "0":
    type_checks.install()


@pytest.fixture
def unchecked(monkeypatch) -> None:
    """Annotations aren't checked: for the sentences that readers get for input of a wrong type."""
    monkeypatch.setattr(type_checks, "off", True)


@pytest.fixture(scope="session")
def ctr_runs() -> ModuleType:
    """The makers of ``ctr_runs.py``."""
    return _module("ctr_runs")


@pytest.fixture(scope="session")
def frappe_runs() -> ModuleType:
    """The makers of ``frappe_runs.py``."""
    return _module("frappe_runs")


@pytest.fixture(scope="session")
def sequential_runs() -> ModuleType:
    """The makers of ``sequential_runs.py``."""
    return _module("sequential_runs")
