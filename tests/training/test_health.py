"""The training-health check: what it flags, and what it must not."""

import numpy as np
import pytest
import torch

from recscale.datasets import synthetic
from recscale.models.sasrec import SASRecConfig
from recscale.training.health import HEALTH, collapsed, health
from recscale.training.sequential import SequentialTraining, evaluate_model, train_sequential
from recscale.training.sequential_batches import split_sequences

LENGTH = 20


@pytest.fixture(scope="module")
def parts():
    return split_sequences(synthetic.markov_sequences(200, 25, 60, seed=0)[0], "leave-one-out")


@pytest.fixture(scope="module")
def learnt(parts):
    training = SequentialTraining(
        max_length=LENGTH, loss="softmax", epochs=8, batch_tokens=512, learning_rate=1e-2, warmup_steps=5
    )
    return train_sequential(SASRecConfig(width=16, layers=1), training, parts.data, seed=0, device="cpu").model.eval()


def check(model, parts):
    valid = evaluate_model(model, parts.data, parts.valid, LENGTH)
    return valid | health(model, parts, valid["ndcg@10"], LENGTH)


def test_the_rule_needs_both_a_lead_over_popularity_and_differences_between_users():
    lead, share = [0.2, 0.105, 0.2, 0.2, np.nan], [0.5, 0.5, 0.01, np.nan, 0.5]
    assert collapsed(lead, [0.1] * 5, share).tolist() == [False, True, True, True, True]
    assert not collapsed(0.2, 0.1, 0.5)


def test_a_model_that_learned_is_healthy(learnt, parts):
    found = check(learnt, parts)
    assert set(HEALTH) <= set(found)
    assert found["collapsed"] == 0
    assert found["loss"] < found["unigram_loss"] <= np.log(60) + 0.1
    assert found["personal_share"] > 0.5


@pytest.mark.usefixtures("unchecked")
def test_one_ranking_for_everybody_is_collapse(learnt, parts):
    class Same(torch.nn.Module):
        items = learnt.items

        def forward(self, histories):
            return torch.ones_like(learnt(histories))

        scores = staticmethod(learnt.scores)

    found = check(Same(), parts)
    assert found["personal_share"] < 1e-6
    assert found["collapsed"] == 1


def test_too_sure_of_a_good_ranking_is_no_collapse(learnt, parts, monkeypatch):
    before, scores = check(learnt, parts), learnt.scores
    monkeypatch.setattr(learnt, "scores", lambda hidden: 50 * scores(hidden))
    after = check(learnt, parts)
    assert after["loss"] > after["unigram_loss"], "its likelihood is worse than that of the frequencies"
    assert after["ndcg@10"] == pytest.approx(before["ndcg@10"])
    assert after["collapsed"] == 0
