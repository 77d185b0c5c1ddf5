"""Bad input: one clear sentence, exit status 2, nothing lost and nothing half-written."""

import io
import sys

import numpy as np
import pandas as pd
import pytest

from recscale import laws
from recscale.cli import main
from recscale.plans import STUDIES, plan_study
from recscale.runs import RecordStore
from recscale.settings import cache_folder

IMPRESSIONS = """
title = "Shop"

[ctr]
file = "shop.csv"
labels = ["bought"]
categorical = ["visitor", "article"]
"""
VISITS = """
title = "Shop"

[sequences]
file = "visits.csv"
user = "visitor"
item = "article"
timestamp = "at"
repeats = true
"""


@pytest.fixture(autouse=True)
def _own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("RECSCALE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path / "results"))
    monkeypatch.delenv("RECSCALE_MIRROR", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def complain(capsys):
    """Run ``recscale`` with arguments that must be refused; the sentence it says."""

    def run(*arguments: str) -> str:
        with pytest.raises(SystemExit) as stopped:
            main(list(arguments))
        assert stopped.value.code not in (0, None)
        said = capsys.readouterr().err.strip()
        assert all(line.startswith("recscale: ") for line in said.splitlines()), said
        return said

    return run


def test_unknown_names_list_the_allowed_ones(complain):
    assert "scaling-wukong" in complain("chapter", "run", "scaling-wukon")
    assert "ctr-scaling" in complain("study", "run", "ctr-scalin")
    assert "movielens-100k" in complain("data", "fetch", "movielens-100")
    assert "smoke, quick, full" in complain("study", "run", "ctr-scaling", "--profile", "fast")


def test_the_list_of_studies_goes_on_where_data_are_absent(monkeypatch, capsys):
    def absent(name, profile):
        raise ValueError(f"can't get the data of {name}; a long explanation")

    monkeypatch.setattr("recscale.plans.plan_study", absent)
    with pytest.raises(SystemExit) as stopped:
        main(["study", "list"])
    assert stopped.value.code in (0, None)
    said = capsys.readouterr().out
    assert all(f"can't get the data of {name}\n" in said for name in STUDIES)


def test_parameters_are_checked_before_anything_runs(complain, tmp_path):
    assert "layer" in complain("chapter", "run", "scaling-wukong", "-p", "layerz", "3")
    assert "seeds" in complain("chapter", "run", "scaling-wukong", "-p", "seeds", "many")
    assert not list(tmp_path.glob("*.ipynb"))


def test_seeds_that_are_no_numbers(complain):
    assert "'one,two'" in complain("study", "run", "ctr-scaling", "--profile", "smoke", "--seeds", "one,two")
    assert "got 0, 0" in complain("study", "run", "ctr-scaling", "--profile", "smoke", "--seeds", "0,0")
    assert "every seed may be named once" in complain("chapter", "run", "scaling-wukong", "-p", "seeds", "[1, 1]")


@pytest.mark.parametrize(
    "error",
    [
        EOFError("Compressed file ended"),
        RuntimeError("no kernel"),
        KeyError("loss"),
        MemoryError(),
        ZeroDivisionError("/ 0"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_that_nobody_foresaw_is_a_sentence_too(complain, monkeypatch, capsys, error):
    def fails(*_, **__):
        raise error

    monkeypatch.setattr("recscale.plans.plan_study", fails)
    said = complain("study", "run", "ctr-scaling")
    assert said.startswith(f"recscale: {type(error).__name__}")
    assert "--debug" in said
    assert "\n" not in said
    for arguments, variable in ((["--debug"], ""), ([], "1")):
        monkeypatch.setenv("RECSCALE_DEBUG", variable)
        with pytest.raises(SystemExit):
            main([*arguments, "study", "run", "ctr-scaling"])
        assert "in fails\n" in capsys.readouterr().err


def test_an_interrupted_command_ends_as_interrupted_ones_do(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("recscale.plans.plan_study", interrupted)
    with pytest.raises(SystemExit) as stopped:
        main(["study", "run", "ctr-scaling"])
    assert stopped.value.code == 130
    assert capsys.readouterr().err == ""


def test_a_terminal_without_the_letter_shows_the_rest(monkeypatch):
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding="latin-1", write_through=True))
    with pytest.raises(SystemExit) as stopped:
        main(["laws"])
    assert stopped.value.code in (0, None)
    assert all(name.encode() in shown.getvalue() for name in laws.LAWS)


def test_the_list_of_studies_names_a_file_that_is_no_record_and_goes_on(capsys):
    spec = plan_study("ctr-scaling", "smoke").runs[0]
    path = RecordStore().folder / f"{spec.run_id}.json"
    path.parent.mkdir(parents=True)
    path.write_text("[]")
    with pytest.raises(SystemExit) as stopped:
        main(["study", "list", "--profile", "smoke"])
    assert stopped.value.code in (0, None)
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert f"{path} is no record of its run" in lines["ctr-scaling"]
    assert "planned" in lines["sequential-grid"]
    assert set(STUDIES) <= set(lines)


def test_a_study_with_a_file_that_is_no_record_stops_before_the_first_run(complain, tmp_path):
    spec = plan_study("ctr-scaling", "smoke").runs[-1]
    path = tmp_path / "cache" / "runs" / f"{spec.run_id}.json"
    path.parent.mkdir(parents=True)
    path.write_text("")
    assert (
        f"{path} is no record of its run"
        in complain("study", "run", "ctr-scaling", "--profile", "smoke").splitlines()[-1]
    )
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_an_output_that_cannot_be_is_noticed_before_the_work(complain, tmp_path, monkeypatch):
    def works(*_, **__):
        pytest.fail("the work began")

    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr("recscale.book.rerun.rerun", works)
    monkeypatch.setattr("recscale.plans.plan_study", works)
    monkeypatch.setattr("recscale.analysis.shape_predictions.write", works)
    assert "can't create the folder" in complain("chapter", "run", "intro", "--output", "file/out.ipynb")
    assert "is a folder" in complain("chapter", "run", "intro", "--notebook", "--output", ".")
    assert "is no page of a rerun" in complain("chapter", "run", "intro", "--output", ".")
    monkeypatch.setenv("RECSCALE_RESULTS", "file")
    assert "can't create the folder" in complain("study", "export", "ctr-scaling")
    assert "can't create the folder" in complain("study", "predict", "performance-law-predictions")


def test_a_results_folder_that_cannot_be_written_is_found_before_the_first_run(complain, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("RECSCALE_CACHE", str(tmp_path / "file"))
    assert "can't create the folder" in complain("study", "run", "ctr-scaling", "--profile", "smoke")
    assert (tmp_path / "file").read_text() == "in the way"


def test_an_export_that_cannot_be_written_keeps_the_old_table(complain, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("RECSCALE_RESULTS", str(tmp_path / "file"))
    assert "can't create the folder" in complain("study", "export", "ctr-scaling", "--profile", "smoke")


@pytest.mark.parametrize(
    ("card", "file", "table", "sentence"),
    [
        (IMPRESSIONS, "shop.csv", {"visitor": ["a"], "bought": [1]}, "article"),
        (IMPRESSIONS, "shop.csv", {"visitor": ["a"] * 3, "article": ["x"] * 3, "bought": [1, 2, 0]}, "2"),
        (VISITS, "visits.csv", {"visitor": [], "article": [], "at": []}, "no rows"),
    ],
    ids=["missing column", "labels that are not binary", "empty sequences"],
)
def test_a_reader_s_own_file(complain, tmp_path, card, file, table, sentence):
    (tmp_path / "card.toml").write_text(card)
    pd.DataFrame(table).to_csv(tmp_path / file, index=False)
    assert sentence in complain("data", "fetch", str(tmp_path / "card.toml"))
    assert (tmp_path / file).exists()


@pytest.mark.filterwarnings("default:refused a file of the mirror")
def test_a_corrupted_file_is_refused_and_never_used(complain, tmp_path, monkeypatch):
    mirror = tmp_path / "mirror"
    (mirror / "ctr").mkdir(parents=True)
    (mirror / "ctr" / "frappe.parquet").write_bytes(b"not what the card promises")
    monkeypatch.setenv("RECSCALE_MIRROR", str(mirror))
    assert "frappe.parquet" in complain("data", "fetch", "frappe", "--source", "mirror impressions")
    assert (mirror / "ctr" / "frappe.parquet").exists(), "the reader's own file is not ours to delete"
    assert not list(cache_folder().rglob("*.parquet"))


def test_points_that_cannot_be_fitted(complain, tmp_path):
    pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": [1.0, np.nan, 2.0]}).to_csv(tmp_path / "points.csv", index=False)
    fit = ("fit", str(tmp_path / "points.csv"), "--y", "y")
    assert "power-law" in complain(*fit, "--law", "power-low", "--x", "x")
    assert "no column z; it has x, y" in complain(*fit, "--law", "power-law", "--x", "z")
    complain("fit", str(tmp_path / "absent.csv"), "--law", "power-law", "--x", "x", "--y", "y")
