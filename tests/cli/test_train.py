"""``recscale train`` for the CTR models: what it prints, and one sentence for every mistake."""

import pytest
from typer.testing import CliRunner

from recscale.cli.train import MODELS, app, configure
from recscale.models import CTR_MODELS


def test_every_model_has_its_command():
    assert set(MODELS) == set(CTR_MODELS)


def test_settings_are_taken_over():
    config = configure("wukong", ["l=3", "head=[32, 16]", "fm=attentive", "dropout=0", "lcb=false"])
    assert (config.l, config.head, config.fm, config.dropout, config.lcb) == (3, (32, 16), "attentive", 0, False)
    assert configure("dcnv2", ["rank=8"]).rank == 8


@pytest.mark.parametrize(
    ("setting", "message"),
    [("layers=3", "one of the names l, n_F"), ("l", "takes name=value"), ("l=three", "l of wukong must be like 2")],
)
def test_wrong_settings_are_named(setting, message):
    with pytest.raises(ValueError, match=message):
        configure("wukong", [setting])


def test_a_run_reports_sizes_and_metrics(tmp_path):
    history = tmp_path / "history.csv"
    options = ["--dataset", "synthetic-ctr", "--batch-size", "4000", "--set", "top=[8]", "--history", str(history)]
    result = CliRunner().invoke(app, ["dlrm", *options])
    assert result.exit_code == 0, result.output
    for expected in ("dlrm on synthetic-ctr, random split", "2,560 embedding", "test_auc"):
        assert expected in result.output
    assert history.read_text().startswith("step,examples_seen,train_logloss")
