"""What folders stand for: classes, parts or both; asked where two readings are possible; nothing is lost unsaid."""

from pathlib import Path

import pytest

from eyespot.errors import SourceError, TaskError
from eyespot.sources import open_source
from eyespot.sources._conventions import part_named
from eyespot.sources._folder import read_folder
from eyespot.tasks import guess_task


def touch(root: Path, *paths: str) -> Path:
    """Empty files: their names are all that a layout follows from."""
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return root


def images(*folders: str, count: int = 3) -> list[str]:
    return [f"{folder}/{number}.png" for folder in folders for number in range(count)]


def labels(root: Path, layout: str | None = None) -> set[tuple[str, str]]:
    rows = read_folder(root, layout).rows
    return {(row.values.get("label", ""), row.values.get("split", "")) for row in rows}


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("train", "train"), ("training_set", "train"), ("Training Data", "train"), ("1_train", "train"),
        ("train2017", "train"), ("trainset", "train"), ("TrainImages", "train"), ("seg_train", "train"),
        ("val2017", "validation"), ("Validate", "validation"), ("dev", "validation"), ("valid_images", "validation"),
        ("test_set", "test"), ("seg_test", "test"), ("holdout", "test"), ("hold-out", "test"), ("evaluate", "test"),
        ("eval", "test"), ("query", "test"), ("trains", None),
        ("contest", None), ("trainA", None), ("cat", None), ("data", None),
    ],
)  # fmt: skip
def test_common_spellings_are_parts(name: str, part: str | None) -> None:
    assert part_named(name) == part


def test_a_class_called_like_a_part_stays_a_class(tmp_path: Path) -> None:
    assert labels(touch(tmp_path, *images("bus", "car", "train"))) == {("bus", ""), ("car", ""), ("train", "")}


def test_folders_named_like_parts_that_hold_class_folders_are_parts(tmp_path: Path) -> None:
    touch(tmp_path, *images("training_set/cat", "training_set/dog", "test_set/cat", "test_set/dog"))
    assert labels(tmp_path) == {(label, part) for label in ("cat", "dog") for part in ("train", "test")}
    assert "test_set/ is test" in read_folder(tmp_path).kind


def test_wrappers_around_classes_and_parts_are_looked_into(tmp_path: Path) -> None:
    touch(tmp_path, *images("archive/seg_train/seg_train/sea", "archive/seg_train/seg_train/ice"))
    touch(
        tmp_path, *images("archive/seg_test/seg_test/sea", "archive/seg_test/seg_test/ice", "archive/seg_pred/seg_pred")
    )
    found = read_folder(tmp_path)
    assert {row.values["label"] for row in found.rows} == {"sea", "ice"} and len(found.rows) == 12
    assert found.left_out == {"in seg_pred/, which is no part": 3}


def test_folders_beside_parts_that_are_no_parts_are_counted(tmp_path: Path) -> None:
    touch(tmp_path, *images("train/cat", "train/dog", "val/cat", "val/dog", "extra/cat", "extra/dog"), "cover.png")
    found = read_folder(tmp_path)
    assert len(found.rows) == 12
    assert found.left_out == {"in extra/, which is no part": 6, "beside the class folders": 1}


def test_unlabeled_images_of_a_part_are_left_out_and_counted(tmp_path: Path) -> None:
    found = read_folder(touch(tmp_path, *images("train/cat", "train/dog", "test")))
    assert len(found.rows) == 6 and found.left_out == {"without a label in test/": 3}


@pytest.mark.parametrize(
    ("folders", "readings"),
    [
        (("day/cat", "day/dog", "night/cat", "night/dog"), ("classes", "subfolders")),
        (("train/steam", "train/diesel", "bus/city", "bus/coach"), ("parts", "classes")),
        (("train", "test", "sample"), ("parts", "classes")),
        (("trainA", "trainB", "testA", "testB"), ("classes", "unlabeled")),
    ],
)
def test_two_possible_readings_are_both_shown_and_one_must_be_chosen(
    tmp_path: Path, folders: tuple[str, ...], readings: tuple[str, str]
) -> None:
    touch(tmp_path, *images(*folders))
    with pytest.raises(
        SourceError, match=rf"2 ways.*'{readings[0]}'.*'{readings[1]}'.*layout='{readings[0]}'"
    ) as caught:
        read_folder(tmp_path)
    assert caught.value.argument == "layout"
    for reading in readings:
        assert read_folder(tmp_path, reading).rows


