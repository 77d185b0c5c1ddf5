"""``recscale train`` for the CTR models: what it prints, and one sentence for every mistake."""

import pytest
from typer.testing import CliRunner

from recscale.cli.train import CTR_HELP, configure, train_app
from recscale.models import CTR_MODELS


def test_every_model_has_its_command():
    assert set(CTR_HELP) == set(CTR_MODELS)


def test_settings_are_taken_over():
    config = configure("wukong", ["l=3", "head=[32, 16]", "fm=attentive", "dropout=0", "lcb=false"])
    assert (config.l, config.head, config.fm, config.dropout, config.lcb) == (3, (32, 16), "attentive", 0, False)
    assert configure("dcnv2", ["rank=8"]).rank == 8


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("layers=3", "one of the names l, n_F"),
        ("l", "takes name=value"),
        ("l=three", "l is 'three'; it must be a whole number, at least 1"),
        ("head=[-3]", r"head is \(-3,\); it must be a list"),
        ('head=["a"]', r"head is \('a',\); it must be a list"),
        ("dropout=NaN", "dropout is nan; it must be a number, at least 0 and below 1"),
        ("lcb=0", "lcb is 0; it must be true or false"),
    ],
)
def test_wrong_settings_are_named(setting, message):
    with pytest.raises(ValueError, match=message):
        configure("wukong", [setting])


@pytest.mark.usefixtures("unchecked")
def test_a_setting_is_given_once():
    with pytest.raises(ValueError, match="--set gives l twice"):
        configure("wukong", ["l=2", "l=3"])
    with pytest.raises(ValueError, match="rank is 'x'; it must be none or a whole number"):
        configure("dcnv2", ["rank=x"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--device", "gpu"], "device is 'gpu'"),
        (["--seed", "-1"], "seed is -1"),
        (["--width", "0"], "width is 0"),
        (["--sparse-learning-rate", "-1"], "sparse_learning_rate is -1.0; it must be a number, above 0"),
        (["--history", "file/history.csv"], "can't create the folder"),
        (["--history", "."], "is a folder; an output is a file"),
    ],
)
def test_mistakes_are_found_before_the_data_are_read(tmp_path, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=message):
        CliRunner().invoke(train_app, ["wukong", "--dataset", "absent", *options], catch_exceptions=False)


def test_a_history_goes_into_a_folder_that_was_not_there(tmp_path):
    history = tmp_path / "new" / "history.csv"
    options = ["--dataset", "synthetic-ctr", "--batch-size", "16000", "--set", "top=[4]", "--history", str(history)]
    assert CliRunner().invoke(train_app, ["dlrm", *options], catch_exceptions=False).exit_code == 0
    assert history.exists()


def test_a_run_reports_sizes_and_metrics(tmp_path):
    history = tmp_path / "history.csv"
    options = ["--dataset", "synthetic-ctr", "--batch-size", "4000", "--set", "top=[8]", "--history", str(history)]
    result = CliRunner().invoke(train_app, ["dlrm", *options])
    assert result.exit_code == 0, result.output
    for expected in ("dlrm on synthetic-ctr, random split", "2,560 embedding", "test_auc"):
        assert expected in result.output
    assert history.read_text().startswith("step,examples_seen,train_logloss")
