"""Images of a fixed camera are divided all the same; classes without test images and leaks are named."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eyespot.errors import SourceError
from eyespot.images import encode_png
from eyespot.sources import open_source
from eyespot.sources._resemblance import divide_by_name, weigh
from eyespot.sources._split import Shares
from eyespot.training.finish import held_out


def belt(root: Path, photo, defect: int, count: int = 40, size: int = 64) -> Path:
    """One scene again and again; images of 'bad' have a bright square of some pixels."""
    random, scene = np.random.default_rng(0), photo(3, size, size).astype(int)
    for name in ("good", "bad"):
        (root / name).mkdir(parents=True)
        for number in range(count):
            pixels = np.clip(scene + random.normal(0, 4, scene.shape), 0, 255).astype(np.uint8)
            if name == "bad":
                y, x = random.integers(0, size - defect, 2)
                pixels[y : y + defect, x : x + defect] = 255
            Image.fromarray(pixels).save(root / name / f"{number:03}.png")
    return root


@pytest.mark.parametrize("defect", [2, 24])
def test_a_fixed_camera_never_takes_a_class_from_a_part(tmp_path: Path, photo, defect: int) -> None:
    source = open_source(belt(tmp_path / "belt", photo, defect))
    for part in source.parts:
        assert {row.values["label"] for row in part.rows} == {"good", "bad"}
    assert any("resemble one another" in note and "order of their names" in note for note in source.notes)
    again = open_source(tmp_path / "belt")
    assert [[row.name for row in part.rows] for part in again.parts] == [
        [row.name for row in part.rows] for part in source.parts
    ]


def test_neighbors_by_name_stay_together() -> None:
    names = [f"frame{number}.png" for number in range(100)]
    sides = divide_by_name(names, np.zeros(100, int), Shares())
    assert sides.tolist() == [0] * 65 + [1] * 15 + [2] * 20
    assert divide_by_name(names[:3], np.zeros(3, int), Shares()).tolist() == [0, 0, 0]


def test_a_burst_in_a_large_class_stays_together() -> None:
    burst = np.array([(0, number) for number in range(1, 8)])
    found = weigh(np.empty((0, 2), int), burst, np.zeros(60, int), [""])
    assert not found.by_name.any() and len(found.pairs) == 7 and found.notes == []


def test_one_group_for_all_is_named_as_the_reason(tmp_path: Path, photo) -> None:
    for number in range(20):
        (tmp_path / f"{number}.png").write_bytes(encode_png(photo(number, 16, 16)))
    lines = [f"{number}.png,{'ab'[number % 2]},camera 1" for number in range(20)]
    (tmp_path / "t.csv").write_text("\n".join(["path,label,group", *lines]))
    with pytest.raises(SourceError, match="all belong to the group 'camera 1'"):
        held_out(open_source(tmp_path / "t.csv"))


def test_a_class_without_test_images_is_reported_first(class_folder) -> None:
    class_folder("pets/train", cat=10, dog=10, cow=10)
    source = open_source(class_folder("pets/test", cat=5, dog=5).parent)
    assert source.notes[0].startswith("1 class has no test image: 'cow'")


def test_test_images_that_are_training_images_are_known(class_folder, photo) -> None:
    class_folder("pets/train", cat=10, dog=10)
    root = class_folder("pets/test", cat=5, dog=5).parent
    copied = (root / "train" / "cat" / "003.png").read_bytes()
    for file in (root / "test").rglob("*.png"):
        file.write_bytes(encode_png(photo(hash(file.name + file.parent.name) % 10**6 + 5000, 24, 24)))
    (root / "test" / "cat" / "copy.png").write_bytes(copied)
    source = open_source(root)
    (leaked,) = [row.name for row, key in zip(source.test.rows, source.test.keys, strict=True) if key in source.leaked]
    assert leaked == "test/cat/copy.png"


def test_one_image_under_two_labels_is_reported(class_folder) -> None:
    root = class_folder(cat=10, dog=10)
    (root / "dog" / "copy.png").write_bytes((root / "cat" / "000.png").read_bytes())
    (note,) = [note for note in open_source(root).notes if "two labels" in note]
    assert "cat/000.png (cat)" in note and "dog/copy.png (dog)" in note
