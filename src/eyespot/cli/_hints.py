"""User-defined colors of pixels: a table with the columns image, row, column and color."""

import csv
import re
from pathlib import Path

from ..errors import RunError
from ..tasks.task import Hint, Task

COLUMNS = ("image", "row", "column", "color")
COLOR = re.compile("#?([0-9a-fA-F]{6})")
EXAMPLE = "street.jpg,120,80,#c03020"


def hints_for(task: Task, file: Path) -> dict[str, list[Hint]]:
    """The hints of a table; raise `RunError` if the task does not support hints."""
    if not task.takes_hints:
        raise RunError(f"{file}: the task {task.name} takes no hints; leave them out.", argument="hints")
    return read_hints(file)


def read_hints(file: Path) -> dict[str, list[Hint]]:
    """The hints of each image by file name; raise `RunError` for an unreadable or invalid table."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as opened:
            reader = csv.DictReader(opened)
            if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
                raise RunError(
                    f"{file}: has no column {' and none '.join(missing)}; expected {','.join(COLUMNS)}, with lines "
                    f"such as {EXAMPLE}.",
                    argument="hints",
                )
            hints: dict[str, list[Hint]] = {}
            for values in reader:
                hints.setdefault(values["image"] or "", []).append(_hint(values, f"{file} line {reader.line_num}"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RunError(f"{file}: cannot be read ({error}); give a CSV table of hints.", argument="hints") from error
    return hints


def _hint(values: dict[str, str | None], where: str) -> Hint:
    places = [values["row"] or "", values["column"] or ""]
    color = COLOR.fullmatch((values["color"] or "").strip())
    if not all(re.fullmatch(r"\s*[0-9]{1,6}\s*", place) for place in places) or color is None:
        raise RunError(
            f"{where}: is row {places[0]}, column {places[1]}, color {values['color']}; expected whole numbers from 0 "
            f"on and a color of six hexadecimal digits, such as {EXAMPLE}.",
            argument="hints",
        )
    red, green, blue = bytes.fromhex(color[1])
    return Hint(row=int(places[0]), column=int(places[1]), color=(red, green, blue))
