"""Exact and near duplicates: photographs changed a little are found, different pictures are not lumped together."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from eyespot.sources import open_source
from eyespot.sources._collection import ArrayRows, Numbered
from eyespot.sources._duplicates import exact_pairs, near_pairs
from eyespot.sources._examine import ImageStatistics, examine
from eyespot.sources._idx import read_idx_files
from eyespot.sources.source import Row


def facts_of(pictures: list[np.ndarray | bytes]) -> ImageStatistics:
    rows = [Row(picture=picture, name=str(n), values={}, location=str(n)) for n, picture in enumerate(pictures)]
    return examine(rows)


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def found(facts: ImageStatistics) -> set[tuple[int, int]]:
    return {(one, two) for one, two in near_pairs(facts).tolist()}


def test_exact_pairs_link_each_copy_with_the_first() -> None:
    keys = np.array([7, 3, 7, 5, 3, 7], np.uint64)
    assert exact_pairs(keys).tolist() == [[0, 2], [1, 4], [0, 5]]


@pytest.mark.parametrize("change", ["quality", "half", "brighter", "contrast", "grown"])
def test_a_photograph_changed_a_little_is_found(photo, change: str) -> None:
    image = Image.fromarray(photo(1, 160, 200))
    changed = {
        "quality": lambda: jpeg(image, 40),
        "half": lambda: jpeg(image.resize((100, 80))),
        "brighter": lambda: jpeg(ImageEnhance.Brightness(image).enhance(1.1)),
        "contrast": lambda: jpeg(ImageEnhance.Contrast(image).enhance(1.2)),
        "grown": lambda: jpeg(image.resize((320, 256))),
    }[change]()
    others = [jpeg(Image.fromarray(photo(seed, 160, 200))) for seed in range(2, 12)]
    assert found(facts_of([jpeg(image), changed, *others])) == {(0, 1)}


def test_a_mirrored_or_much_darker_picture_is_another_one(photo) -> None:
    picture = photo(1)
    assert not found(facts_of([picture, picture[:, ::-1].copy(), (picture * 0.4).astype(np.uint8)]))


def test_pictures_that_differ_in_color_alone_are_different() -> None:
    gray = np.zeros((60, 60, 3), np.uint8)
    pictures = []
    for channel in range(3):
        picture = gray.copy()
        picture[20:40, 20:40, channel] = 200
        pictures.append(picture)
    assert not found(facts_of(pictures))


def test_flat_pictures_are_no_near_duplicates_of_each_other() -> None:
    assert not found(facts_of([np.full((60, 60, 3), value, np.uint8) for value in range(50, 60)]))


def test_a_crowd_that_all_resemble_each_other_stays_linked(photo) -> None:
    picture = photo(1)
    crowd = [np.clip(picture.astype(int) + n % 5, 0, 255).astype(np.uint8) for n in range(5)]
    crowd += [np.roll(picture, 1, axis=0), picture[::-1].copy()]
    pictures = [np.bitwise_xor(each, bit).astype(np.uint8) for each in crowd[:5] for bit in range(8)]
    facts = facts_of([*pictures, crowd[6]])
    pairs = near_pairs(facts)
    assert len(pairs) <= 8 * len(pictures)
    assert set(pairs.ravel().tolist()) == set(range(len(pictures)))


def test_a_large_source_is_searched_for_exact_duplicates_only() -> None:
    rows = ArrayRows(np.zeros((4, 8, 8, 1), np.uint8), [{}] * 4, Numbered("picture", 4))
    facts = examine(rows, near=False)
    assert len(near_pairs(facts)) == 0 and len(exact_pairs(facts.keys)) == 3


def test_different_handwritten_digits_are_not_lumped_together() -> None:
    rows = open_source("bundled:digits").train.rows
    assert len(near_pairs(examine(rows))) <= 1


def test_hardly_any_two_digits_of_mnist_are_near_duplicates(data: Path) -> None:
    file = data / "MNIST" / "raw" / "t10k-images-idx3-ubyte.gz"
    assert len(near_pairs(examine(read_idx_files([file], file).rows[:2000]))) == 0
