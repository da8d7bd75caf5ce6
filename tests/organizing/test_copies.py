"""Copies: the same file, altered copies in every position, bursts, and groups without chains."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from eyespot.organizing import organize
from eyespot.organizing._copies import Pair, _invariant, are_copies, find_groups, find_pairs, gradients, positions
from eyespot.organizing._cropped import correlate_crops
from eyespot.organizing._index import Photos

from .photos import scene


def photos(
    thumbnails: np.ndarray, embedded: bool = False, similar: list[float] | None = None, **columns: list
) -> Photos:
    """Photos of given thumbnails; with equal embeddings if `embedded`, or with `similar` cosines to (1, 0)."""
    count = len(thumbnails)
    fixed = {"height": 10, "width": 10, "size": 1, "sharpness": 1.0, "taken": None, "camera": ""}
    rows = [
        {**fixed, "path": f"{place}.jpg", "content": b"%d" % place, **{name: columns[name][place] for name in columns}}
        for place in range(count)
    ]
    embeddings = np.ones((count, 1 if embedded else 0), np.float16)
    if similar is not None:
        embeddings = np.array([(cosine, (1 - cosine**2) ** 0.5) for cosine in similar], np.float16)
    colors = np.zeros((count, 16, 16, 3), np.uint8)
    return Photos(rows=rows, thumbnails=thumbnails, colors=colors, embeddings=embeddings)


def gray(seed: int) -> np.ndarray:
    return scene(seed, 64, 64)[..., 0]


TURNED = {
    "as it is": lambda pixels: pixels,
    "mirrored": lambda pixels: pixels[:, ::-1],
    "mirrored top to bottom": lambda pixels: pixels[::-1],
    "turned by 180 degrees": lambda pixels: pixels[::-1, ::-1],
    "turned by 90 degrees": lambda pixels: np.rot90(pixels),
    "turned by 90 degrees and mirrored": lambda pixels: np.rot90(pixels)[:, ::-1],
}


@pytest.mark.parametrize("position", TURNED)
def test_a_turned_and_darkened_copy_is_found_and_its_position_named(position):
    darker = (TURNED[position](gray(0)) * 0.6 + 10).astype(np.uint8)
    (pair,) = find_pairs(photos(np.stack([gray(0), darker, gray(1)])))
    assert (pair.first, pair.second, pair.kind) == (0, 1, "altered")
    assert pair.similarity > 0.99
    assert f", {position}, both 10x10" in pair.evidence


def test_photos_that_show_nothing_are_no_copies():
    assert find_pairs(photos(np.full((2, 64, 64), 90, np.uint8))) == []


@given(st.integers(0, 1000), st.integers(0, 7))
def test_the_invariant_numbers_bound_the_correlation_of_every_position(seed, position):
    one, two = gradients(np.stack([gray(seed), gray(seed + 1)]))
    correlations = (positions(one[None])[0] * two).sum(axis=(1, 2))
    bound = float(_invariant(one[None])[0] @ _invariant(two[None])[0])
    assert correlations.max() <= bound + 1e-5
    turned = positions(one[None])[0, position]
    assert np.allclose(_invariant(turned[None]), _invariant(one[None]))


def test_the_same_file_is_an_exact_copy_and_nothing_else():
    found = find_pairs(photos(np.stack([gray(0), gray(0)]), content=[b"same", b"same"]))
    assert [(pair.kind, pair.evidence) for pair in found] == [("exact", "same bytes")]


def burst(**columns: list) -> list[str]:
    return [pair.kind for pair in find_pairs(photos(np.stack([gray(0), gray(1)]), True, **columns))]


def test_shots_within_seconds_of_one_camera_that_show_the_same_are_a_burst():
    assert burst(taken=[100.0, 104.0], camera=["X", "X"]) == ["burst"]
    assert burst(taken=[100.0, 104.0], camera=["X", "Y"]) == []
    assert burst(taken=[100.0, 200.0], camera=["X", "X"]) == []
    assert burst(taken=[100.0, None], camera=["X", "X"]) == []


def pair(first: int, second: int) -> Pair:
    return Pair(first=first, second=second, kind="altered", similarity=0.9, evidence="")


def test_the_less_the_gradients_agree_the_more_the_content_has_to():
    cosine = np.array([-1.0, 0.49, 0.5, 0.84, 0.85])
    assert are_copies(np.full(5, 0.85), cosine).all()
    assert are_copies(np.full(5, 0.7), cosine).tolist() == [False, False, True, True, True]
    assert are_copies(np.full(5, 0.3), cosine).tolist() == [False] * 4 + [True]
    assert not are_copies(np.full(5, 0.29), cosine).any()


def test_a_crop_with_the_same_content_is_a_copy():
    whole = scene(3, 80, 80)[..., 0]
    both = np.stack([whole[:64, :64], whole[4:68, 3:67]])
    assert find_pairs(photos(both)) == []
    (found,) = find_pairs(photos(both, embedded=True))
    assert found.kind == "altered" and "cosine of 1.000" in found.evidence


@pytest.mark.parametrize(("left", "top", "side"), [(0, 0, 45), (12, 3, 50), (5, 6, 58)])
def test_a_part_of_a_photo_is_a_copy_and_its_share_is_stated(left: int, top: int, side: int):
    whole = np.random.default_rng(1).integers(0, 256, (9, 9), np.uint8)
    whole = Image.fromarray(whole).resize((64, 64), Image.Resampling.BICUBIC)
    part = whole.crop((left, top, left + side, top + side)).resize((64, 64), Image.Resampling.BICUBIC)
    best, found = correlate_crops(np.asarray(whole)[None], np.asarray(part)[None])
    assert best[0] > 0.8 and abs(found[0] / 32 - side / 64) < 0.05
    assert correlate_crops(np.asarray(part)[None], np.asarray(whole)[None])[0][0] < 0.65
    (pair,) = find_pairs(photos(np.stack([gray(5), np.asarray(whole), np.asarray(part)]), similar=[0, 1, 0.7]))
    assert (pair.first, pair.second, pair.kind) == (1, 2, "altered")
    assert "2.jpg shows" in pair.evidence and "of the sides of the other" in pair.evidence


def test_groups_do_not_chain():
    """0~1 and 1~2, but not 0~2: with 0 the best, 2 stays out; with 1 the best, both are its copies."""
    chain = [pair(0, 1), pair(1, 2)]
    thumbnails = np.zeros((3, 64, 64), np.uint8)
    (group,) = find_groups(photos(thumbnails, height=[30, 20, 10]), chain)
    assert (group.best, group.others) == (0, (pair(0, 1),))
    (group,) = find_groups(photos(thumbnails, height=[10, 30, 20]), chain)
    assert (group.best, group.others) == (1, tuple(chain))


@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda two: two[0] < two[1])))
def test_every_photo_of_a_group_is_paired_with_its_best_and_is_in_no_other(edges):
    found = find_groups(photos(np.zeros((8, 64, 64), np.uint8)), [pair(*edge) for edge in sorted(edges)])
    members: list[int] = []
    for group in found:
        others = [one.first if one.second == group.best else one.second for one in group.others]
        assert all(tuple(sorted((group.best, other))) in edges for other in others)
        members += [group.best, *others]
    assert len(members) == len(set(members))


def test_copies_of_the_album_are_found_and_no_pictures_that_fool_hashes(data, tmp_path):
    import zipfile

    with zipfile.ZipFile(data / "photo_album" / "photo_album.zip") as packed:
        packed.extractall(tmp_path / "album")
    found = organize(tmp_path / "album", tmp_path / "index.sqlite")
    folders = [[found.photos.rows[place]["path"].split("/")[0] for place in (pair.first, pair.second)]
               for pair in found.pairs]  # fmt: skip
    assert all(one == two for one, two in folders)
    count = {name: sum(one == name for one, _ in folders) for name in ("bridge", "orientation", "ukbench", "flat")}
    assert count == {"bridge": 19 * 18 // 2, "orientation": 2 * 9 * 8 // 2, "ukbench": 3, "flat": 0}
    assert list(found.errors) == ["ukbench/ukbench09268_corrupt.jpg"]
    walk = next(event for event in found.events if event.name == "2008-10-22")
    assert len(walk.photos) == 9 and walk.place == pytest.approx((43.467, 11.882), abs=0.001)
