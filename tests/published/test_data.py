import pytest

from recscale import published


def test_the_printed_ablation_is_reached():
    table = published.ablation().set_index(["quantity", "data_term"])["recomputed"]
    assert table["HR", "tokens × S′"] == pytest.approx(0.9913, abs=5e-5)
    assert table["NDCG", "tokens × S′"] == pytest.approx(0.9906, abs=5e-5)
    assert table["loss", "tokens × S′"] == pytest.approx(0.9881, abs=5e-5)
    assert table["loss", "tokens"] == pytest.approx(0.8776, abs=1e-4)


def test_without_industrial_tokens_alone_do_worse():
    table = published.ablation().set_index(["quantity", "data_term"])["without_industrial"]
    assert table["HR", "tokens × S′"] == pytest.approx(0.9897, abs=5e-5)
    assert table["HR", "tokens"] == pytest.approx(0.7135, abs=5e-5)


def test_leverages_sum_to_the_parameters():
    table = published.leverage()
    assert table["inverse_quality"].sum() == pytest.approx(2)
    industrial = table[table["dataset"] == "industrial"]
    assert (industrial["inverse_quality"] > 0.2).all()


def test_the_eight_loss_curves_agree_within_three_thousandths():
    table = published.loss_curves()
    assert len(table) == 8
    assert (table["r2_recomputed"] - table["r2_printed"]).abs().max() < 0.003
    assert (table["r2_refit"] >= table["r2_recomputed"] - 1e-12).all()


@pytest.mark.slow
def test_one_law_for_all_settings_explains_little_of_what_ten_panels_do():
    fit = published.joint_law("HR@10")
    assert fit.n_points == 224
    assert 0.4 < fit.r2 < 0.8


def test_every_cell_of_a_metric_has_the_data_term_of_its_setting():
    terms, points = published.printed_data_terms(), published.joint_points("NDCG@10")
    assert len(points) == 224
    assert set(points["data"]) == set(terms["tokens"] * terms["inverse_real_entropy"])
