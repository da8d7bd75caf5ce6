"""A model knows its training images one by one: added, moved, saved anew, or forgotten by the cache."""

import io
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from eyespot.sources import open_source
from eyespot.sources.known import load_known, save_known, side_of, source_without_trained, without_trained
from eyespot.sources.open import reopen
from eyespot.sources.source import fingerprint, part_of


def run_of(source, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    save_known(folder, source)
    return folder


def test_each_image_is_known_by_its_content(class_folder, tmp_path: Path) -> None:
    source = open_source(class_folder(cat=20, dog=20))
    known = load_known(run_of(source, tmp_path))
    for side, part in enumerate(source.parts):
        assert (side_of(known, part) == side).all()


def test_an_added_image_changes_nothing_for_the_others(class_folder, tmp_path: Path, photo) -> None:
    root = class_folder(cat=20, dog=20)
    source = open_source(root)
    known = load_known(run_of(source, tmp_path))
    Image.fromarray(photo(999, 24, 24)).save(root / "cat" / "new.png")
    kept, trained = without_trained(known, part_of(open_source(root), "all"))
    assert trained == len(source.train) + len(source.validation)
    assert {row.name for row in kept.rows} == {"cat/new.png", *(row.name for row in source.test.rows)}


def test_images_saved_in_another_format_are_known_by_their_looks(class_folder, tmp_path: Path, photo) -> None:
    root = class_folder(cat=20, dog=20)
    source = open_source(root)
    known = load_known(run_of(source, tmp_path))
    for suffix, how in ((".bmp", {}), (".jpg", {"quality": 90})):
        copy = tmp_path / f"copy{suffix}"
        for file in root.rglob("*.png"):
            place = (copy / file.relative_to(root)).with_suffix(suffix)
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.open(file).save(place, **how)
        kept, trained = source_without_trained(known, open_source(copy))
        tested = {Path(row.name).stem + Path(row.name).parent.name for row in source.test.rows}
        assert {Path(row.name).stem + Path(row.name).parent.name for row in kept.rows} == tested
        assert trained == 40 - len(tested)
    other = np.stack([photo(seed, 24, 24) for seed in range(500, 520)])
    assert without_trained(known, part_of(open_source({"x": other}), "all"))[1] == 0


def test_new_images_of_a_fixed_camera_are_no_copies(tmp_path: Path, photo) -> None:
    random, scene = np.random.default_rng(0), photo(1, 48, 48).astype(int)

    def frames(count: int) -> np.ndarray:
        return np.clip(scene + random.normal(0, 20, (count, *scene.shape)), 0, 255).astype(np.uint8)

    source = open_source({"x": frames(40), "y": np.arange(40) % 2})
    known = load_known(run_of(source, tmp_path))
    assert without_trained(known, part_of(open_source({"x": frames(20)}), "all"))[1] == 0


def test_a_run_divides_its_images_as_before_when_the_cache_is_gone(
    class_folder, tmp_path: Path, cache_of_its_own: Path, photo
) -> None:
    root = class_folder(cat=6, dog=6)
    open_source(root)
    for number in range(30):
        Image.fromarray(photo(700 + number, 24, 24)).save(root / ("cat", "dog")[number % 2] / f"n{number}.png")
    source = open_source(root)
    folder = run_of(source, tmp_path)
    shutil.rmtree(cache_of_its_own)
    assert fingerprint(reopen({"what": str(root)}, folder)) == fingerprint(source)


def test_a_damaged_record_is_no_record(class_folder, tmp_path: Path) -> None:
    folder = run_of(open_source(class_folder(cat=10, dog=10)), tmp_path)
    stream = io.BytesIO((folder / "images.npz").read_bytes())
    (folder / "images.npz").write_bytes(stream.getvalue()[:100])
    assert load_known(folder) is None and load_known(tmp_path) is None
