"""Each image is looked at once: its key, its size, its thumbnail, or why it cannot be read."""

from pathlib import Path

import numpy as np
import pytest

from eyespot.images import encode_png
from eyespot.sources import _file_statistics as load_statistics
from eyespot.sources._collection import ArrayRows, Numbered
from eyespot.sources._examine import THUMBNAIL, content_key, examine, in_threads
from eyespot.sources.source import Row


def row(picture: np.ndarray | str, paired: np.ndarray | str | None = None) -> Row:
    return Row(picture=picture, name="picture", values={}, location="here", paired=paired)


def test_the_key_is_the_beginning_of_the_blake2b_hash() -> None:
    # python -c "import hashlib; print(hashlib.blake2b(b'abc', digest_size=8).hexdigest())"
    assert content_key(b"abc") == int("d8bb14d833d59559", 16)
    assert content_key(np.frombuffer(b"abc", np.uint8)) == content_key(b"abc")


def test_a_stack_and_its_images_one_by_one_have_the_same_keys_and_like_thumbnails(photo) -> None:
    stack = np.stack([photo(seed, 40, 50) for seed in range(5)])
    together = examine(ArrayRows(stack, [{}] * 5, Numbered("picture", 5)))
    single = examine([row(image) for image in stack])
    np.testing.assert_array_equal(together.keys, single.keys)
    np.testing.assert_array_equal(together.sizes, single.sizes)
    assert together.thumbnails is not None and single.thumbnails is not None
    assert np.abs(together.thumbnails.astype(int) - single.thumbnails).mean() < 5


def test_sizes_are_height_width_channels() -> None:
    assert examine([row(np.zeros((4, 6), np.uint8))]).sizes.tolist() == [[4, 6, 1]]


def test_what_cannot_be_read_is_said_with_its_reason(tmp_path: Path) -> None:
    good = tmp_path / "good.png"
    good.write_bytes(encode_png(np.zeros((4, 4, 3), np.uint8)))
    bad = tmp_path / "bad.jpg"
    bad.write_text("text")
    facts = examine([row(str(good)), row(str(bad)), row(str(good), str(bad)), row(str(tmp_path / "gone.png"))])
    assert sorted(facts.unreadable) == [1, 2, 3]
    assert "is not an image" in facts.unreadable[1] and "paired image" in facts.unreadable[2]


def test_files_seen_before_are_not_read_again_until_they_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_statistics, "YOUNG", -1000.0)
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_bytes(encode_png(np.full((6, 6, 3), number * 50, np.uint8)))
    rows = [row(str(path)) for path in paths]
    first = examine(rows, tmp_path)
    read: list[str] = []
    monkeypatch.setattr("eyespot.sources._examine.load_bytes", lambda picture, name: read.append(picture) or b"")
    paths[1].write_bytes(encode_png(np.full((6, 6, 3), 200, np.uint8)))
    again = examine(rows, tmp_path)
    assert read == [str(paths[1])]
    np.testing.assert_array_equal(first.keys[[0, 2]], again.keys[[0, 2]])
    assert first.thumbnails is not None and again.thumbnails is not None
    np.testing.assert_array_equal(first.thumbnails[2], again.thumbnails[2])


def test_files_changed_a_moment_ago_are_always_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new.png"
    path.write_bytes(encode_png(np.zeros((6, 6, 3), np.uint8)))
    examine([row(str(path))], tmp_path)
    assert load_statistics.stamps([row(str(path))]).tolist() == [load_statistics.NO_STAMP]


def test_threads_do_every_number_once() -> None:
    done = np.zeros(1000, int)

    def count(number: int) -> None:
        done[number] += 1

    in_threads(count, 1000, workers=4)
    assert (done == 1).all()


def test_an_error_in_a_thread_reaches_the_caller() -> None:
    def fail(number: int) -> None:
        raise RuntimeError(number)

    with pytest.raises(RuntimeError):
        in_threads(fail, 3)


def test_thumbnails_are_small() -> None:
    assert (THUMBNAIL.height, THUMBNAIL.width, THUMBNAIL.channels) == (32, 32, 3)
