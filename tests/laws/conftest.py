import importlib.util
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("truths", Path(__file__).parent / "truths.py")
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)


@pytest.fixture(scope="session")
def truths():
    """Law name -> (x, true parameters, y without noise)."""
    return _module.TRUTHS


def pytest_generate_tests(metafunc):
    if "law_name" in metafunc.fixturenames:
        metafunc.parametrize("law_name", list(_module.TRUTHS))
