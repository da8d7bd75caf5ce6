"""The gallery: who is known, who is not, and what is left of a person who was forgotten: nothing."""

import sqlite3

import numpy as np
import pytest

from eyespot.errors import FaceError
from eyespot.faces._gallery import NOBODY, Gallery


def made_up(seed: int, count: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Crops of noise, and embeddings of one person: near to each other, and far from those of another seed."""
    random = np.random.default_rng(seed)
    crops = [random.integers(0, 256, (112, 112, 3)).astype(np.uint8) for _ in range(count)]
    near = random.normal(size=128) + 0.3 * random.normal(size=(count, 128))
    return crops, (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture
def gallery(tmp_path) -> Gallery:
    gallery = Gallery(tmp_path / "folder" / "people.sqlite", create=True)
    for seed, name in enumerate(("Ada", "Zoë/7")):
        crops, embeddings = made_up(seed, 4)
        assert gallery.enroll(name, crops[:3], embeddings[:3]) == 3
    return gallery


def test_a_known_person_is_found_and_a_stranger_is_nobody_known(gallery):
    for seed, name in enumerate(("Ada", "Zoë/7")):
        (match,) = gallery.find(made_up(seed, 4)[1][3:])
        assert match.person == name and match.known and match.similarity > 0.7
    (match,) = gallery.find(made_up(5, 1)[1])
    assert match.person == NOBODY and not match.known and match.similarity < 0.36
    assert gallery.find(made_up(0, 4)[1][3:], threshold=0.999)[0].person == NOBODY


def test_a_person_who_is_enrolled_twice_gets_further_faces_and_no_photo_twice(gallery):
    crops, embeddings = made_up(0, 4)
    assert gallery.enroll("Ada", crops, embeddings) == 1
    assert gallery.people() == {"Ada": 4, "Zoë/7": 3}


def test_nothing_of_a_forgotten_person_is_left_in_any_file(gallery):
    crops, embeddings = made_up(9, 40)
    gallery.enroll("Erwin Vergessen", crops, embeddings)
    assert contains(gallery, b"Erwin Vergessen") and contains(gallery, embeddings[20].tobytes())
    assert gallery.forget("Erwin Vergessen") == 40
    assert not contains(gallery, b"Erwin Vergessen") and not contains(gallery, b"Vergessen")
    for embedding in embeddings:
        assert not contains(gallery, embedding.tobytes()[:16])
    assert gallery.people() == {"Ada": 3, "Zoë/7": 3}
    assert gallery.find(embeddings[:1])[0].person == NOBODY


def contains(gallery: Gallery, wanted: bytes) -> bool:
    return any(wanted in file.read_bytes() for file in gallery.path.parent.iterdir())


def test_an_empty_gallery_knows_nobody(gallery):
    gallery.forget("Ada"), gallery.forget("Zoë/7")
    (match,) = gallery.find(made_up(0, 1)[1])
    assert match.person == NOBODY and np.isnan(match.similarity)
    with pytest.raises(FaceError, match="nobody named 'Ada' is enrolled; there are: none"):
        gallery.forget("Ada")


def test_a_gallery_must_exist_and_be_one(tmp_path):
    with pytest.raises(FaceError, match="there is no gallery; enroll a person first"):
        Gallery(tmp_path / "none.sqlite")
    with pytest.raises(FaceError, match="there is no gallery"):
        Gallery(tmp_path / "none.sqlite", create=True).people()
    assert list(tmp_path.iterdir()) == []
    text = tmp_path / "text.sqlite"
    text.write_text("no database" * 100)
    with pytest.raises(FaceError, match="cannot be used as a gallery"):
        Gallery(text)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE photos (name TEXT)")
    database.close()
    with pytest.raises(FaceError, match="cannot be used as a gallery"):
        Gallery(other)
    assert other.stat().st_size > 0


def test_embeddings_of_other_weights_and_damaged_ones_are_refused(gallery):
    change(gallery, "UPDATE about SET value = 'other'")
    with pytest.raises(FaceError, match="was made with other weights"):
        Gallery(gallery.path)


def test_damaged_embeddings_are_refused(gallery):
    change(gallery, "UPDATE face SET embedding = x'0000' WHERE rowid = 1")
    with pytest.raises(FaceError, match="damaged embeddings"):
        Gallery(gallery.path)


def change(gallery: Gallery, statement: str) -> None:
    database = sqlite3.connect(gallery.path)
    database.execute(statement)
    database.commit()
    database.close()


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 201, NOBODY])
def test_names_that_nobody_has_are_refused(tmp_path, name):
    gallery = Gallery(tmp_path / "people.sqlite", create=True)
    crops, embeddings = made_up(0, 1)
    with pytest.raises(FaceError, match="expected 1 to 200 printable characters"):
        gallery.enroll(name, crops, embeddings)
    assert not gallery.path.exists()


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    crops, embeddings = made_up(0, 1)
    with pytest.raises(Exception, match="choose a folder"):
        Gallery(tmp_path / "file" / "people.sqlite", create=True).enroll("Ada", crops, embeddings)
