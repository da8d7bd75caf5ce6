"""A deep look at a source: what was hidden in it is found, shown and proposed, and nothing is changed."""

import csv
import hashlib

import numpy as np
import pytest
from PIL import Image

from eyespot import open_source
from eyespot.errors import ImageError, SourceError
from eyespot.measures import audit
from eyespot.sources._arrays import from_arrays


@pytest.fixture(scope="module")
def folder(digits, tmp_path_factory):
    """Digits in folders by class; three lie in a wrong one, one is there again, a little brighter."""
    place = tmp_path_factory.mktemp("digits")
    for number, row in enumerate(digits.rows):
        label = row.values["label"]
        if number in (5, 40, 77):
            label = str((int(label) + 1) % 4)
        (place / label).mkdir(exist_ok=True)
        pixels = np.asarray(row.picture).squeeze()
        Image.fromarray(pixels).save(place / label / f"{number:03}.png")
        if number == 20:
            Image.fromarray((pixels * 0.9 + 20).astype(np.uint8)).save(place / label / "900.png")
    return place


def digest(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest(), [path.name for path in files]


@pytest.fixture(scope="module")
def found(folder, tmp_path_factory):
    before = digest(folder)
    out = tmp_path_factory.mktemp("deep")
    report = audit(open_source(folder), out)
    assert digest(folder) == before
    return report, out


def test_images_in_a_wrong_folder_are_the_first_of_the_list(found):
    report, _ = found
    assert {name[-7:-4] for name in report.ranking[:12]} >= {"005", "040", "077"}
    assert {"005", "040", "077"} <= {one.image[-7:-4] for one in report.labels}


def test_the_twin_is_found(found):
    report, _ = found
    pairs = [{one.image[-7:-4], one.proposed[-7:-4]} for one in report.duplicates]
    assert {"020", "900"} in pairs


def test_the_table_holds_all_proposals(found):
    report, out = found
    rows = list(csv.DictReader((out / "proposals.csv").read_text().splitlines()))
    assert len(rows) == len(report.proposals) and list(rows[0]) == [
        "image",
        "part",
        "what",
        "given",
        "proposed",
        "score",
    ]
    scores = [float(row["score"]) for row in rows if row["what"] == "label"]
    assert scores == sorted(scores, reverse=True)


def test_the_page_stands_alone_and_shows_pictures(found):
    page = (found[1] / "index.html").read_text()
    assert page.count("data:image/png") >= 3 and "http" not in page.replace("http-equiv", "")


def test_names_of_users_are_text_and_no_markup(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (12, 8, 8, 3)).astype(np.uint8)
    labels = ["<b>cat</b>", "dog"] * 6
    audit(from_arrays("n", "arrays", pixels, [{"label": label} for label in labels]), tmp_path)
    assert "<b>cat" not in (tmp_path / "index.html").read_text()


def test_a_file_that_vanished_is_named_and_not_shown(folder, tmp_path, monkeypatch):
    def gone(*_):
        raise ImageError("gone")

    source = open_source(folder)
    monkeypatch.setattr("eyespot.measures._data_audit.read_pixels", gone)
    audit(source, tmp_path)
    assert "cannot be read" in (tmp_path / "index.html").read_text()


def test_classes_mixed_up_are_shown_with_examples_that_say_what_they_are_taken_for(tmp_path):
    random = np.random.default_rng(0)
    pixels = random.integers(0, 255, (80, 8, 8, 3)).astype(np.uint8)
    report = audit(from_arrays("noise", "arrays", pixels, [{"label": "ab"[n % 2]} for n in range(80)]), tmp_path)
    (pair,) = report.confusable
    page = (tmp_path / "index.html").read_text()
    assert pair.classes == ("a", "b") and "a and b" in page
    assert "a, taken for b" in page or "b, taken for a" in page


def test_too_few_images_for_a_deep_look_are_an_error(tmp_path):
    labels = [{"label": str(number % 2)} for number in range(4)]
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 1), dtype=np.uint8)
    with pytest.raises(SourceError, match="4 labeled images are too few for a data audit; give 10 or more"):
        audit(from_arrays("few", "arrays", images, labels), tmp_path)


def test_a_class_of_one_image_is_listed_and_no_obstacle(tmp_path):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (25, 8, 8, 1), dtype=np.uint8)
    values = [{"label": "ab"[number % 2]} for number in range(24)] + [{"label": "rare"}]
    report = audit(from_arrays("here", "arrays", images, values), tmp_path)
    assert report.singles == ("here 24",) and report.count == 24
