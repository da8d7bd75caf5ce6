"""Applying a plan and undoing it survive a kill at any moment: every photo is in exactly one place, and is whole.

For copy, link and move, `points` child processes are killed (SIGKILL) at lines spread evenly over those that applying
runs through, and as many while undoing. After each kill the photos are looked up at source and target; then the same
command continues, and the folders are compared with what an undisturbed run gives.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from _common import finish, parse

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from eyespot.images import write_png  # noqa: E402
from eyespot.organizing import ACTIONS, apply_plan, make_plan, organize, read_plan, undo, write_plan  # noqa: E402
from tests.organizing.killing import kill_at, lines_run  # noqa: E402

LENGTH = "short"
PHOTOS = 12


def main() -> None:
    arguments = parse(__doc__, {"points": 50})
    with tempfile.TemporaryDirectory() as folder:
        rows = [outcome(Path(folder), action, arguments.points) for action in ACTIONS]
    finish(__file__, arguments, {"photos": PHOTOS, "points": arguments.points}, rows)


def outcome(folder: Path, action: str, points: int) -> dict:
    album, into, plan = folder / action / "album", folder / action / "sorted", folder / action / "plan.json"
    album.mkdir(parents=True)
    for number in range(PHOTOS):
        pixels = np.random.default_rng(number).integers(0, 256, (16, 16, 3), np.uint8)
        write_png(pixels, album / f"2024010{number % 3 + 1}_1200{number:02}.png")
    before = contents(album)
    write_plan(make_plan(organize(album, folder / action / "index.sqlite")), plan)
    where = {step.file: step.target for step in read_plan(plan).steps}

    def run() -> None:
        apply_plan(read_plan(plan), plan, action, into)

    lines, reverse = lines_run(run), lines_run(lambda: undo(plan))
    row = {"action": action, "kills": 0, "photos lost, doubled or damaged": 0, "runs not completed": 0}
    for point in range(points):
        kill_at(run, lines * point // points)
        row["photos lost, doubled or damaged"] += wrong(before, where, contents(album), contents(into), action)
        run()
        row["runs not completed"] += sorted(contents(into)) != sorted(where.values())
        kill_at(lambda: undo(plan), reverse * point // points)
        row["photos lost, doubled or damaged"] += wrong(before, where, contents(album), contents(into), action)
        if plan.with_name("plan.json.journal").exists():
            undo(plan)
        row["runs not completed"] += contents(album) != before or into.exists()
        row["kills"] += 2
    return row


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def wrong(before: dict, where: dict, here: dict, there: dict, action: str) -> int:
    """Photos that are not whole in the place they belong to: by a move, one of the two; else, the first."""
    count = 0
    for name, content in before.items():
        found = [each for each in (here.get(name), there.get(where[name])) if each is not None]
        whole = bool(found) and all(each == content for each in found)
        count += not (whole and (len(found) == 1 if action == "move" else name in here))
    return count


if __name__ == "__main__":
    main()
