"""`eyespot organize`: counts, groups, and reports."""

import csv
import json
from pathlib import Path

import pytest

from eyespot.cli._app import run
from eyespot.organizing import _embedding

from ..organizing.photos import save, scene


@pytest.fixture
def album(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(_embedding, "is_installed", lambda name: False)
    save(scene(0), tmp_path / "album" / "a.png", "2024:05:01 12:00:00")
    save(scene(0)[::2, ::2], tmp_path / "album" / "small <b>.png")
    save(scene(1), tmp_path / "album" / "b.png")
    (tmp_path / "album" / "copy.png").write_bytes((tmp_path / "album" / "b.png").read_bytes())
    (tmp_path / "album" / "broken.jpg").write_bytes(b"\xff\xd8\xff no image")
    return tmp_path / "album"


def test_counts_copies_events_and_unreadable_files_are_printed(album, capsys):
    assert run(["organize", str(album), "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert (
        "4 photos, 1 unreadable, 1 exact groups, 1 altered groups, 2 redundant copies, 1 events, 3 undated" in printed
    )
    assert "exact: keep b.png\n  copy.png: same bytes" in printed
    assert "altered: keep a.png\n  small <b>.png: gradients correlate by " in printed
    assert "event 2024-05-01: 1 photo\n" in printed
    assert "unreadable: broken.jpg: " in printed


def test_the_json_document_names_files(album, capsys):
    assert run(["organize", str(album), "--json", "--quiet"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["counts"]["photos"] == 4
    assert {group["kind"]: group["best"] for group in found["groups"]} == {"exact": "b.png", "altered": "a.png"}
    assert found["photos"][0]["taken"] == "2024-05-01T12:00:00"
    assert list(found["errors"]) == ["broken.jpg"]


def test_reports_are_written_by_their_suffix(album, tmp_path, capsys):
    files = {suffix: tmp_path / "out" / f"report{suffix}" for suffix in (".json", ".csv", ".html")}
    for file in files.values():
        assert run(["organize", str(album), "--out", str(file), "--quiet"]) == 0
    printed = capsys.readouterr().out
    assert f"report: {files['.html']}" in printed
    assert json.loads(files[".json"].read_text())["counts"]["events"] == 1
    with files[".csv"].open(newline="") as opened:
        rows = {row["file"]: row for row in csv.DictReader(opened)}
    assert rows["copy.png"]["copy_of"] == "b.png" and rows["a.png"]["event"] == "2024-05-01"
    assert rows["broken.jpg"]["error"]
    page = files[".html"].read_text()
    assert "small &lt;b&gt;.png" in page and "<b>.png" not in page.replace("&lt;b&gt;.png", "")


def test_wrong_use_is_one_sentence(album, tmp_path, capsys):
    assert run(["organize", str(album), "--out", str(tmp_path / "report.txt")]) == 2
    assert "expected a file ending in .json, .csv, .html. (option --out)" in capsys.readouterr().err
    assert run(["organize", str(tmp_path / "missing")]) == 2
    assert "is not a folder" in capsys.readouterr().err


def test_a_plan_is_written_applied_and_undone(album, tmp_path, capsys):
    plan, into = tmp_path / "plan.csv", tmp_path / "sorted"
    command = ["organize", str(album), "--plan", str(plan)]
    assert run([*command, "--template", "{year}/{name}", "--quiet"]) == 0
    assert "nothing was changed" in capsys.readouterr().out
    assert run([*command, "--apply", "move", "--into", str(into)]) == 0
    assert "4 photos moved; to undo" in capsys.readouterr().out
    assert sorted(file.name for file in album.iterdir()) == ["broken.jpg"]
    assert (into / "2024" / "a.png").exists()
    assert run([*command, "--undo"]) == 0
    assert "4 photos put back" in capsys.readouterr().out
    assert len(list(album.iterdir())) == 5 and not into.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--apply", "copy", "--into", "x"], "need --plan"),
        (["--plan", "plan.json", "--apply", "copy"], "need each other"),
        (["--plan", "plan.json", "--apply", "copy", "--into", "x", "--undo"], "exclude each other"),
        (["--people", "--similar"], "exclude each other"),
        (["--plan", "plan.json", "--apply", "copy", "--into", "x"], "there is no such plan"),
        (["--plan", "plan.txt"], "expected a file ending in .json or .csv"),
        (["--plan", "plan.json", "--template", "{year}"], "must end with {name}"),
    ],
)
def test_wrong_use_of_plans_is_one_sentence(album, options, message, capsys):
    assert run(["organize", str(album), *options]) == 2
    assert message in capsys.readouterr().err


def test_a_plan_of_another_collection_is_refused(album, tmp_path, capsys):
    plan = str(tmp_path / "plan.json")
    assert run(["organize", str(album), "--plan", plan, "--quiet"]) == 0
    save(scene(5), tmp_path / "other" / "a.png")
    assert run(["organize", str(tmp_path / "other"), "--plan", plan, "--apply", "copy", "--into", "x"]) == 2
    assert "is a plan for" in capsys.readouterr().err


def test_a_search_lists_photos_and_writes_results(album, tmp_path, capsys):
    table, page = tmp_path / "found.csv", tmp_path / "found.html"
    assert run(["search", str(album), "--after", "2024-05-01", "--out", str(page), "--quiet"]) == 0
    assert capsys.readouterr().out == f"   1. a.png\nresult: {page}\n"
    assert "a.png" in page.read_text()
    assert run(["search", str(album), "--color", "gray", "--count", "2", "--out", str(table), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 2 and rows[0]["color"] == rows[0]["score"] >= rows[1]["score"]
    with table.open(newline="") as opened:
        assert [row["file"] for row in csv.DictReader(opened)] == [row["file"] for row in rows]
    assert run(["search", str(album), "--before", "1990-01-01"]) == 0
    assert "No photo meets" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Nothing to search for"),
        (["--after", "yesterday"], "expected a date such as"),
        (["--near", "1"], "expected LATITUDE,LONGITUDE"),
        (["--near", "100,0"], "expected LATITUDE,LONGITUDE"),
        (["--color", "ultraviolet"], "Unknown color"),
        (["--region", "1,2,3"], "expected X1,Y1,X2,Y2"),
        (["--words", "dog"], "pretrained"),
        (["--clip", "clip"], "--clip needs --words"),
        (["--clip", "clip", "--words", "two dogs, one cat"], "clip: has no image.onnx"),
    ],
)
def test_searches_that_make_no_sense_are_one_sentence(album, options, message, capsys):
    assert run(["search", str(album), *options]) == 2
    assert message in capsys.readouterr().err
