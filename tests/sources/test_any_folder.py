"""Random folders as people have them: each image is read with the intended label, or named or counted with a reason."""

import csv
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eyespot.errors import SourceError, TaskError
from eyespot.images import encode_png
from eyespot.sources import open_source
from eyespot.sources.source import Source

CLASSES = ("cat", "Dog House", "été", "7", "none")
TRAIN = ("train", "Training_Set", "1_train", "seg_train", "TRAIN")
OTHERS = (("val2017", "validation"), ("dev", "validation"), ("test", "test"), ("Test Images", "test"), ("eval", "test"))
MISSING = ("", " ", "NaN", "n/a", "None", "?")
SPELLINGS: tuple[Callable[[str], str], ...] = (str, str.upper, str.title, " {} ".format, lambda text: text + "\u200b")

SUFFIXES = (".png", ".png", ".PNG", ".jpg", ".dat", ".png~", "")
PATHS: tuple[Callable[[int], str], ...] = (
    "images/{}.png".format,
    "./images//{}.png".format,
    "images\\{}.png".format,
    "IMAGES/{}.PNG".format,
    "C:\\me\\images\\{}.png".format,
)

random_folders = settings(
    max_examples=30,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass
class Folder:
    """A folder that is being filled: the intended label and part of each image in it, and how many are not for use."""

    root: Path
    intended: dict[str, tuple[str, str]] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    apart: int = 0
    written: int = 0

    def image(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.written += 1
        pixels = np.random.default_rng(self.written).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        path.write_bytes(encode_png(pixels))

    def add(self, folder: Path, name: str, label: str, part: str = "") -> None:
        self.image(folder / name)
        self.intended[str((folder / name).relative_to(self.root))] = label, part

    def add_apart(self, path: Path) -> None:
        """An image that has no label and must not be read, but counted."""
        self.image(path)
        self.apart += 1


def fill(folder: Folder, data: st.DataObject, outside: Path) -> None:
    base = folder.root / data.draw(st.sampled_from(["", "archive", "My Data/archive"]))
    classes = data.draw(st.lists(st.sampled_from(CLASSES), min_size=2, max_size=4, unique=True))
    parts = [(base, "")]
    if data.draw(st.booleans()):
        others = data.draw(st.lists(st.sampled_from(OTHERS), min_size=1, max_size=2, unique_by=lambda each: each[1]))
        chosen = [(data.draw(st.sampled_from(TRAIN)), "train"), *others]
        parts = [(base / name, part) for name, part in chosen]
    for place, part in parts:
        for label in classes:
            for number in range(data.draw(st.integers(2, 4))):
                below = place / label / ("more" if data.draw(st.integers(0, 9)) == 0 else "")
                folder.add(below, f"{number}{data.draw(st.sampled_from(SUFFIXES))}", label, part)
    add_what_is_apart(folder, base, data)
    first, part = parts[0]
    add_links(folder, first / classes[0], (classes[0], part), outside, data)
    for number in range(data.draw(st.integers(0, 2))):
        path = first / classes[0] / f"bad{number}.png"
        path.write_bytes(b"" if number else b"not an image")
        folder.unreadable.add(str(path.relative_to(folder.root)))


def add_what_is_apart(folder: Folder, base: Path, data: st.DataObject) -> None:
    for name in data.draw(st.sets(st.sampled_from(["cover.png", "overview.png"]))):
        folder.add_apart(data.draw(st.sampled_from([base, folder.root])) / name)
    for name in data.draw(
        st.sets(st.sampled_from(["__MACOSX/._1.png", ".cache/2.png", ".hidden.png", "@eaDir/3.png"]))
    ):
        folder.add_apart(base / name)
    for name in data.draw(st.sets(st.sampled_from(["notes.txt", "Thumbs.db", ".DS_Store", "model.bin"]))):
        (base / name).write_bytes(b"junk")
    if data.draw(st.booleans()):
        (base / "nothing here").mkdir()


def add_links(folder: Folder, place: Path, intended: tuple[str, str], outside: Path, data: st.DataObject) -> None:
    kinds = data.draw(st.sets(st.sampled_from(["file", "folder inside", "folder outside"])))
    if "file" in kinds:
        (place / "link.png").symlink_to(outside / "0.png")
        folder.intended[str((place / "link.png").relative_to(folder.root))] = intended
    if "folder inside" in kinds:
        (place / "again").symlink_to(folder.root, target_is_directory=True)
        folder.apart += 1
    if "folder outside" in kinds:
        (place / "elsewhere").symlink_to(outside, target_is_directory=True)
        folder.intended[str((place / "elsewhere/0.png").relative_to(folder.root))] = intended


def require_all_accounted(source: Source, folder: Folder) -> None:
    read = {row.name: (row.values["label"], row.values.get("split", "")) for row in source.rows}
    assert read.items() <= folder.intended.items()
    named = {problem.name for problem in source.problems}
    assert all(problem.reason for problem in source.problems)
    assert folder.unreadable <= named and not named & read.keys()
    assert folder.intended.keys() | folder.unreadable == read.keys() | named
    assert sum(source.left_out.values()) == folder.apart


@random_folders
@given(st.data())
def test_each_image_is_read_as_intended_or_named_or_counted(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, outside = Folder(Path(place, "pets")), Path(place, "outside")
        folder.image(outside / "0.png")
        fill(folder, data, outside)
        try:
            source = open_source(folder.root, bad_share=data.draw(st.sampled_from([0.05, 1.0])))
            source.require_classes()
        except (SourceError, TaskError) as error:
            message = str(error)
            named = any(name in message for name in folder.unreadable)
            explained = error.argument == "layout" or "has 1 class" in message or named
            assert explained, message
            return
        require_all_accounted(source, folder)


@random_folders
@given(st.data())
def test_each_row_of_a_table_has_the_intended_label(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Folder(Path(place))
        intended, lines = {}, []
        for number in range(data.draw(st.integers(6, 12))):
            label = data.draw(st.sampled_from(["cat", "red fox", "owl"]))
            folder.image(folder.root / f"images/{number}.png")
            gone = data.draw(st.integers(0, 4)) == 0
            text = data.draw(st.sampled_from(MISSING if gone else [spell(label) for spell in SPELLINGS]))
            path = data.draw(st.sampled_from(PATHS))(number)
            intended[path] = "" if gone else label
            lines.append((path, text))
        lost = [f"images/lost{number}.png" for number in range(data.draw(st.integers(0, 2)))]
        table = folder.root / "labels.csv"
        header = data.draw(st.sampled_from([("path", "label"), ("Path", "LABEL")]))
        encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"]))
        with table.open("w", newline="", encoding=encoding) as file:
            writer = csv.writer(file, delimiter=data.draw(st.sampled_from(",;\t|")))
            writer.writerows([header, *lines, *((name, "cat") for name in lost)])
        with pytest.raises(SourceError, match=r"labels\.csv"):  # one folder of images gives no labels
            open_source(folder.root)
        source = open_source(table, bad_share=1.0)
        read = {row.name: row.values["label"] for row in source.rows}
        assert {name: label.casefold() for name, label in read.items()} == intended
        assert len(set(read.values())) == len(set(intended.values()))
        assert sorted(problem.name for problem in source.problems) == lost
