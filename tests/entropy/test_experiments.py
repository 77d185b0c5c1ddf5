"""The experiments' own findings, small: what the data quality chapter says must come out of them."""

import numpy as np
import pandas as pd
import pytest

from recscale.entropy import experiments
from recscale.entropy.markov import Chain
from recscale.settings import DATA


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return pd.read_csv(DATA / "published" / "performance_law_datasets.csv")


def test_apen_turns_over_where_windows_stop_recurring():
    size = experiments.Simulation(users=400, lengths=(50, 1000), points=17, renamings=1)
    for m in (1, 2):
        table = experiments.finite_size_bias(m, size, seed=0)
        for n, rows in table.groupby("length"):
            peak = rows.loc[rows["ApEn"].idxmax(), "alphabet"]
            assert 0.5 < peak / n ** (1 / (m + 1)) < 2
            assert rows["S_real"].is_monotonic_increasing or rows["S_real"].diff().min() > -0.1
            assert (rows["S_real"] < np.log(n)).all()


def test_users_are_described_one_by_one():
    items, offsets = np.array([7, 8, 9, 7, 7, 5, 5, 1, 2, 3, 4]), np.array([0, 5, 7, 11])
    table = experiments.per_user(items, offsets, m=2)
    assert table["user"].tolist() == [0, 2]  # two items are too few for m = 2
    assert table["length"].tolist() == [5, 4]
    assert table["repeats"].tolist() == [2, 0]
    assert table["ApEn"].iloc[1] == pytest.approx(np.log(3 / 2))
    assert table["by_length"].tolist() == pytest.approx([np.log(4 / 3), np.log(3 / 2)])


def test_repetition_lowers_every_asymptotic_entropy_and_raises_apen_of_short_sequences():
    items, offsets = Chain.noisy_cycle(1000, 1.0).sample(60, 60, seed=0)
    table = experiments.duplication(items, offsets, 1, (0.0, 0.4), seed=0).pivot(
        index="entropy", columns="share", values="value"
    )
    risen = table[0.4] > table[0.0]
    assert risen["ApEn, mean of users"]
    assert not risen.drop(["ApEn, mean of users"]).any()


def test_the_paper_s_ablation_is_reached_and_turns_round_with_the_right_tokens(published):
    printed = experiments.ablation(published, published["tokens"])
    assert printed.loc[["HR", "NDCG", "loss"], "1/(tokens · S′)"].round(4).tolist() == [0.9913, 0.9906, 0.9881]
    assert printed.loc[["HR", "loss"], "1/tokens"].round(4).tolist() == [0.8160, 0.8776]
    right = experiments.ablation(published, experiments.exchanged(published, "ml-1m", "kuairand-pure"))
    assert (right["1/tokens"] > right["1/(tokens · S′)"] + 0.05).all()


def test_exchanging_tokens_moves_nothing_else(published):
    shuffled = published.sample(frac=1, random_state=0)
    tokens = experiments.exchanged(shuffled, "ml-1m", "kuairand-pure")
    moved = shuffled.assign(tokens=tokens).set_index(["dataset", "max_length"])["tokens"]
    assert moved["ml-1m"].sort_index().tolist() == [447_407, 570_537, 661_028]
    assert moved["kuairand-pure"].sort_index().tolist() == [505_108, 802_493, 1_058_511]
    rest = shuffled["dataset"].isin(["industrial", "amazon-books"])
    assert (tokens == shuffled["tokens"])[rest].all()
    with pytest.raises(ValueError, match="equally many rows"):
        experiments.exchanged(published, "ml-1m", "industrial")


def test_the_committed_table_holds_the_counts_printed_for_another_data_set(published):
    stored = pd.read_csv(DATA / "results" / "data-quality.csv")
    ours = stored.query("dataset == 'movielens-1m' and name == 'real-concatenated' and max_length >= 100")
    printed = published[published["dataset"] == "kuairand-pure"]
    assert sorted(ours["tokens"]) == sorted(printed["tokens"])
