"""Error rates by group and age gap, and published protocols on folders of their form; worked out by hand."""

from pathlib import Path

import numpy as np
import pytest

from eyespot.cli._app import run
from eyespot.errors import FaceError
from eyespot.faces import PROTOCOLS, Embedded, Photo, _rates, error_rates, measure_protocol, photos_of, read_protocol
from eyespot.sources import from_arrays


def embedded(*people: tuple[str, str, float, float], left_out: tuple[str, ...] = ()) -> Embedded:
    """Person, group, age, and the angle of the embedding in degrees."""
    angles = np.radians([angle for *_, angle in people])
    photos = [Photo(picture=b"", name="", person=name, group=group, age=age) for name, group, age, _ in people]
    return Embedded(photos=photos, embeddings=np.stack([np.cos(angles), np.sin(angles)], 1), left_out=list(left_out))


PEOPLE = embedded(
    *(("a", "north", 20, 0), ("a", "north", 65, 20), ("b", "north", 30, 90), ("b", "north", 31, 100)),
    *(("c", "south", 40, 200), ("c", "south", 40, 290), ("d", "south", 50, 210), ("d", "south", 50, 220)),
    left_out=("bad.png",),
)


def test_rates_are_those_of_pairs_within_each_group():
    found = error_rates(PEOPLE, threshold=0.9)  # 25.8 degrees
    north, south = found["by_group"]
    assert (north["group"], north["persons"], north["same_pairs"], north["different_pairs"]) == ("north", 2, 2, 4)
    assert (north["false_accepts"], north["false_rejects"]) == (0, 0)
    assert north["false_rejects_interval"] == (0, pytest.approx(1 - 0.025**0.5))  # two persons, no error among them
    # "c" and "d": 10 and 20 degrees apart, and 80 and 70; one of the two pairs of one person is 90 degrees apart.
    assert (south["false_accepts"], south["false_rejects"]) == (0.5, 0.5)
    assert (found["overall"]["false_accepts"], found["overall"]["false_rejects"]) == (2 / 24, 1 / 4)
    low, high = found["overall"]["false_accepts_interval"]
    assert low <= 2 / 24 <= high and found["left_out"] == ["bad.png"]
    assert [(row["from"], row["same_pairs"]) for row in found["by_age_gap"]] == [(0, 3), (40, 1)]


def test_a_group_of_one_person_has_no_false_accepts():
    people = embedded(("a", "x", 1, 0), ("a", "x", 1, 10), ("b", "y", 1, 90))
    found = error_rates(people)
    assert found["by_group"][0]["false_accepts"] is None and found["by_group"][0]["false_rejects"] == 0
    assert found["by_group"][1]["false_rejects"] is None
    with pytest.raises(FaceError, match="2 persons on 2 photos with a face give no pairs"):
        error_rates(embedded(("a", "", 1, 0), ("b", "", 1, 0)))


def test_leave_one_out_counts_photos_without_a_face_as_wrong():
    # The nearest to "a" at 50 is "b" at 60; "c" has one photo and is not asked for.
    found = embedded(
        ("a", "", 1, 0), ("a", "", 2, 50), ("b", "", 1, 60), ("b", "", 2, 65), ("c", "", 1, 200), left_out=("x",)
    )
    assert _rates.leave_one_out(found) == {"rank_1": pytest.approx(3 / 5), "probes": 5}


def test_the_oldest_photo_is_looked_for_among_the_youngest():
    found = embedded(("a", "", 50, 80), ("a", "", 20, 0), ("a", "", 30, 90), ("b", "", 20, 70), ("b", "", 60, 60))
    # Gallery: "a" at 0, "b" at 70. Probes: "a" at 80 is nearer to "b", "b" at 60 is right.
    assert _rates.oldest_among_youngest(found) == {"rank_1": 0.5, "probes": 2}
    with pytest.raises(FaceError, match="No person is on two photos"):
        _rates.oldest_among_youngest(embedded(("a", "", 1, 0), ("b", "", 1, 0)))


def test_ten_folds_take_the_threshold_from_the_others():
    people = []
    for pair, apart in ((0, 10), (200, 40), (400, 10), (600, 40), (800, 10), (1000, 5)):
        names = (f"{pair:04}",) * 2 if pair % 400 < 200 else (f"{pair:04}/0", f"{pair:04}/1")
        people += [(names[0], "", np.nan, 0), (names[1], "", np.nan, apart)]
    found = _rates.ten_folds(embedded(*people, left_out=("1600_0.jpg", "1600_1.jpg")))
    assert found == {"accuracy": pytest.approx(5 / 7), "pairs": 7}  # 5 degrees apart are different persons; one missing


