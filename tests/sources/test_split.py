"""The split: fixed limits, clusters on one side, no side without a class."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eyespot.sources._split import TEST, TRAIN, UNDECIDED, VALIDATION, Links, Shares, divide, link, spread

NO_PAIRS = np.empty((0, 2), np.int64)
keys_of = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=60, unique=True)


def by_key(keys: list[int], labels: list[int] | None = None, shares: Shares | None = None) -> np.ndarray:
    """Sides of images without pairs, groups or a past."""
    array = np.array(keys, np.uint64)
    numbers = np.array(labels or [0] * len(keys), np.int64)
    links = Links(images=len(keys), keys=array, pairs=NO_PAIRS)
    return divide(links, numbers, shares or Shares(), np.full(len(keys), UNDECIDED))


def test_the_shares_are_what_is_said() -> None:
    keys = np.random.default_rng(0).integers(0, 2**64, 20_000, dtype=np.uint64)
    counts = np.bincount(by_key(keys.tolist())) / len(keys)
    np.testing.assert_allclose(counts, [0.65, 0.15, 0.20], atol=0.01)
    counts = np.bincount(by_key(keys.tolist(), shares=Shares(test=0.0)), minlength=3) / len(keys)
    np.testing.assert_allclose(counts, [0.85, 0.15, 0], atol=0.01)


def test_spread_is_even_also_for_keys_that_are_not() -> None:
    place = spread(np.arange(100_000, dtype=np.uint64))
    assert place.min() >= 0 and place.max() < 1
    np.testing.assert_allclose(np.histogram(place, 10, (0, 1))[0], 10_000, rtol=0.05)


def test_two_purposes_cut_independently() -> None:
    keys = np.arange(100_000, dtype=np.uint64)
    assert abs(np.corrcoef(spread(keys), spread(keys, purpose=1))[0, 1]) < 0.01


@given(keys=keys_of, data=st.data())
@settings(max_examples=60, deadline=None)
def test_adding_images_moves_no_old_one(keys: list[int], data: st.DataObject) -> None:
    """Where each side has enough of the class by chance already, nothing remembers, and yet nothing moves."""
    keys = [*keys, *range(200, 240)]
    keys = list(dict.fromkeys(keys))
    old = data.draw(st.integers(40, len(keys)))
    before, after = by_key(keys[-old:]), by_key(keys)
    np.testing.assert_array_equal(before, after[-old:])


@given(keys=keys_of, seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_images_does_not_matter(keys: list[int], seed: int) -> None:
    labels = [key % 3 for key in keys]
    order = np.random.default_rng(seed).permutation(len(keys)).tolist()
    shuffled = by_key([keys[each] for each in order], [labels[each] for each in order])
    np.testing.assert_array_equal(by_key(keys, labels)[order], shuffled)


@given(
    keys=keys_of,
    pairs=st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59)), max_size=40),
    groups=st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=60, max_size=60),
)
@settings(max_examples=80, deadline=None)
def test_linked_images_lie_on_one_side(keys: list[int], pairs: list[tuple[int, int]], groups: list[str]) -> None:
    count = len(keys)
    inside = np.array([pair for pair in pairs if max(pair) < count], np.int64).reshape(-1, 2)
    named = groups[:count]
    links = link(np.array(keys, np.uint64), inside, named)
    sides = divide(links, np.array([key % 2 for key in keys]), Shares(), np.full(count, UNDECIDED))
    assert all(sides[one] == sides[two] for one, two in inside.tolist())
    for name in {"a", "b", "c"}:
        assert len({side for side, group in zip(sides.tolist(), named, strict=True) if group == name}) <= 1


def test_a_group_goes_by_its_name_whatever_its_images() -> None:
    names = [f"person {number}" for number in range(30)]
    sides = []
    for seed in range(3):
        keys = np.random.default_rng(seed).integers(0, 2**64, 120, dtype=np.uint64)
        links = link(keys, NO_PAIRS, names * 4)
        sides.append(divide(links, np.zeros(120, int), Shares(), np.full(120, UNDECIDED)))
    assert (sides[0] == sides[1]).all() and (sides[1] == sides[2]).all()


@given(counts=st.lists(st.integers(4, 12), min_size=1, max_size=6), seed=st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_a_class_of_four_has_two_to_train_on_and_one_on_each_other_side(counts: list[int], seed: int) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    keys = np.random.default_rng(seed).integers(0, 2**64, len(labels), dtype=np.uint64)
    sides = by_key(keys.tolist(), labels.tolist())
    for label in range(len(counts)):
        held = np.bincount(sides[labels == label], minlength=3)
        assert held[TRAIN] >= 2 and held[VALIDATION] >= 1 and held[TEST] >= 1


@pytest.mark.parametrize(("count", "expected"), [(1, [1, 0, 0]), (2, [2, 0, 0]), (3, [2, 0, 1])])
def test_the_smallest_classes_are_trained_on_first_and_tested_second(count: int, expected: list[int]) -> None:
    for seed in range(20):
        keys = np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)
        held = np.bincount(by_key(keys.tolist()), minlength=3)
        assert held[TRAIN] >= min(count, 2) and (count < 3 or held[TRAIN] == 3 - held[[VALIDATION, TEST]].sum())
        if count < 3:
            assert held.tolist() == expected


def test_a_cluster_larger_than_a_part_is_trained_on() -> None:
    count = 100
    film = np.stack([np.arange(60), np.arange(1, 61)], axis=1)
    for seed in range(10):
        keys = np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)
        sides = divide(link(keys, film, [""] * count), np.zeros(count, int), Shares(), np.full(count, UNDECIDED))
        assert set(sides[:61]) == {TRAIN}


@given(keys=keys_of, seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_what_was_decided_earlier_stays(keys: list[int], seed: int) -> None:
    earlier = np.random.default_rng(seed).integers(-1, 3, len(keys))
    links = Links(images=len(keys), keys=np.array(keys, np.uint64), pairs=NO_PAIRS)
    sides = divide(links, np.zeros(len(keys), int), Shares(), earlier)
    np.testing.assert_array_equal(sides[earlier >= 0], earlier[earlier >= 0])


def test_nothing_is_divided_into_nothing() -> None:
    assert len(by_key([])) == 0
