"""What is wrong with a source is found and named."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eyespot.images import encode_png
from eyespot.sources import from_arrays, open_source
from eyespot.sources.check import CheckReport, check


@pytest.fixture
def report(class_folder, photo) -> CheckReport:
    """A folder with one of each fault: a copy, a near copy with another label, an unreadable file."""
    root = class_folder(cat=20, dog=10)
    (root / "cat" / "copy.png").write_bytes((root / "cat" / "003.png").read_bytes())
    buffer = io.BytesIO()
    large = Image.fromarray(photo(77, 120, 160))
    (root / "dog" / "large.png").write_bytes(encode_png(np.asarray(large)))
    large.resize((80, 60)).save(buffer, "JPEG", quality=80)
    (root / "cat" / "small.jpg").write_bytes(buffer.getvalue())
    (root / "dog" / "text.jpg").write_text("not a picture")
    return check(open_source(root, bad_share=1.0))


def test_images_are_counted_by_part_and_class(report: CheckReport) -> None:
    assert report.count == 33 and sum(report.parts.values()) == 33
    assert sum(report.classes["cat"].values()) == 22 and sum(report.classes["dog"].values()) == 11
    assert report.balance == 2.0


def test_sizes_and_colors_are_told(report: CheckReport) -> None:
    assert report.sizes == {"smallest": (24, 24), "middle": (24, 24), "largest": (120, 160)}
    assert report.channels == {3: 33}


def test_unreadable_files_are_listed_with_their_reason(report: CheckReport) -> None:
    (problem,) = report.problems
    assert problem.name == "dog/text.jpg"
    assert problem.reason.startswith("is not an image")  # its name stands before it already


def test_exact_and_near_duplicates_and_conflicting_labels_are_found(report: CheckReport) -> None:
    assert [set(twins.names) for twins in report.exact] == [{"cat/003.png", "cat/copy.png"}]
    assert [set(twins.names) for twins in report.near] == [{"cat/small.jpg", "dog/large.png"}]
    assert list(report.conflicts) == list(report.near) and set(report.near[0].labels) == {"cat", "dog"}
    assert not report.across_parts, "the split by hash keeps duplicates together"


def test_duplicates_across_a_split_of_ones_own_are_found() -> None:
    stack = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 1), dtype=np.uint8)
    stack[11] = stack[0]
    values = [{"label": "a"}] * 12
    split = ["train"] * 8 + ["validation"] * 2 + ["test"] * 2
    (twins,) = check(from_arrays("mine", "made up", stack, values, split=split)).across_parts
    assert twins.parts == ("train", "test") and twins.kind == "exact"


def test_everything_survives_json(report: CheckReport) -> None:
    plain = json.loads(report.to_json())
    assert plain["parts"] == report.parts and plain["near"][0]["kind"] == "near"
    assert plain["problems"][0]["location"].endswith("text.jpg") and plain["near_searched"] is True


def test_a_source_without_labels_has_no_classes_and_no_balance(photo) -> None:
    report = check(from_arrays("mine", "made up", np.stack([photo(n, 9, 9) for n in range(9)]), [{}] * 9))
    assert report.classes == {} and report.balance is None


def test_an_unreadable_folder_is_reported_not_refused(tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    for number in range(3):
        (tmp_path / "bad" / f"{number}.jpg").write_text("text")
    report = check(open_source(tmp_path, bad_share=1.0))
    assert report.count == 0 and len(report.problems) == 3 and report.sizes == {}
    assert json.loads(report.to_json())["balance"] is None


def test_mislabelled_copies_in_tables_are_found_by_their_tags(tmp_path: Path, photo) -> None:
    picture = encode_png(photo(1))
    for number in range(4):
        (tmp_path / f"{number}.png").write_bytes(picture if number < 2 else encode_png(photo(number)))
    (tmp_path / "t.csv").write_text("path,tags\n0.png,a|b\n1.png,b\n2.png,a\n3.png,a\n")
    (twins,) = check(open_source(tmp_path / "t.csv")).conflicts
    assert set(twins.labels) == {"a|b", "b"}