@pytest.fixture
def folders(photos: dict[str, Path], tmp_path: Path) -> Path:
    """Two photos of one person and one of another under the names of each benchmark."""
    names = {
        "fgnet": ("images/001A02.JPG", "images/001A43a.JPG", "images/002A18.JPG"),
        "morph": ("009055_1M54.JPG", "009055_0M20.JPG", "012003_0F30.JPG"),
        "cacd-vs": ("0000_0.jpg", "0000_1.jpg", "0200_0.jpg"),
    }
    for protocol, files in names.items():
        for file, key in zip((*files, "readme.txt"), ("first", "second", "other", "other"), strict=True):
            place = tmp_path / protocol / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(photos[key].read_bytes())
    return tmp_path


def test_folders_of_published_benchmarks_are_read_by_their_names(folders: Path):
    found = {name: read_protocol(folders / name, name) for name in PROTOCOLS}
    described = {name: [(each.person, each.age) for each in photos] for name, photos in found.items()}
    assert described["fgnet"] == [("001", 2), ("001", 43), ("002", 18)]
    assert described["morph"] == [("009055", 20), ("009055", 54), ("012003", 30)]
    assert [each.group for each in found["morph"]] == ["male", "male", "female"]
    assert [each.person for each in found["cacd-vs"]] == ["0000", "0000", "0200/0"]
    assert measure_protocol(folders / "fgnet", "fgnet")["rank_1"] == 1
    assert measure_protocol(folders / "morph", "morph")["probes"] == 1
    with pytest.raises(FaceError, match="whole pairs lie in one fold"):
        measure_protocol(folders / "cacd-vs", "cacd-vs")


LINES = ("2 1", "Andy 1 2", "Andy 1 Angelina 1", "Andy 1 2", "Andy 2 Angelina 1")


@pytest.fixture
def labeled(photos: dict[str, Path], tmp_path: Path) -> Path:
    """A folder in the form of Labeled Faces in the Wild, with two folds of two pairs."""
    names = {"first": "Andy/Andy_0001.webp", "second": "Andy/Andy_0002.webp", "other": "Angelina/Angelina_0001.webp"}
    for key, name in names.items():
        (tmp_path / "lfw" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "lfw" / name).write_bytes(photos[key].read_bytes())
    (tmp_path / "lfw" / "pairs.txt").write_text("\n".join(LINES))
    return tmp_path / "lfw"


def test_labeled_faces_in_the_wild_are_measured_by_the_pairs_of_its_file(labeled: Path, capsys):
    found = measure_protocol(labeled, "lfw")
    assert (found["accuracy"], found["standard_error"], found["pairs"], found["faces"]) == (1, 0, 4, 3)
    assert (found["equal_error_rate"], found["auc"], found["same_pairs"], found["left_out"]) == (0, 1, 2, [])
    lines = [*LINES[:3], "Andy 3 4", "Andy 2 Angelina 1"]  # two photos that are not there
    (labeled / "pairs.txt").write_text("\n".join(["3 1", *lines[1:], *LINES[3:]]))
    assert run(["faces", str(labeled), "--protocol", "lfw"]) == 0
    first, second, _ = capsys.readouterr().out.splitlines()
    assert first == "lfw: accuracy 83.33% of 6 pairs; 3 faces, 2 photos without a face"
    assert second.startswith("equal error rate 0.00% (") and "AUC 1.0000" in second


@pytest.mark.parametrize("lines", [["2 1", "Andy 1 2"], ["2 1", *["Andy one two"] * 4], ["2 0"], ["pairs"], []])
def test_pairs_of_another_form_are_refused(lines: list[str], tmp_path: Path):
    (tmp_path / "pairs.txt").write_text("\n".join(lines))
    with pytest.raises(FaceError, match="cannot be read as pairs of Labeled Faces in the Wild"):
        measure_protocol(tmp_path, "lfw")


def test_folders_without_such_names_and_unknown_protocols_are_refused(tmp_path: Path):
    (tmp_path / "me.jpg").touch()
    with pytest.raises(FaceError, match=r"holds no image named .* such as '078A11.JPG'"):
        read_protocol(tmp_path, "fgnet")
    with pytest.raises(FaceError, match="Did you mean 'fgnet'"):
        read_protocol(tmp_path, "fg-net")
    with pytest.raises(FaceError, match="Did you mean 'lfw'"):
        measure_protocol(tmp_path, "lwf")
    for protocol in ("morph", "lfw"):
        with pytest.raises(FaceError, match="is no folder"):
            measure_protocol(tmp_path / "none", protocol)


def test_photos_of_a_source_need_names_and_ages():
    images = np.zeros((4, 8, 8, 3), np.uint8)

    def source(**values: str):
        rows = [{"identity": "a", "group": "north", "age": "20"} for _ in range(3)] + [values]
        return from_arrays("few", "arrays", images, rows, ["train"] * 4)

    found = photos_of(source(identity="b"))
    assert [photo.group for photo in found] == ["north", "north", "north", ""] and np.isnan(found[3].age)
    with pytest.raises(FaceError, match="no identity is given"):
        photos_of(source(age="3"))
    with pytest.raises(FaceError, match="the age is 'old'"):
        photos_of(source(identity="b", age="old"))
