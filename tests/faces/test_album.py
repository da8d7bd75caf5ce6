"""An album's groups: photos are added later, merging is harder than splitting, corrections and deletions stay."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from eyespot.errors import FaceError
from eyespot.faces import MERGE_THRESHOLD, Album


def face(*angles: float) -> np.ndarray:
    """Embeddings (F, 128) at these angles in degrees, in one plane."""
    radians = np.radians(angles)
    found = np.zeros((len(angles), 128), np.float32)
    found[:, 0], found[:, 1] = np.cos(radians), np.sin(radians)
    return found


def crop(name: str) -> np.ndarray:
    return np.frombuffer(hashlib.sha256(name.encode()).digest(), np.uint8)


def add(album: Album, **angles: float) -> int:
    return album.add(list(angles), [crop(name) for name in angles], face(*angles.values()))


def groups(album: Album) -> list[set[str]]:
    found: dict[int, set[str]] = {}
    for each in album.faces():
        found.setdefault(each.group, set()).add(each.image)
    return list(found.values())


@pytest.fixture
def album(tmp_path: Path) -> Album:
    return Album(tmp_path / "album.sqlite")


def test_photos_that_come_later_join_groups_that_exist(album: Album):
    assert album.faces() == []
    assert add(album, ada=0, bo=120) == 2
    assert add(album, ada_later=40, cy=240) == 2
    assert groups(album) == [{"ada", "ada_later"}, {"bo"}, {"cy"}]
    assert add(album, ada=0, ada_later=40) == 0  # known already
    assert groups(album) == [{"ada", "ada_later"}, {"bo"}, {"cy"}]


def test_merging_two_groups_is_harder_than_joining_one(album: Album):
    """A face at 63 degrees (0.45) from another joins it; two groups that far apart stay two."""
    add(album, one=0, two=130)
    add(album, between=63)
    assert groups(album) == [{"one", "between"}, {"two"}]
    add(album, bridge=100)  # with "two"; the groups' means are now 0.43 alike
    assert groups(album) == [{"one", "between"}, {"two", "bridge"}]
    assert np.cos(np.radians(59)) > MERGE_THRESHOLD > np.cos(np.radians(63))


def test_groups_that_grew_together_are_joined(album: Album):
    add(album, one=0, two=70)
    add(album, more=30)  # with "one"; the mean at 15 degrees is within 60 of "two"
    assert groups(album) == [{"one", "two", "more"}]


def test_corrections_stay(album: Album):
    add(album, ada=0, twin=10, bo=150)
    first = next(each for each in album.faces() if each.image == "twin")
    assert album.separate(first.face) == 3
    add(album, ada_later=5)
    assert groups(album)[1:] == [{"bo"}, {"twin"}] or groups(album)[1:] == [{"bo"}, {"twin", "ada_later"}]
    album.join(1, 2)
    add(album, cy=270)
    joined = next(group for group in groups(Album(album.path)) if "ada" in group)
    assert {"ada", "bo"} <= joined and "twin" not in joined


def test_a_deleted_group_leaves_no_byte(album: Album):
    add(album, ada=0, bo=150)
    stored = face(0)[0].astype("<f4").tobytes()[:8]
    assert stored in album.path.read_bytes() and b"ada" in album.path.read_bytes()
    assert album.forget(1) == 1
    assert stored not in album.path.read_bytes() and b"ada" not in album.path.read_bytes()
    assert groups(album) == [{"bo"}]


def test_what_does_not_exist_is_named(album: Album, tmp_path: Path):
    with pytest.raises(FaceError, match="there is no album; add images first"):
        album.join(1, 2)
    add(album, ada=0)
    with pytest.raises(FaceError, match="there is no group 7; there are: 1"):
        album.join(1, 7)
    with pytest.raises(FaceError, match="there is no face 9"):
        album.separate(9)
    (tmp_path / "other.sqlite").write_text("something else entirely, and long enough to be read")
    with pytest.raises(FaceError, match="cannot be used as an album"):
        Album(tmp_path / "other.sqlite")
