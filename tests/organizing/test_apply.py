"""Plans: written, edited, applied and undone; killed at any moment, every photo is in exactly one place."""

import errno
import json
from dataclasses import replace
from pathlib import Path

import pytest

from eyespot.errors import RunError
from eyespot.organizing import ACTIONS, Plan, apply_plan, make_plan, organize, read_plan, undo, write_plan
from eyespot.organizing import _moving as moving
from eyespot.organizing._apply import journal_of

from .killing import kill_at, lines_run
from .photos import save, scene

STATES = 8
"""Kill points in each of the tests that kill; benchmarks/organize_kills.py takes 50."""


OUTSIDE = {"file": "a", "target": "../b", "size": 1, "modified": 1, "content": "", "note": ""}


@pytest.fixture
def album(tmp_path: Path) -> Path:
    folder = tmp_path / "album"
    save(scene(0), folder / "a.jpg", "2024:05:01 12:00:00")
    save(scene(1), folder / "sub" / "a.jpg", "2024:05:01 13:00:00")
    save(scene(2), folder / "sub" / "A.JPG.png", "2023:01:01 12:00:00")
    save(scene(3), folder / "none.png")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def planned(album: Path, template: str = "{year}/{event}/{name}") -> Plan:
    return make_plan(organize(album, album.parent / "index.sqlite"), template)


def targets(plan: Plan) -> dict[str, str]:
    return {step.file: step.target for step in plan.steps}


def test_the_template_decides_where_photos_go_and_names_that_clash_get_numbers(album):
    assert targets(planned(album)) == {
        "a.jpg": "2024/2024-05-01/a.jpg",
        "none.png": "undated/undated/none.png",
        "sub/A.JPG.png": "2023/2023-01-01/A.JPG.png",
        "sub/a.jpg": "2024/2024-05-01/a (2).jpg",
    }
    assert targets(planned(album, "{folder}/{camera}/{name}"))["sub/a.jpg"] == "sub/Camera/a.jpg"
    save(scene(5), album / "sub" / "A.jpg")
    clashing = targets(planned(album, "{name}")).values()
    assert len({target.casefold() for target in clashing}) == 5


@pytest.mark.parametrize(
    "template", ["{year}", "{unknown}/{name}", "../{name}", "/{name}", "{year/{name}", "{}/{name}"]
)
def test_templates_that_cannot_be_used_are_refused(album, template):
    with pytest.raises(RunError, match="'"):
        planned(album, template)


@pytest.mark.parametrize("suffix", [".json", ".csv"])
def test_a_plan_is_read_as_it_was_written(album, tmp_path, suffix):
    plan = planned(album)
    odd = replace(plan, steps=(*plan.steps, replace(plan.steps[0], file='caf\udce9 ",\n.jpg', target="x/ü.jpg")))
    write_plan(odd, tmp_path / f"plan{suffix}")
    assert read_plan(tmp_path / f"plan{suffix}") == odd


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "'version' is missing"),
        ("no json", "is no plan"),
        ('{"version": 2}', "version 2, expected 1"),
        (json.dumps({"version": 1, "collection": "/", "steps": [OUTSIDE]}), "entry 1: '../b' leads out"),
    ],
)
def test_what_is_no_plan_is_refused(tmp_path, text, message):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(RunError, match=message):
        read_plan(tmp_path / "plan.json")


@pytest.fixture
def file(album: Path, tmp_path: Path) -> Path:
    write_plan(planned(album), tmp_path / "plan.json")
    return tmp_path / "plan.json"


