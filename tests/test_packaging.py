"""Pins, licences and the files a stranger meets first."""

import os
import re
import subprocess
from importlib.metadata import version

import pytest
import yaml

from recscale.book.site import NOTEBOOKS
from recscale.settings import REPOSITORY


def pins(name: str = "requirements.lock") -> dict[str, str]:
    """Package -> pin as written, from the lock file."""
    lines = (REPOSITORY / name).read_text().splitlines()
    return {re.split("==", line)[0]: line for line in lines if line and not line.startswith("#")}


def test_every_line_is_an_exact_pin_and_names_no_host():
    for name, line in pins().items():
        assert re.fullmatch(r"[a-z0-9.-]+==[0-9][\w.]*(; sys_platform == \"linux\")?", line), line
        assert "_" not in name
    text = (REPOSITORY / "requirements.lock").read_text()
    assert "http" not in text
    assert "nvidia-" not in text


def test_conda_has_the_same_pins():
    environment = yaml.safe_load((REPOSITORY / "environment.yml").read_text())
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert sorted(pip) == sorted(line for name, line in pins().items() if name != "torchrec")
    assert "make" in environment["dependencies"]


def test_jupyterlab_is_pinned_beside_the_lock_file():
    extra = pins("requirements-lab.lock")
    assert "jupyterlab" in extra
    assert not set(extra) & set(pins()), "one pin, one place"
    assert all(re.fullmatch(r"[a-z0-9.-]+==[0-9][\w.]*", line) for line in extra.values())


def test_binder_has_the_same_pins_and_nothing_that_only_training_needs():
    environment = yaml.safe_load((REPOSITORY / "binder" / "environment.yml").read_text())
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert set(pip) <= set(pins().values())
    assert not [line for line in pip if line.startswith(("torch", "fbgemm"))]
    assert os.access(REPOSITORY / "binder" / "postBuild", os.X_OK)


def test_torchrec_is_installed_alone():
    """Its metadata ask for the CUDA build of fbgemm, so only the Makefile may install it, without dependencies."""
    makefile = (REPOSITORY / "Makefile").read_text()
    assert "grep -v '^torchrec=='" in makefile
    assert "--no-deps -r" in makefile
    assert "fbgemm-gpu" not in pins()
    assert "fbgemm-gpu-cpu" in pins()


@pytest.mark.parametrize(
    "name", ["numpy", "scipy", "pandas", "plotly", "jupyter-book", "papermill", "sphinx", "pydantic"]
)
def test_this_environment_is_the_locked_one(name):
    assert version(name) == pins()[name].split("==")[1].split(";")[0]


def test_jupyter_book_is_version_one():
    assert pins()["jupyter-book"].startswith("jupyter-book==1.")


def test_citation_names_the_papers():
    references = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text())["references"]
    numbers = {identifier["value"] for entry in references for identifier in entry.get("identifiers", [])}
    assert numbers == {"arXiv:2403.02545", "arXiv:2412.00430"}
    assert references[-1]["title"].startswith("P-Law: ")


def test_licences():
    assert (REPOSITORY / "LICENSE").read_text().startswith("MIT License")
    text = (REPOSITORY / "LICENSE-TEXT").read_text()
    for section in range(1, 9):
        assert f"Section {section} --" in text


def test_the_two_commands_open_the_readme():
    first_screen = (REPOSITORY / "README.md").read_text().splitlines()[:15]
    assert any("make book" in line for line in first_screen)
    assert any("make test" in line for line in first_screen)


def test_ci_runs_the_same_commands():
    script = (REPOSITORY / ".ci" / "run").read_text()
    assert os.access(REPOSITORY / ".ci" / "run", os.X_OK)
    assert "set -euo pipefail" in script
    for command in ("make lint", "make test", "make book", "-m browser"):
        assert command in script
    assert "bash .ci/run" in (REPOSITORY / ".github" / "workflows" / "ci.yml").read_text()


def test_pages_are_published_from_the_archive():
    workflow = yaml.safe_load((REPOSITORY / ".github" / "workflows" / "pages.yml").read_text())
    runs = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    assert "make site" in runs
    assert any("recscale book export" in run for run in runs)
    assert any(run.rstrip().endswith(NOTEBOOKS) or f" {NOTEBOOKS}\n" in run for run in runs)


def test_nothing_large_and_no_output_is_committed():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    sizes = {
        name: (REPOSITORY / name).stat().st_size for name in listed.stdout.split("\0") if (REPOSITORY / name).is_file()
    }
    assert max(sizes.values()) < 2**20, max(sizes, key=sizes.get)
    assert not [name for name in sizes if name.startswith("_build/")]
