"""For the whole suite: one thread a worker, set before anything imports torch; tables of runs whose truth is known."""

import importlib.util
import os
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import jaxtyping
import pytest

import recscale

os.environ.setdefault("OMP_NUM_THREADS", "1")
# RECSCALE_CHECK_TYPES=1 checks every annotation, the shapes among them, at every call; the commands' are typer's.
# Scalars of NumPy count as Python's, and an int as a float.
if os.environ.get("RECSCALE_CHECK_TYPES"):
    NUMPY = "__import__('numpy')"
    FLOAT = f"float | int | {NUMPY}.number"
    SCALARS = f"{{int: int | {NUMPY}.integer, float: {FLOAT}, complex: complex | {FLOAT}, bool: bool | {NUMPY}.bool_}}"
    CONFIGURATION = f"beartype.BeartypeConf(hint_overrides=beartype.FrozenDict({SCALARS}))"
    jaxtyping.install_import_hook(
        [f"recscale.{module.name}" for module in pkgutil.iter_modules(recscale.__path__) if module.name != "cli"],
        f"beartype.beartype(conf={CONFIGURATION})",
    )


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Annotations aren't checked: for the sentences that readers get for input of a wrong type."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


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