def apply(file: Path, action: str, into: Path):
    return apply_plan(read_plan(file), file, action, into)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_plan_is_applied_and_undone(album, file, tmp_path, action):
    before, into = contents(album), tmp_path / "new" / "sorted"
    assert apply(file, action, into).done == 4
    after = {target: before[name] for name, target in targets(read_plan(file)).items()}
    assert contents(into) == after
    assert contents(album) == ({} if action == "move" else before)
    linked = [(album / "a.jpg").samefile(into / "2024/2024-05-01/a.jpg")] if action != "move" else []
    assert linked == [action == "link"] * len(linked)
    assert apply(file, action, into).done == 4  # nothing is left to do
    assert undo(file).done == 4
    assert contents(album) == before
    assert not (tmp_path / "new").exists()
    with pytest.raises(RunError, match="nothing of this plan was applied"):
        undo(file)
    assert apply(file, action, into).done == 4


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("across", [False, True], ids=["", "between file systems"])
def test_killed_at_any_moment_every_photo_is_in_exactly_one_place(album, file, tmp_path, action, across, monkeypatch):
    if across:
        if action != "move":
            pytest.skip("only a move differs between file systems")
        monkeypatch.setattr(moving, "rename", rename_within(moving.rename, album))
    before, into = contents(album), tmp_path / "sorted"
    where = targets(read_plan(file))
    total = lines_run(lambda: apply(file, action, into))
    reverse = lines_run(lambda: undo(file))
    for state in range(STATES):
        kill_at(lambda: apply(file, action, into), total * state // STATES)
        check(before, where, album, into, action, across)
        assert apply(file, action, into).skipped == {}
        assert sorted(contents(into)) == sorted(where.values())
        kill_at(lambda: undo(file), reverse * state // STATES)
        check(before, where, album, into, action, across)
        if journal_of(file).exists():
            assert undo(file).skipped == {}
        assert contents(album) == before and not into.exists()


def rename_within(rename, folder: Path):
    """As if `folder` were a file system of its own."""

    def renamed(source: Path, target: Path) -> None:
        if source.is_relative_to(folder) != target.is_relative_to(folder):
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        rename(source, target)

    return renamed


def check(before: dict, where: dict, album: Path, into: Path, action: str, across: bool) -> None:
    """Each photo is whole at its source or its target; by a move, in one of them only."""
    here, there = contents(album), contents(into)
    for name, content in before.items():
        found = [each for each in (here.get(name), there.get(where[name])) if each is not None]
        assert found and all(each == content for each in found)
        if action == "move" and not across:  # between file systems a verified copy comes first
            assert len(found) == 1
        if action != "move":
            assert here[name] == content


def test_files_that_changed_or_vanished_are_skipped(album, file, tmp_path):
    save(scene(9), album / "a.jpg", "2024:05:01 12:00:00")
    (album / "none.png").unlink()
    found = apply(file, "move", tmp_path / "sorted")
    assert found.done == 2
    assert found.skipped == {"a.jpg": "has changed since the plan was made", "none.png": "is no longer there"}
    assert (album / "a.jpg").exists()
    assert undo(file).done == 2


def test_nothing_is_done_where_a_target_exists_or_two_are_the_same(album, file, tmp_path):
    into = tmp_path / "sorted"
    save(scene(9), into / "2024" / "2024-05-01" / "a.jpg")
    with pytest.raises(RunError, match=r"Nothing was done: 2024/2024-05-01/a.jpg exists already"):
        apply(file, "move", into)
    plan = read_plan(file)
    same = replace(plan, steps=tuple(replace(step, target=f"x{number % 2}/Y.jpg".swapcase() if number else "x0/y.jpg")
                                     for number, step in enumerate(plan.steps)))  # fmt: skip
    with pytest.raises(RunError, match="have the same target"):
        apply_plan(same, file, "copy", tmp_path / "other")
    with pytest.raises(RunError, match=r"a\.jpg is listed 2 times"):
        apply_plan(replace(plan, steps=plan.steps[:1] * 2), file, "copy", tmp_path / "other")
    assert len(contents(album)) == 4 and not journal_of(file).exists()


def test_an_empty_target_leaves_a_photo_where_it_is(album, file, tmp_path):
    plan = read_plan(file)
    write_plan(replace(plan, steps=(replace(plan.steps[0], target=""), *plan.steps[1:])), file)
    assert apply(file, "move", tmp_path / "sorted").done == 3
    assert list(contents(album)) == ["a.jpg"]


def test_a_file_that_came_to_the_target_meanwhile_is_not_overwritten(album, file, tmp_path, monkeypatch):
    into, real = tmp_path / "sorted", moving.rename

    def too_late(source: Path, target: Path) -> None:
        if target.name == "none.png":
            target.write_text("of another program")
        real(source, target)

    monkeypatch.setattr(moving, "rename", too_late)
    found = apply(file, "move", into)
    assert found.done == 3 and "File exists" in found.skipped["none.png"]
    assert (into / "undated" / "undated" / "none.png").read_text() == "of another program"
    assert (album / "none.png").exists()


@pytest.mark.parametrize("action", ["copy", "move"])
def test_a_full_disk_leaves_the_originals_and_no_half_copies(album, file, tmp_path, monkeypatch, action):
    before, into = contents(album), tmp_path / "sorted"

    def full(source: Path, target: Path) -> None:
        Path(target).write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(moving.shutil, "copy2", full)
    monkeypatch.setattr(moving, "rename", rename_within(moving.rename, album))
    found = apply(file, action, into)
    assert found.done == 0 and all("No space left" in reason for reason in found.skipped.values())
    assert contents(album) == before and contents(into) == {}


def test_copies_that_were_edited_are_kept_by_undo(album, file, tmp_path):
    into = tmp_path / "sorted"
    apply(file, "copy", into)
    edited = into / "undated" / "undated" / "none.png"
    edited.write_bytes(b"edited")
    found = undo(file)
    assert found.done == 3 and "has changed" in found.skipped["none.png"]
    assert edited.read_bytes() == b"edited"


def test_a_plan_that_was_applied_is_not_applied_in_another_way(album, file, tmp_path):
    apply(file, "copy", tmp_path / "sorted")
    with pytest.raises(RunError, match="was applied before"):
        apply(file, "move", tmp_path / "sorted")
    with pytest.raises(RunError, match="was applied before"):
        apply(file, "copy", tmp_path / "other")


def test_links_to_photos_stay_where_they_are(album, tmp_path):
    (album / "link.jpg").symlink_to(album / "a.jpg")
    step = next(step for step in planned(album).steps if step.file == "link.jpg")
    assert step.target == "" and "link" in step.note


def test_a_folder_that_cannot_be_written_to_is_refused(album, file, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(RunError, match="is not a folder that can be written to"):
        apply(file, "copy", tmp_path / "file" / "sorted")
