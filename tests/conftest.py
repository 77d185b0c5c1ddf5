"""For the whole suite: one thread a worker, set before anything imports torch; tables of runs whose truth is known."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def ctr_runs() -> ModuleType:
    """The makers of ``ctr_runs.py``."""
    return _makers("ctr_runs")


@pytest.fixture(scope="session")
def frappe_runs() -> ModuleType:
    """The makers of ``frappe_runs.py``."""
    return _makers("frappe_runs")


@pytest.fixture(scope="session")
def sequential_runs() -> ModuleType:
    """The makers of ``sequential_runs.py``."""
    return _makers("sequential_runs")


def _makers(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parent / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