def test_a_chosen_layout_decides(tmp_path: Path) -> None:
    touch(tmp_path, *images("day/cat", "day/dog", "night/cat", "night/dog"))
    assert labels(tmp_path, "classes") == {("day", ""), ("night", "")}
    assert labels(tmp_path, "subfolders") == {("cat", ""), ("dog", "")}
    assert labels(tmp_path, "unlabeled") == {("", "")}
    with pytest.raises(SourceError, match=r"Unknown layout 'clases'\. Did you mean 'classes'"):
        read_folder(tmp_path, "clases")
    with pytest.raises(SourceError, match="no image fits the layout 'parts'"):
        read_folder(tmp_path, "parts")


def test_classes_that_hold_their_own_parts(tmp_path: Path) -> None:
    touch(tmp_path, *images("cat/train", "cat/test", "dog/train", "dog/test"))
    assert labels(tmp_path) == {(label, part) for label in ("cat", "dog") for part in ("train", "test")}


def test_folders_that_systems_write_are_passed_over_and_counted(tmp_path: Path) -> None:
    touch(tmp_path, *images("cat", "dog", "@eaDir", "#recycle", "$RECYCLE.BIN", "cat/.thumbnails", "dog/@eaDir/0.png"))
    touch(tmp_path, "cat/._0.png")
    found = read_folder(tmp_path)
    assert len(found.rows) == 6 and found.left_out.total() == 16


def test_folders_that_eyespot_wrote_are_passed_over_and_counted(tmp_path: Path) -> None:
    touch(tmp_path, *images("cat", "dog", "run/report"), "run/recipe.json", "run/log.jsonl")
    found = read_folder(tmp_path)
    assert len(found.rows) == 6 and found.left_out == {"in folders written by eyespot": 3}


def test_links_to_folders_are_followed_and_loops_are_not(tmp_path: Path) -> None:
    root = touch(tmp_path / "photos", *images("cat", "dog"))
    more = touch(tmp_path / "elsewhere", *images("more", count=5)) / "more"
    (root / "cat" / "more").symlink_to(more)
    (root / "dog" / "loop").symlink_to(root)
    (more / "up").symlink_to(tmp_path)
    (root / "dog" / "same").symlink_to(root / "cat")
    found = read_folder(root)
    assert [row.values["label"] for row in found.rows].count("cat") == 8 and len(found.rows) == 11
    assert found.left_out["behind links to folders that are read already"] == 3


def test_every_image_below_a_folder_is_read_or_counted(tmp_path: Path) -> None:
    touch(
        tmp_path, *images("train/cat", "train/dog", "val/cat", "val/dog", "test", "raw", ".git"), "a.png", "val/b.png"
    )
    found = read_folder(tmp_path)
    files = [path for path in tmp_path.rglob("*.png") if path.is_file()]
    assert len(found.rows) + found.left_out.total() == len(files)


def test_the_line_that_describes_a_source_counts_what_is_left_out(class_folder) -> None:
    root = class_folder(cat=20, dog=20)
    (root / "cover.png").write_bytes((root / "cat" / "000.png").read_bytes())
    (root / "cat" / "broken.jpg").write_text("no image")
    said = open_source(root).describe()
    assert said.endswith("2 classes (cat, dog); left out: 1 beside the class folders; 1 that cannot be used")


def test_a_table_beside_unlabeled_images_is_asked_about_with_its_command(class_folder) -> None:
    root = class_folder(train=20)
    for number, file in enumerate(sorted((root / "train").iterdir())):
        file.rename(file.with_name(f"{number}.png"))
    (root / "train.csv").write_text("\n".join(["id,breed", *(f"{number},{number % 2}" for number in range(20))]))
    with pytest.raises(SourceError, match=r"train\.csv --column path=train/\{id\}\.png --column label=breed"):
        open_source(root)
    assert len(open_source(root, layout="unlabeled")) == 20
    labeled = open_source(root / "train.csv", columns={"path": "train/{id}.png", "label": "breed"})
    assert {row.values["label"] for row in labeled.rows} == {"0", "1"}


