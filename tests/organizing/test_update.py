"""The index: incremental, resumable, of one folder, and never inside it."""

import sqlite3
from pathlib import Path

import pytest

from eyespot.errors import SourceError
from eyespot.files import cache_folder
from eyespot.organizing import _update, organize
from eyespot.organizing._embedding import Embedder
from eyespot.organizing._index import Index
from eyespot.organizing._update import update

from .photos import save, scene


@pytest.fixture
def album(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(_update, "YOUNG", -(10**18))
    for number in range(5):
        save(scene(number), tmp_path / "album" / f"{number}.jpg")
    return tmp_path / "album"


def updated(album: Path, index: Path) -> tuple[int, int, int]:
    found = organize(album, index).update
    return found.read, found.removed, found.unchanged


def test_only_what_is_new_or_changed_is_read(album, tmp_path):
    index = tmp_path / "index.sqlite"
    assert updated(album, index) == (5, 0, 0)
    assert updated(album, index) == (0, 0, 5)
    save(scene(9), album / "0.jpg")
    save(scene(7), album / "sub" / "new.jpg")
    (album / "1.jpg").unlink()
    assert updated(album, index) == (2, 1, 3)


def test_files_that_changed_a_moment_ago_are_read_again(album, tmp_path, monkeypatch):
    monkeypatch.setattr(_update, "YOUNG", 10**18)
    index = tmp_path / "index.sqlite"
    assert updated(album, index) == (5, 0, 0)
    assert updated(album, index) == (5, 0, 0)


def test_an_interrupted_update_continues(album, tmp_path, monkeypatch):
    monkeypatch.setattr(_update, "BATCH", 2)
    embedder, file = Embedder(), tmp_path / "index.sqlite"

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with Index(file, album, embedder.name) as index, pytest.raises(KeyboardInterrupt):
        update(index, album, embedder, interrupt)
    with Index(file, album, embedder.name) as index:
        assert update(index, album, embedder).read == 3


def test_unreadable_files_are_listed_and_read_again_only_when_they_change(album, tmp_path):
    (album / "empty.jpg").touch()
    (album / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    found = organize(album, tmp_path / "index.sqlite")
    assert sorted(found.errors) == ["cut.png", "empty.jpg"]
    assert "0 bytes" in found.errors["empty.jpg"]
    assert updated(album, tmp_path / "index.sqlite") == (0, 0, 7)


def test_names_that_are_not_unicode_are_indexed(album, tmp_path):
    try:
        (album / "0.jpg").rename(album / "caf\udce9.jpg")
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    found = organize(album, tmp_path / "index.sqlite")
    assert "caf\udce9.jpg" in [row["path"] for row in found.photos.rows]


def test_by_default_the_index_lies_in_the_cache_folder_and_the_album_is_left_alone(album):
    before = sorted((file, file.stat().st_mtime_ns, file.read_bytes()) for file in album.iterdir())
    found = organize(album)
    assert found.index.is_relative_to(cache_folder())
    assert sorted((file, file.stat().st_mtime_ns, file.read_bytes()) for file in album.iterdir()) == before


def test_the_index_of_another_folder_is_refused(album, tmp_path):
    organize(album, tmp_path / "index.sqlite")
    save(scene(0), tmp_path / "other" / "0.jpg")
    with pytest.raises(SourceError, match=r"is the index of .*album, not of .*other"):
        organize(tmp_path / "other", tmp_path / "index.sqlite")


def test_another_version_another_database_and_another_file_are_refused(album, tmp_path):
    index = tmp_path / "index.sqlite"
    organize(album, index)
    with sqlite3.connect(index) as database:
        database.execute("UPDATE about SET version = 0")
    with pytest.raises(SourceError, match="of version 0, expected 3; delete it"):
        organize(album, index)
    with sqlite3.connect(tmp_path / "notes.sqlite") as database:
        database.execute("CREATE TABLE notes (text)")
    with pytest.raises(SourceError, match="no index of eyespot"):
        organize(album, tmp_path / "notes.sqlite")
    (tmp_path / "text.txt").write_text("my notes, which are no database at all" * 50)
    with pytest.raises(SourceError, match="cannot be used as an index"):
        organize(album, tmp_path / "text.txt")
    assert "my notes" in (tmp_path / "text.txt").read_text()


def test_a_folder_without_photos_and_no_folder_are_refused(tmp_path):
    with pytest.raises(SourceError, match="is not a folder"):
        organize(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="holds no readable photo"):
        organize(tmp_path / "empty")
    (tmp_path / "empty" / "album.ZIP").write_bytes(b"PK")
    with pytest.raises(SourceError, match=r"It holds album.ZIP: unpack it, and give the folder"):
        organize(tmp_path / "empty")
