"""Rows whose images lie in one array behave like a list of rows."""

import numpy as np

from eyespot.sources._collection import ArrayRows, Numbered, take_rows

STACK = np.arange(5 * 2 * 2, dtype=np.uint8).reshape(5, 2, 2, 1)
ROWS = ArrayRows(STACK, [{"label": str(number)} for number in range(5)], Numbered("picture", 5))


def labels(rows: object) -> list[str]:
    return [row.values["label"] for row in rows]  # pyright: ignore


def test_rows_are_made_when_asked_for() -> None:
    assert len(ROWS) == 5 and ROWS[3].name == "picture 3" and ROWS[-1].values == {"label": "4"}
    assert labels(ROWS) == ["0", "1", "2", "3", "4"]
    assert labels(ROWS[1:4:2]) == ["1", "3"]


def test_some_of_some_rows_are_the_right_ones_and_share_the_images() -> None:
    some = ROWS.take(np.array([4, 2, 0])).take(np.array([1, 0]))
    assert labels(some) == ["2", "4"]
    assert np.shares_memory(some[0].picture, STACK)  # pyright: ignore


def test_lists_are_taken_from_alike() -> None:
    assert labels(take_rows(list(ROWS), np.array([3, 1]))) == labels(take_rows(ROWS, np.array([3, 1]))) == ["3", "1"]


def test_names_are_numbered() -> None:
    names = Numbered("digit", 3)
    assert list(names) == ["digit 0", "digit 1", "digit 2"] and names[-1] == "digit 2" and names[:2] == list(names)[:2]
