"""Images are decoded once: in memory or in a file, with the same numbers as `read_pixels`."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eyespot.errors import ImageError, SourceError
from eyespot.images import ImageSpec, encode_png, read_pixels, write_png
from eyespot.sources import cache, decode, from_arrays, open_source
from eyespot.sources.cache import EqualImages, Images, UnequalImages, decode_once
from eyespot.sources.source import Part

SPEC = ImageSpec(height=10, width=14, channels=3)
NATIVE = replace(SPEC, fit="native")
MEMORY = [None, 0]


@pytest.fixture
def part(tmp_path: Path, photo) -> Part:
    """Pictures of different sizes, some in subfolders."""
    for number in range(30):
        path = tmp_path / "pets" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_png(photo(number, 12 + number % 5, 20 - number % 3)))
    return open_source(tmp_path / "pets").train


def files(folder: Path) -> list[Path]:
    return sorted((folder / "pixels").glob("*"))


@pytest.mark.parametrize("memory", MEMORY)
@pytest.mark.parametrize("workers", [1, 4])
def test_every_image_is_what_read_pixels_gives(part: Part, memory: int | None, workers: int) -> None:
    images = decode(part, SPEC, memory=memory, workers=workers)
    assert len(images) == len(part)
    for number, row in enumerate(part.rows):
        np.testing.assert_array_equal(images.image(number), read_pixels(row.picture, SPEC))
    taken = images.take([3, 0, 3])
    assert taken.shape == (3, 10, 14, 3) and (taken[0] == images.image(3)).all() and (taken[1] == images.image(0)).all()


@pytest.mark.parametrize("memory", MEMORY)
def test_native_images_keep_their_sizes(part: Part, memory: int | None) -> None:
    images = decode(part, NATIVE, memory=memory)
    for number, row in enumerate(part.rows):
        np.testing.assert_array_equal(images.image(number), read_pixels(row.picture, NATIVE))
    with pytest.raises(SourceError, match="cannot form a batch"):
        images.take(range(len(part)))
    assert images.take([2]).shape == (1, *images.image(2).shape)


def test_what_fits_into_memory_leaves_no_file(part: Part, cache_of_its_own: Path) -> None:
    decode(part, SPEC)
    assert not files(cache_of_its_own)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell a process's memory")
def test_decoding_holds_two_images_a_worker_at_the_most_while_it_fills_a_cache_larger_than_its_memory(
    tmp_path: Path, cache_of_its_own: Path
) -> None:
    rows, columns, count, workers = 1500, 2000, 12, 2
    for number in range(count):
        path = tmp_path / "large" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_png(np.full((rows, columns, 3), number, np.uint8), path)
    rows_of_all = open_source(tmp_path / "large").rows
    whole = Part(name="all", rows=rows_of_all, keys=np.arange(count, dtype=np.uint64), sizes=np.zeros((count, 3), int))
    spec = ImageSpec(height=rows, width=columns, channels=3)
    with own_memory() as most:
        images = decode(whole, spec, memory=0, workers=workers)
    beside = 20_000_000  # Pillow, threads, and whatever else this process does
    assert most[0] < workers * 2 * rows * columns * 3 + beside < count * rows * columns * 3
    assert len(files(cache_of_its_own)) == 1
    assert images.image(5)[0, 0, 0] == read_pixels(rows_of_all[5].picture, spec)[0, 0, 0]


@contextmanager
def own_memory() -> Iterator[list[int]]:
    """The most memory of its own, in bytes above that at the beginning, that this process holds meanwhile."""
    begin, most, done = anonymous(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.001):
            most[0] = max(most[0], anonymous() - begin)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield most
    finally:
        done.set()
        watcher.join()


def anonymous() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def test_a_file_is_found_again_and_not_decoded_again(
    part: Part, cache_of_its_own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = decode(part, SPEC, memory=0)
    monkeypatch.setattr(cache, "read_pixels", None)
    again = decode(part, replace(SPEC, mean=(0.5,), std=(0.2,)), memory=0)
    np.testing.assert_array_equal(first.take([0, 1, 2]), again.take([0, 1, 2]))
    assert len(files(cache_of_its_own)) == 1


def test_other_images_another_order_or_another_size_make_another_file(part: Part, cache_of_its_own: Path) -> None:
    decode(part, SPEC, memory=0)
    decode(part, replace(SPEC, height=11), memory=0)
    decode(part, replace(SPEC, fit="stretch"), memory=0)
    decode(part.take(np.arange(len(part))[::-1]), SPEC, memory=0)
    assert len(files(cache_of_its_own)) == 4


def test_a_changed_picture_is_read_again(tmp_path: Path, part: Part, photo) -> None:
    decode(part, SPEC, memory=0)
    path = Path(str(part.rows[0].picture))
    path.write_bytes(encode_png(photo(99, 20, 20)))
    changed = open_source(tmp_path / "pets")
    fresh = next(each for each in changed.parts if any(row.picture == str(path) for row in each.rows))
    number = [row.picture for row in fresh.rows].index(str(path))
    np.testing.assert_array_equal(decode(fresh, SPEC, memory=0).image(number), read_pixels(path, SPEC))


@pytest.mark.parametrize("damage", ["short", "header", "magic", "pixel", "empty"])
def test_a_damaged_file_is_noticed_and_made_anew(part: Part, cache_of_its_own: Path, damage: str) -> None:
    expected = decode(part, SPEC, memory=0).take(np.arange(len(part)))
    (file,) = files(cache_of_its_own)
    whole = bytearray(file.read_bytes())
    if damage == "short":
        del whole[-5:]
    elif damage == "empty":
        whole.clear()
    else:
        whole[{"header": 30, "magic": 2, "pixel": -7}[damage]] ^= 0x55
    file.unlink()
    file.write_bytes(whole)
    np.testing.assert_array_equal(decode(part, SPEC, memory=0).take(np.arange(len(part))), expected)
    assert cache._is_whole(file, expected.size)


def test_a_full_disk_is_an_error_that_says_what_to_do(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: Path, size: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "_make_room", full)
    with pytest.raises(SourceError, match=r"No space left.*EYESPOT_CACHE"):
        decode(part, SPEC, memory=0)


def test_nothing_half_written_is_left_behind(
    part: Part, cache_of_its_own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(picture: object, spec: ImageSpec, name: str) -> np.ndarray:
        raise ImageError(f"{name}: gone")

    monkeypatch.setattr(cache, "read_pixels", fail)
    with pytest.raises(ImageError, match="gone"):
        decode(part, SPEC, memory=0)
    assert not files(cache_of_its_own)


def test_arrays_of_the_right_size_are_shared_not_copied() -> None:
    stack = np.random.default_rng(0).integers(0, 256, (40, 10, 14, 3), dtype=np.uint8)
    source = from_arrays("mine", "made up", stack, [{}] * 40, paired=255 - stack)
    images = decode(source.train, SPEC)
    assert isinstance(images, EqualImages) and np.shares_memory(images.image(0), stack)
    np.testing.assert_array_equal(images.take([1, 2])[0], source.train.rows[1].picture)
    np.testing.assert_array_equal(decode(source.train, NATIVE).image(4), source.train.rows[4].picture)


def test_second_images_are_decoded_alike() -> None:
    stack = np.random.default_rng(0).integers(0, 256, (40, 9, 9, 3), dtype=np.uint8)
    source = from_arrays("mine", "made up", stack, [{}] * 40, paired=stack[..., :1] // 2)
    images = decode(source.train, SPEC, paired=True)
    np.testing.assert_array_equal(images.image(5), read_pixels(source.train.rows[5].paired, SPEC))  # pyright: ignore


def test_missing_second_images_are_named(part: Part) -> None:
    with pytest.raises(SourceError, match="has no paired image"):
        decode(part, SPEC, paired=True)


def test_a_picture_that_was_removed_since_is_named(part: Part) -> None:
    Path(str(part.rows[3].picture)).unlink()
    with pytest.raises(ImageError, match="there is no such file"):
        decode(part, SPEC)


def test_no_images_are_no_images() -> None:
    empty = Part(name="test", rows=[], keys=np.empty(0, np.uint64), sizes=np.empty((0, 3), int))
    for fit in ("crop", "native"):
        assert len(decode(empty, replace(SPEC, fit=fit))) == 0
    assert isinstance(decode(empty, NATIVE), UnequalImages) and issubclass(EqualImages, Images)


def test_decoded_once_the_images_stay_with_their_part(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    first = decode_once(part, SPEC)
    monkeypatch.setattr(cache, "decode", lambda *_: pytest.fail("decoded again"))
    assert decode_once(part, replace(SPEC, mean=(0.5,))) is first


def test_another_size_takes_the_place_of_the_first(part: Part) -> None:
    first = decode_once(part, SPEC)
    assert decode_once(part, replace(SPEC, height=12)) is not first
    assert len(part.decoded) == 1


def test_processes_that_train_together_share_a_file(
    part: Part, cache_of_its_own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    decode(part, SPEC)
    assert len(files(cache_of_its_own)) == 1
