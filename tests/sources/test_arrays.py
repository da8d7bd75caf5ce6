"""Arrays handed over in Python or in a .npz file."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from eyespot.errors import SourceError, TaskError
from eyespot.sources import from_arrays, open_source
from eyespot.sources.source import short_side
from eyespot.tasks import guess_task

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (60, 8, 6, 3), dtype=np.uint8)
LABELS = np.arange(60) % 3


def test_images_and_what_is_said_of_them_come_through() -> None:
    source = from_arrays("mine", "made up", IMAGES, [{"label": str(label)} for label in LABELS])
    assert (source.name, source.kind, len(source)) == ("mine", "made up", 60)
    for row in source.rows:
        number = int(row.name.split()[1])
        assert row.picture is not None and row.values == {"label": str(LABELS[number])}
        np.testing.assert_array_equal(row.picture, IMAGES[number])


def test_images_are_shared_not_copied() -> None:
    source = from_arrays("mine", "made up", IMAGES, [{}] * 60)
    assert all(np.shares_memory(row.picture, IMAGES) for row in source.rows)  # pyright: ignore[reportArgumentType]


def test_a_split_of_its_own_is_respected_and_second_images_stay_beside_the_first() -> None:
    split = ["train"] * 40 + ["validation"] * 10 + ["test"] * 10
    source = from_arrays("mine", "made up", IMAGES, [{}] * 60, split=split, paired=255 - IMAGES)
    assert [len(part) for part in source.parts] == [40, 10, 10]
    row = source.test.rows[3]
    np.testing.assert_array_equal(row.paired, IMAGES[53] ^ 255)


def test_images_of_different_sizes_can_be_a_list() -> None:
    pictures = [RANDOM.integers(0, 256, (5 + n % 3, 7, 3), dtype=np.uint8) for n in range(30)]
    assert len(from_arrays("mine", "made up", pictures, [{}] * 30)) == 30


@pytest.mark.parametrize(
    "given",
    [
        (IMAGES, LABELS),
        {"x": IMAGES, "y": LABELS},
        {"x_train": IMAGES[:40], "y_train": LABELS[:40], "x_test": IMAGES[40:], "y_test": LABELS[40:]},
        (IMAGES[:40], LABELS[:40], IMAGES[40:], LABELS[40:]),
        ((IMAGES[:40], LABELS[:40]), (IMAGES[40:], LABELS[40:])),
        {"x": list(IMAGES), "y": LABELS[:, None]},
        {"x": IMAGES / 255, "y": LABELS},
        {"x": IMAGES.astype(np.int64), "y": LABELS.astype(str)},
    ],
)
def test_every_way_to_hand_arrays_over_says_the_same(given: object) -> None:
    source = open_source(given)  # pyright: ignore[reportArgumentType]
    assert len(source) == 60 and {row.values["label"] for row in source.rows} == {"0", "1", "2"}
    total = sum(int(np.asarray(row.picture).sum()) for row in source.rows)
    assert total == int(IMAGES.sum())


def test_a_test_part_of_its_own_stays_the_test_part() -> None:
    source = open_source((IMAGES[:40], LABELS[:40], IMAGES[40:], LABELS[40:]))
    assert len(source.test) == 20 and len(source.validation) >= 1
    assert source.test.rows[0].location == "arrays x_test 0"


def test_real_answers_are_numbers_and_missing_ones_are_none() -> None:
    assert open_source((IMAGES, LABELS / 2)).columns == {"number"}
    assert open_source({"x": IMAGES}).columns == set()


def test_a_npz_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "set.npz"
    np.savez_compressed(
        file, x_train=IMAGES[:40, :, :, 0], y_train=LABELS[:40], x_test=IMAGES[40:, :, :, 0], y_test=LABELS[40:]
    )
    source = open_source(file)
    assert source.name == "set.npz" and source.kind == "a .npz file" and short_side(source) == 6


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", b"junk"])
def test_a_damaged_npz_file_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "set.npz"
    file.write_bytes(content)
    with pytest.raises(SourceError, match=r"set\.npz: cannot be read as arrays"):
        open_source(file)


def test_no_pickle_is_read_from_a_npz_file(tmp_path: Path) -> None:
    file = tmp_path / "set.npz"
    np.savez(file, x=np.array([{"a": 1}], dtype=object), y=np.array([1]))  # pyright: ignore
    with pytest.raises(SourceError, match="cannot be read as arrays"):
        open_source(file)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((IMAGES, LABELS[:5]), "5 answers for 60 images"),
        ((IMAGES[..., :2], LABELS), r"shape \(60, 8, 6, 2\)"),
        ((IMAGES, np.eye(2)[LABELS % 2]), r"2 answers for each image.*one-hot.*argmax"),
        (
            (IMAGES[:40], IMAGES[40:], LABELS[:40], LABELS[40:]),
            "train_test_split returns them; expected .x_train, y",
        ),
        ((LABELS, IMAGES), "images first"),
        ((IMAGES.reshape(60, -1), LABELS), r"row of 144 numbers; reshape them: x.reshape\(-1, 12, 12\)"),
        (((["a.png"] * 60), LABELS), "names of files"),
        (IMAGES, r"an array of shape \(60, 8, 6, 3\) is not a source"),
        (None, "a NoneType is not a source"),
        ([1, 2, 3], "3 arrays; expected"),
        ((np.full((4, 2, 2), np.nan), LABELS[:4]), "nan"),
        ((np.full((4, 2, 2), "a"), LABELS[:4]), "expected numbers"),
        ({"images": IMAGES}, "holds images; expected x_train"),
        ((IMAGES, LABELS, IMAGES), "3 arrays"),
        ({"x_train": IMAGES, "x_test": IMAGES[:, :4]}, "different shapes"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(given: object, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        open_source(given)  # pyright: ignore[reportArgumentType]


def test_values_and_split_must_be_as_many_as_images() -> None:
    with pytest.raises(SourceError, match="60 images, but values for 3"):
        from_arrays("mine", "made up", IMAGES, [{}] * 3)
    with pytest.raises(SourceError, match="names 2 parts for 60"):
        from_arrays("mine", "made up", IMAGES, [{}] * 60, split=["train", "test"])
    with pytest.raises(SourceError, match="holds \\['trian'\\]"):
        from_arrays("mine", "made up", IMAGES, [{}] * 60, split=["trian"] * 60)


def test_arrays_of_every_type_and_channel_order_are_the_same_images() -> None:
    expected = open_source((IMAGES, LABELS))
    tensor = torch.from_numpy(IMAGES).permute(0, 3, 1, 2)
    pillow = [Image.fromarray(image) for image in IMAGES]
    for given in (IMAGES / 255, IMAGES.astype(np.int64), tensor, tensor / 255, IMAGES.transpose(0, 3, 1, 2), pillow):
        found = open_source((given, LABELS))
        assert found.value_range is None
        for one, two in zip(found.rows, expected.rows, strict=True):
            np.testing.assert_array_equal(np.asarray(one.picture), two.picture)


def test_arrays_of_more_than_8_bits_have_one_value_range_that_is_reported() -> None:
    found = open_source((IMAGES.astype(np.uint16) * 16, LABELS))
    assert found.value_range == (0, 4095)
    assert "0 becomes black and 4095 white" in found.notes[0]
    brightest = max(int(np.asarray(row.picture).max()) for row in found.rows)
    assert brightest == round(255 * 16 * 255 / 4095)
    assert open_source((IMAGES.astype(np.uint16), LABELS), value_range=(0, 510)).value_range == (0, 510)


def test_a_list_of_arrays_of_different_sizes_is_read() -> None:
    images = [IMAGES[number, : 6 + number % 2] for number in range(60)]
    assert {row.picture.shape for row in open_source((images, LABELS)).rows} == {(6, 6, 3), (7, 6, 3)}


@pytest.mark.parametrize("pandas", [False, True])
def test_whole_numbers_stored_as_floats_may_be_classes_and_need_a_named_task(pandas: bool) -> None:
    answers = LABELS % 2 * 1.0
    source = open_source((IMAGES, pytest.importorskip("pandas").Series(answers) if pandas else answers))
    assert {row.values["label"] for row in source.rows} == {"0", "1"}
    assert {row.values["number"] for row in source.rows} == {"0.0", "1.0"}
    with pytest.raises(TaskError, match="classify, regress"):
        guess_task(source)


def test_pillow_images_are_read_like_files_with_transparency_on_white() -> None:
    clear = Image.fromarray(np.zeros((8, 8, 4), np.uint8))
    half = Image.merge("LA", [Image.new("L", (8, 8), 100), Image.new("L", (8, 8), 0)])
    source = open_source(([clear, half, *map(Image.fromarray, IMAGES)], [0, 1, *LABELS]))
    first = {row.name: row.picture for row in source.rows}
    assert first["arrays x 0"].min() == 255 and first["arrays x 1"].min() == 255


def test_lists_of_tags_are_refused_with_the_remedy() -> None:
    with pytest.raises(SourceError, match=r"some answers are lists.*a table with a column 'tags'"):
        open_source((IMAGES, [["a", "b"] if number % 2 else ["a"] for number in range(len(IMAGES))]))
