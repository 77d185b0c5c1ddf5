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
    spec = importlib.util.spec_from_file_location("ctr_runs", Path(__file__).parent / "ctr_runs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
