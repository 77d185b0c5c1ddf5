"""No test here sees the network, the machine's cache or its mirror, unless it asks for them."""

import os
from pathlib import Path

import pytest

from recscale.datasets import fetch

MIRROR = os.environ.get("RECSCALE_MIRROR")


@pytest.fixture(autouse=True)
def isolated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    monkeypatch.setenv("RECSCALE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("RECSCALE_MIRROR", raising=False)
    monkeypatch.delenv("RECSCALE_DATASETS", raising=False)
    if "network" in request.fixturenames:
        return

    def unreachable(file, folder):
        raise OSError("no network in tests")

    monkeypatch.setattr(fetch, "from_url", unreachable)
    monkeypatch.setattr(fetch, "from_pip", unreachable)


@pytest.fixture
def network() -> None:
    """Lets a test download."""


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine's own mirror of the data files; the test is skipped where there is none."""
    if not MIRROR or not Path(MIRROR).is_dir():
        pytest.skip("RECSCALE_MIRROR is not set to a folder with the data files")
    folder = Path(MIRROR).resolve()
    monkeypatch.setenv("RECSCALE_MIRROR", str(folder))
    return folder
