"""The ``train sasrec|hstu|llama`` commands on a synthetic chain."""

import pytest
from typer.testing import CliRunner

from recscale.cli.train import SEQUENTIAL_HELP, train_app
from recscale.models.sequential import SEQUENTIAL_MODELS

SMALL = ["--dataset", "synthetic-markov", "--width", "8", "--layers", "1", "--epochs", "1", "--max-length", "10"]


def test_every_model_has_a_command():
    assert set(SEQUENTIAL_HELP) == set(SEQUENTIAL_MODELS)


@pytest.mark.parametrize("model", sorted(SEQUENTIAL_MODELS))
def test_trains_and_prints_its_metrics(model):
    result = CliRunner().invoke(train_app, [model, *SMALL], catch_exceptions=False)
    assert result.exit_code == 0
    assert "test_ndcg@10" in result.output
    assert "parameters" in result.output


def test_wrong_settings_reach_the_reader_as_one_sentence():
    with pytest.raises(ValueError, match="loss is 'hinge'; it must be one of softmax"):
        CliRunner().invoke(train_app, ["sasrec", *SMALL, "--loss", "hinge"], catch_exceptions=False)
    with pytest.raises(ValueError, match="at least 1"):
        CliRunner().invoke(train_app, ["sasrec", *SMALL, "--width", "0"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--device", "cuda:77"], "device is 'cuda:77'"),
        (["--seed", "-1"], "seed is -1"),
        (["--dropout", "1"], "dropout"),
    ],
)
def test_mistakes_are_found_before_the_data_are_read(options, message):
    with pytest.raises(ValueError, match=message):
        CliRunner().invoke(train_app, ["sasrec", "--dataset", "absent", *options], catch_exceptions=False)


def test_a_model_below_popularity_is_told_so():
    untrained = (
        CliRunner().invoke(train_app, ["sasrec", *SMALL, "--learning-rate", "1e-12"], catch_exceptions=False).output
    )
    assert "Ranking by popularity is better: its test_ndcg@10 is 0." in untrained
    options = [*SMALL, "--epochs", "8", "--width", "16", "--learning-rate", "1e-2", "--batch-tokens", "512"]
    trained = CliRunner().invoke(train_app, ["sasrec", *options], catch_exceptions=False).output
    assert "popularity is better" not in trained
    assert "not healthy" not in trained
