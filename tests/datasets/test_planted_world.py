"""The planted world: exact orthonormality, its streams, and simulated losses beside the derived ones."""

from itertools import product

import numpy as np
import pytest
from scipy.special import expit

from recscale.analysis.planted_world import mean_excess, posterior_mode
from recscale.datasets import load_ctr
from recscale.datasets.cards import find_card
from recscale.datasets.planted_world import BLOCK, HELD_OUT, PLANTED, PlantedWorld, walsh_functions


def local_exponents(x, y):
    return -np.diff(np.log(y)) / np.diff(np.log(x))


def test_walsh_functions_are_balanced_and_orthogonal():
    walsh = walsh_functions(16)
    np.testing.assert_array_equal(walsh @ walsh.T, 16 * np.eye(16))
    np.testing.assert_array_equal(walsh[0], 1)
    np.testing.assert_array_equal(walsh[1:].sum(axis=1), 0)


@pytest.mark.parametrize("values", [4, 16])
@pytest.mark.parametrize("orders", [(2,), (3,), (1, 2, 3)])
def test_interactions_are_exactly_orthonormal_over_all_impressions(orders, values):
    world = PlantedWorld(n_fields=3, values=values, interactions=27, orders=orders, seed=3)
    everything = np.array(list(product(range(values), repeat=3)))
    functions = world.functions(everything)
    np.testing.assert_array_equal(functions.T @ functions, len(everything) * np.eye(27))
    np.testing.assert_array_equal(functions.sum(axis=0), 0)
    np.testing.assert_allclose(world.logits(everything), functions @ world.strengths, atol=1e-12)
    assert np.var(world.logits(everything)) == pytest.approx(world.deviation**2)
    read = (world.masks > 0).sum(axis=1)
    assert {order: (read == order).sum() for order in orders} == dict.fromkeys(orders, 27 // len(orders))


@pytest.mark.parametrize(("orders", "interactions"), [((2,), 120), ((3,), 80), ((2, 3, 4), 78)])
def test_no_feature_comes_twice_before_all_have_come(orders, interactions):
    masks = PlantedWorld(interactions=interactions, orders=orders).masks
    features = [(field, mask) for row in masks for field, mask in enumerate(row) if mask]
    assert len(features) == len(set(features)) == sum(np.resize(orders, interactions))


def test_pairs_are_a_bilinear_form_whose_singular_values_are_the_strengths():
    world = PlantedWorld(n_fields=4, interactions=30)
    form = np.zeros((4 * 16, 4 * 16))
    for strength, mask in zip(world.strengths, world.masks, strict=True):
        (first, second) = np.flatnonzero(mask)
        form[16 * first + mask[first], 16 * second + mask[second]] = strength
    np.testing.assert_allclose(np.linalg.svd(form, compute_uv=False)[:30], np.abs(world.strengths))


def test_a_product_of_two_linear_forms_holds_two_interactions():
    world = PlantedWorld()
    values, _ = world.rows("test", 200)

    def square(index, sign):
        """``sign`` (|s|/2) (φ_a ± φ_b)², less its constant, is s φ_a φ_b; the linear form under the square."""
        strength, mask = world.strengths[index], world.masks[index]
        first, second = (walsh_functions(16)[mask[field], values[:, field]] for field in np.flatnonzero(mask))
        return np.sqrt(abs(strength) / 2) * (first + sign * np.sign(strength) * second)

    plus, minus = square(0, 1), square(1, -1)
    product = (plus + minus) * (plus - minus)
    held = world.functions(values)[:, :2] @ world.strengths[:2]
    np.testing.assert_allclose(product - product.mean(), held - held.mean(), atol=1e-12)


def test_a_round_of_the_strongest_takes_one_feature_of_every_field():
    masks = PlantedWorld(n_fields=6, interactions=45).masks
    for rounds in range(1, 16):
        assert (np.count_nonzero(masks[: 3 * rounds], axis=0) == rounds).all()


def test_more_interactions_than_features_are_still_distinct():
    world = PlantedWorld(n_fields=2, interactions=225)
    assert len(np.unique(world.masks, axis=0)) == 225
    with pytest.raises(ValueError, match="interactions must be from 1 to 225; got 226"):
        PlantedWorld(n_fields=2, interactions=226)


def test_settings_are_checked():
    with pytest.raises(ValueError, match=r"orders must be from 1 to 4 and at most n_fields, 16; got \(2, 5\)"):
        PlantedWorld(orders=(2, 5))
    with pytest.raises(ValueError, match=r"at most n_fields, 2; got \(3,\)"):
        PlantedWorld(n_fields=2, orders=(3,))
    with pytest.raises(ValueError, match="values must be 2, 4, 8 or 16; got 6"):
        PlantedWorld(values=6)
    with pytest.raises(ValueError, match="decay and deviation must be above 0; got 0 and 2"):
        PlantedWorld(decay=0)
    with pytest.raises(ValueError, match="part must be one of train, valid, test; got 'dev'"):
        PlantedWorld().rows("dev", 10)


def test_rows_are_the_same_however_a_stream_is_cut():
    world = PlantedWorld(n_fields=4, interactions=10)
    values, labels = world.rows("train", 2 * BLOCK + 10)
    again = [world.rows("train", count, start) for start, count in ((0, 7), (7, BLOCK), (BLOCK + 7, BLOCK + 3))]
    np.testing.assert_array_equal(np.concatenate([part for part, _ in again]), values)
    np.testing.assert_array_equal(np.concatenate([part for _, part in again]), labels)
    other = PlantedWorld(n_fields=4, interactions=10, seed=1).rows("train", 1000)[0]
    different = [world.rows("test", 1000)[0], world.rows("valid", 1000)[0], values[1000:2000], other]
    for rows in different:
        assert np.mean(rows == values[:1000]) == pytest.approx(1 / 16, abs=0.02)


def test_labels_are_drawn_in_training_and_probabilities_elsewhere():
    world = PlantedWorld(n_fields=4, interactions=10)
    values, labels = world.rows("train", 100_000)
    p = expit(world.logits(values))
    assert set(np.unique(labels)) == {0, 1}
    high = p > 0.8
    assert labels[high].mean() == pytest.approx(p[high].mean(), abs=0.01)
    for part in ("valid", "test"):
        values, labels = world.rows(part, 1000)
        np.testing.assert_allclose(labels, expit(world.logits(values)), rtol=1e-6)


def test_the_data_are_one_official_split_of_nested_rows():
    world = PlantedWorld(n_fields=4, interactions=10)
    small, large = world.data(1000).split("official"), world.data(3000).split("official")
    assert [len(part) for part in (large.train, large.valid, large.test)] == [3000, HELD_OUT, HELD_OUT]
    np.testing.assert_array_equal(small.train.labels, large.train.labels[:1000])
    np.testing.assert_array_equal(small.test.ids["field_3"], large.test.ids["field_3"])
    assert world.checksum(1000) == small.train.checksum != large.train.checksum


def test_a_truncated_model_loses_what_was_derived():
    world = PlantedWorld()
    values, p = world.rows("test", HELD_OUT)
    functions = world.functions(values)
    held = np.array([2, 4, 8, 16, 32, 64])
    simulated = np.array([mean_excess(p, functions[:, :n] @ world.strengths[:n]) for n in held])
    derived = np.array([world.excess(n) for n in held.tolist()])
    np.testing.assert_allclose(simulated, derived, rtol=0.03)
    np.testing.assert_allclose(local_exponents(held, simulated), local_exponents(held, derived), atol=0.04)
    assert world.excess(world.interactions) == 0
    assert mean_excess(p, world.logits(values)) == pytest.approx(0, abs=1e-9)


def test_the_ideal_learner_loses_what_was_derived():
    world = PlantedWorld(decay=0.5, deviation=1.5)
    values, p = world.rows("test", 2**14)
    functions = world.functions(values)
    rows = [250, 500, 1000, 2000]
    simulated = []
    for count in rows:
        losses = []
        for start in range(0, 8000, count):
            seen, labels = world.rows("train", count, start)
            fitted = posterior_mode(world.functions(seen), labels, world.strengths**2)
            losses.append(mean_excess(p, functions @ fitted))
        simulated.append(np.mean(losses))
    derived = [world.excess(rows=count) for count in rows]
    np.testing.assert_allclose(simulated, derived, rtol=0.12)
    slope = -np.polyfit(np.log(rows), np.log(simulated), 1)[0]
    assert slope == pytest.approx(-np.polyfit(np.log(rows), np.log(derived), 1)[0], abs=0.06)


@pytest.mark.parametrize("decay", [0.5, 1.0])
def test_the_sums_follow_the_derived_powers_between_their_ends(decay):
    world = PlantedWorld(interactions=3000, decay=decay)
    assert (world.size_exponent, world.data_exponent) == (decay, decay / (1 + decay))
    c_squared, information = world.strengths[0] ** 2, world.information
    held = 30
    tail = information * c_squared / (2 * decay) * (held**-decay - 3000**-decay)
    assert world.excess(held) == pytest.approx(tail, rel=0.03)
    theta, rows = np.pi / (1 + decay), 2000
    power = theta / np.sin(theta) / 2 * (c_squared * information * rows) ** (1 / (1 + decay)) / rows
    assert world.excess(rows=rows) == pytest.approx(power, rel=0.15)
    slope = local_exponents([1000, 4000], [world.excess(rows=1000), world.excess(rows=4000)])
    assert slope == pytest.approx(world.data_exponent, abs=0.05)
    found = local_exponents([1e5, 4e5], [world.excess_found(1e5, 100), world.excess_found(4e5, 100)])
    assert found == pytest.approx(world.data_exponent, abs=0.05)


def test_both_limits_meet():
    world = PlantedWorld(n_fields=4, interactions=10)
    assert world.excess(4, 1e12) == pytest.approx(world.excess(4), rel=1e-6)
    assert world.excess(10, 500) == world.excess(rows=500) < world.excess(5, 500)
    assert world.excess(rows=1e9) == pytest.approx(10 / 2e9, rel=1e-3)
    assert world.excess_found(1.0, 1e9) == pytest.approx(world.excess(0))


def test_what_a_model_of_low_order_misses():
    world, _ = PLANTED["synthetic-world-orders"]
    assert world.order[:6].tolist() == [2, 3, 4, 2, 3, 4]
    missed = world.information / 2 * (world.strengths[world.order > 2] ** 2).sum()
    assert world.excess(world.order <= 2) == pytest.approx(missed)
    assert world.excess(world.order <= 4) == 0
    assert world.excess(np.arange(world.interactions) < 7, 1e4) == world.excess(7, 1e4)


def test_the_named_ones_load_and_their_checksum_needs_no_rows():
    world, rows = PLANTED["synthetic-world"]
    data, card = load_ctr("synthetic-world"), find_card("synthetic-world").ctr
    assert len(data) == rows + 2 * HELD_OUT == card.rows
    assert [field.name for field in data.fields] == list(card.categorical)
    assert data.checksum == world.checksum(rows)
