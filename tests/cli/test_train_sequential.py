"""The ``train sasrec|hstu|llama`` commands on a synthetic chain."""

import pytest
import typer
from typer.testing import CliRunner

from recscale.cli import train_sequential
from recscale.models.sequential import SEQUENTIAL_MODELS

SMALL = ["--dataset", "synthetic-markov", "--width", "8", "--layers", "1", "--epochs", "1", "--max-length", "10"]


@pytest.fixture
def app():
    app = typer.Typer()
    train_sequential.mount(app)
    return app


def test_every_model_has_a_command():
    assert set(train_sequential.MODELS) == set(SEQUENTIAL_MODELS)


@pytest.mark.parametrize("model", sorted(SEQUENTIAL_MODELS))
def test_trains_and_prints_its_metrics(app, model):
    result = CliRunner().invoke(app, [model, *SMALL], catch_exceptions=False)
    assert result.exit_code == 0
    assert "test_ndcg@10" in result.output
    assert "parameters" in result.output


def test_wrong_settings_reach_the_reader_as_one_sentence(app):
    with pytest.raises(ValueError, match="unknown loss 'hinge'; allowed are"):
        CliRunner().invoke(app, ["sasrec", *SMALL, "--loss", "hinge"], catch_exceptions=False)
    with pytest.raises(ValueError, match="at least 1"):
        CliRunner().invoke(app, ["sasrec", *SMALL, "--width", "0"], catch_exceptions=False)