def test_no_task_is_guessed_for_images_without_labels(class_folder) -> None:
    with pytest.raises(TaskError, match=r"have no labels.*a folder for each class.*name the task"):
        guess_task(open_source(class_folder(cat=10) / "cat"))


@pytest.mark.parametrize("wrapper", ["archive", "archive/data", "download/archive/images"])
def test_images_beside_a_wrapper_do_not_make_a_class_of_it(tmp_path: Path, wrapper: str) -> None:
    touch(tmp_path, *images(f"{wrapper}/cat", f"{wrapper}/dog"), "cover.png", f"{wrapper.partition('/')[0]}/logo.png")
    found = read_folder(tmp_path)
    assert labels(tmp_path) == {("cat", ""), ("dog", "")}
    assert found.left_out["beside the class folders"] == 2


def test_images_beside_a_wrapper_of_parts_are_left_out_and_counted(tmp_path: Path) -> None:
    touch(tmp_path, *images("archive/train/cat", "archive/train/dog", "archive/test/cat", "archive/test/dog"), "a.png")
    assert labels(tmp_path) == {(label, part) for label in ("cat", "dog") for part in ("train", "test")}
    assert read_folder(tmp_path).left_out["beside the class folders"] == 1


def test_images_beside_divided_classes_are_counted_in_all_of_them(tmp_path: Path) -> None:
    touch(tmp_path, *images("cat/train", "cat/test", "dog/train", "dog/test"), "cat/a.png", "dog/b.png", "c.png")
    assert read_folder(tmp_path, "classes-with-parts").left_out["beside the class folders"] == 3


def test_some_classes_with_their_own_parts_can_be_read_in_two_ways(tmp_path: Path) -> None:
    touch(tmp_path, *images("cat/train", "cat/test", "dog/train", "dog/test", "owl"))
    with pytest.raises(SourceError, match=r"'classes': .*15 images.*'classes-with-parts': .*3 left out beside"):
        read_folder(tmp_path)


def test_parts_of_unknown_names_are_asked_about(tmp_path: Path) -> None:
    touch(tmp_path, *images("Trainingsdaten/cat", "Trainingsdaten/dog", "Testdaten/cat", "Testdaten/dog"))
    with pytest.raises(SourceError, match=r"'subfolders': .*Where its folders are parts, name them train, val"):
        read_folder(tmp_path)


@pytest.mark.parametrize("name", ["labels.xlsx", "labels.txt", "labels.json"])
def test_a_table_that_is_not_read_is_named(class_folder, name: str) -> None:
    root = class_folder(images=4)
    (root / name).write_text('{"000.png": "cat", "001.png": "dog"}')
    with pytest.raises(SourceError, match=rf"contains a table \({name}\)\. Either save the table as CSV in UTF-8"):
        open_source(root)


def test_a_text_that_names_no_image_is_no_table(class_folder) -> None:
    root = class_folder(images=4)
    (root / "README.txt").write_text("Photos of 2024, all rights reserved.")
    assert len(open_source(root)) == 4


@pytest.mark.parametrize("name", ["0.jpg_large", "0.png~", "0.dat", "photo of 2024.07.01"])
def test_images_are_known_by_their_content_whatever_their_suffix(tmp_path: Path, class_folder, name: str) -> None:
    root = class_folder(cat=3, dog=3, wasp=2)
    (root / "wasp" / "000.png").rename(root / "wasp" / name)
    (root / "dog" / "BMW.txt").write_text("BM is how a bitmap begins")
    (root / "dog" / "clip").write_bytes(b"\0\0\0\x18ftypmp42" + b"\0" * 40)
    found = read_folder(root)
    assert len(found.rows) == 8 and f"wasp/{name}" in {row.name for row in found.rows}
    suffix = Path(name).suffix.lower()
    assert f"image files with other suffixes are read, by their content: 1 {suffix}" in found.notes
