"""What was decided before is remembered, and new images fit in or are left out."""

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from eyespot.sources._split import TEST, TRAIN, UNDECIDED, VALIDATION, Shares, divide, link
from eyespot.sources._split_record import read_split_record, reconcile, split_record_file, write_split_record

N = UNDECIDED


def pairs_of(*pairs: tuple[int, int]) -> np.ndarray:
    return np.array(pairs, np.int64).reshape(-1, 2)


def reconciled(earlier: list[int], pairs: np.ndarray, groups: list[str] | None = None) -> tuple[list[int], list[bool]]:
    """Images whose keys are 10, 11, 12, ... in their order."""
    keys = np.arange(10, 10 + len(earlier), dtype=np.uint64)
    sides, out = reconcile(link(keys, pairs, groups or [""] * len(earlier)), keys, np.array(earlier))
    return sides.tolist(), out.tolist()


def test_a_new_image_that_resembles_two_parts_is_left_out() -> None:
    sides, out = reconciled([TRAIN, TEST, N], pairs_of((0, 2), (1, 2)))
    assert sides == [TRAIN, TEST, N] and out == [False, False, True]


def test_a_new_image_that_resembles_one_part_is_not_left_out() -> None:
    assert reconciled([TRAIN, TEST, N], pairs_of((1, 2)))[1] == [False, False, False]


def test_only_one_image_of_a_chain_between_two_parts_is_left_out() -> None:
    sides, out = reconciled([TRAIN, TEST, N, N, N], pairs_of((0, 2), (2, 3), (3, 4), (4, 1)))
    assert sum(out) == 1
    kept = [number for number in range(5) if not out[number]]
    for one, two in ((0, 2), (2, 3), (3, 4), (4, 1)):
        if one in kept and two in kept:
            assert sides[one] == sides[two]


def test_a_new_image_of_an_old_group_stays_with_it_or_is_left_out() -> None:
    out = reconciled([TRAIN, TEST, N, N], pairs_of((1, 2)), ["ann", "bob", "ann", "bob"])[1]
    assert out == [False, False, True, False]


def test_a_new_group_does_not_straddle_two_parts() -> None:
    sides, out = reconciled([TRAIN, TEST, N, N, N], pairs_of((0, 2), (1, 3)), ["", "", "new", "new", "new"])
    assert out.count(True) == 1
    assert len({sides[number] for number in (2, 3, 4) if not out[number]} - {N}) == 1


def test_old_images_that_turn_out_to_be_one_group_go_where_the_smallest_key_lies() -> None:
    assert reconciled([VALIDATION, TEST, TRAIN], pairs_of(), ["ann", "ann", ""])[0] == [VALIDATION, VALIDATION, TRAIN]


@given(
    earlier=st.lists(st.integers(-1, 2), min_size=2, max_size=30),
    pairs=st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=30),
    groups=st.lists(st.sampled_from(["", "", "a", "b"]), min_size=30, max_size=30),
)
@settings(max_examples=150, deadline=None)
def test_linked_images_always_end_on_one_side(
    earlier: list[int], pairs: list[tuple[int, int]], groups: list[str]
) -> None:
    count = len(earlier)
    inside = pairs_of(*[pair for pair in pairs if max(pair) < count])
    keys = np.random.default_rng(count).integers(0, 2**64, count, dtype=np.uint64)
    links = link(keys, inside, groups[:count])
    calibrated, out = reconcile(links, keys, np.array(earlier))
    kept = np.flatnonzero(~out)
    sides = np.full(count, UNDECIDED)
    sides[kept] = divide(links.only(kept), np.zeros(len(kept), int), Shares(), calibrated[kept])
    assert not out[np.array(earlier) >= 0].any(), "an old image is never left out"
    assert (sides[kept] >= 0).all()
    assert all(sides[one] == sides[two] for one, two in inside.tolist() if not (out[one] or out[two]))
    for name in ("a", "b"):
        members = [number for number in kept.tolist() if groups[number] == name]
        assert len(set(sides[members].tolist())) <= 1


def test_what_is_written_is_read_and_what_is_gone_is_not_forgotten(tmp_path: Path) -> None:
    file = split_record_file(tmp_path, Shares())
    write_split_record(file, np.array([5, 3, 9], np.uint64), np.array([0, 1, 2]))
    write_split_record(file, np.array([7, 3], np.uint64), np.array([2, 1]))
    assert read_split_record(file, np.array([3, 5, 7, 8, 9], np.uint64)).tolist() == [1, 0, 2, N, 2]


def test_without_a_ledger_everything_is_new(tmp_path: Path) -> None:
    assert read_split_record(None, np.array([1, 2], np.uint64)).tolist() == [N, N]
    assert read_split_record(tmp_path / "nowhere.npz", np.array([1], np.uint64)).tolist() == [N]


def test_a_damaged_ledger_counts_as_none(tmp_path: Path) -> None:
    file = split_record_file(tmp_path, Shares())
    write_split_record(file, np.array([5], np.uint64), np.array([0]))
    file.write_bytes(file.read_bytes()[:40])
    assert read_split_record(file, np.array([5], np.uint64)).tolist() == [N]
    write_split_record(file, np.array([5], np.uint64), np.array([2]))
    assert read_split_record(file, np.array([5], np.uint64)).tolist() == [TEST]


def test_each_source_and_each_way_to_divide_has_its_own_ledger(tmp_path: Path) -> None:
    files = {
        split_record_file(place, shares)
        for place in (tmp_path, tmp_path / "x")
        for shares in (Shares(), Shares(test=0))
    }
    assert len(files) == 4
