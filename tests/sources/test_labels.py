"""Labels and tags in several spellings, and words for missing values, never become classes of their own."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyespot.errors import SourceError, TaskError
from eyespot.images import encode_png
from eyespot.sources import Source, open_source
from eyespot.sources._labels import unify
from eyespot.sources.tags import split_tags
from eyespot.tasks import guess_task


@pytest.fixture
def folder(tmp_path: Path, photo) -> Path:
    """Forty pictures `0.png` to `39.png`."""
    for number in range(40):
        (tmp_path / f"{number}.png").write_bytes(encode_png(photo(number, 16, 16)))
    return tmp_path


def opened(folder: Path, header: str, cells: Sequence[str], **how) -> Source:
    lines = [f"{number}.png,{cell}" for number, cell in enumerate(cells)]
    (folder / "t.csv").write_text("\n".join([f"path,{header}", *lines]), encoding="utf-8")
    return open_source(folder / "t.csv", **how)


def values(source: Source, column: str) -> set[str]:
    return {row.values.get(column, "") for row in source.rows}


@pytest.mark.parametrize(
    ("spellings", "expected"),
    [
        (["cat", "cat", "Cat", "CAT "], "cat"),
        (["New  York", "New York", "new_york", "New-York", "New York"], "New York"),
        (["cafe\u0301", "caf\u00e9"], "caf\u00e9"),
        (["1", "1.0", "01"], "1"),
        (["cat\u200b", "cat", "c\u00adat"], "cat"),
        (["cat\u200e", "cat", "\u202acat\u202c", "\uff43\uff41\uff54", "cat\ufe0f"], "cat"),
        (["class 1", "class_1", "Class-1", "class 1"], "class 1"),
        (["fox", "fox.", '"fox"', "fox", "fox"], "fox"),
    ],
)  # fmt: skip
def test_spellings_of_one_label_are_one_class_and_are_reported(
    folder: Path, spellings: list[str], expected: str
) -> None:
    cells = [*spellings * 4, *["dog"] * 10]
    source = opened(folder, "label", cells)
    assert values(source, "label") == {expected, "dog"}
    assert any("are one label" in note for note in source.notes)


def test_single_letters_and_signs_stay_apart() -> None:
    changed, notes = unify(
        {"a": 3, "A": 3, "+": 1, "-": 1, "-1": 2, "1": 2, "temp -1": 1, "temp 1": 1, "C": 1, "C++": 1}
    )
    assert all(label == best for label, best in changed.items())
    assert "single letters keep their case" in notes[0]


def test_two_forms_of_an_accent_in_folder_names_are_one_class(tmp_path: Path, photo) -> None:
    for part, form in (("train", "NFC"), ("val", "NFD")):
        for kind, name in enumerate(("café", "tea")):
            place = tmp_path / part / unicodedata.normalize(form, name)
            place.mkdir(parents=True)
            for number in range(8):
                seed = 1000 * kind + number + (100 if part == "val" else 0)
                (place / f"{number}.png").write_bytes(encode_png(photo(seed, 16, 16)))
    assert values(open_source(tmp_path), "label") == {unicodedata.normalize("NFC", "café"), "tea"}


@pytest.mark.parametrize("word", ["NaN", "None", "null", "n/a", "NA", "?", "<NA>", "\\N", "#VALUE!", "N.A.", "-nan"])
def test_words_for_a_missing_value_are_no_class(folder: Path, word: str) -> None:
    source = opened(folder, "label", ["cat"] * 19 + ["dog"] * 20 + [word])
    assert values(source, "label") == {"cat", "dog", ""}
    assert any(f"1 cell with '{word}': treated as empty" in note for note in source.notes)


def test_a_folder_called_none_is_a_class(class_folder) -> None:
    assert values(open_source(class_folder(none=10, crack=10)), "label") == {"none", "crack"}


def test_a_missing_group_groups_nothing(folder: Path) -> None:
    source = opened(folder, "group", ["nan"] * 40)
    assert len(source.test) and values(source, "group") == {""}


@pytest.mark.parametrize(
    "cells",
    [
        ["red big", "blue big", "red blue big", "red", "red small"],
        ["red;big", "blue;big", "red; blue ;big", "red", "red;small"],
        ["red|big", "blue|big", "red|blue|big", "red", "red|small"],
        ["['red', 'big']", "['blue', 'big']", "['red', 'blue', 'big']", "['red']", "['red', 'small']"],
        ['["red", "big"]', '["blue", "big"]', '["red", "blue", "big"]', '["red"]', '["red", "small"]'],
        ["['red' 'big']", "['blue' 'big']", "['red' 'blue' 'big']", "['red']", "['red' 'small']"],
        ["Red, big", "blue,big", "red,blue,BIG", "red", "red,small"],
        ["red\nbig", "blue\nbig", "red\nblue\nbig", "red", "red\nsmall"],
        ["red\uff0cbig", "blue\u3001big", "red\uff0cblue\uff1bbig", "red", "red\u060csmall"],
        [
            "{'red': 1, 'big': 1, 'x': 0}",
            '{"blue": true, "big": true}',
            "('red', 'blue', 'big')",
            "red",
            "[red, small]",
        ],
    ],
)
def test_tags_are_read_however_they_are_separated(folder: Path, cells: list[str]) -> None:
    quoted = [f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in cells] * 8
    expected = {"red|big", "blue|big", "red|blue|big", "red", "red|small"}
    assert values(opened(folder, "tags", quoted), "tags") == expected


def test_an_object_of_other_values_is_no_list_of_tags() -> None:
    with pytest.raises(SourceError, match=r"The tags are .*0\.7.*expected a list"):
        split_tags(["{'cat': 0.7, 'dog': 0.3}"])


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1,5", "-2,25", "3"], {"1.5", "-2.25", "3"}),
        (["\u22121,5", "12,125", "3"], {"-1.5", "12.125", "3"}),
        (["1,500", "2,250", "3"], {"1,500", "2,250", "3"}),  # thousands just as well
    ],
)
def test_decimal_commas_are_read_where_they_are_clear(folder: Path, cells: list[str], expected: set[str]) -> None:
    source = opened(folder, "number", [f'"{cells[number % 3]}"' for number in range(40)])
    assert values(source, "number") == expected
    assert any("decimal comma" in note for note in source.notes) == ("1,500" not in cells)


def test_names_with_spaces_are_whole_tags() -> None:
    cells, notes = split_tags(["traffic light", "stop sign", "car"])
    assert cells["traffic light"] == ["traffic light"] and "kept whole" in notes[0]


def test_an_empty_list_of_tags_says_none_and_an_empty_cell_says_nothing(folder: Path) -> None:
    source = opened(folder, "tags", ["[]", "", "a", "a|?b", "b"] * 8)
    assert values(source, "tags") == {"-", "", "a", "a|?b", "b"}


def test_one_row_for_each_tag_is_joined(folder: Path) -> None:
    lines = [f"{n}.png,{tag}" for n in range(40) for tag in (("red", "blue")[n % 2], ("old", "new")[n % 3 == 0])]
    (folder / "t.csv").write_text("\n".join(["path,tags", *lines]))
    source = open_source(folder / "t.csv")
    assert len(source) == 40 and values(source, "tags") == {"red|old", "red|new", "blue|old", "blue|new"}


def test_rows_that_give_one_image_two_labels_are_problems(folder: Path) -> None:
    lines = [f"{n}.png,{'ab'[n % 2]}" for n in range(40)]
    (folder / "t.csv").write_text("\n".join(["path,label", *lines, "./0.png,b"]))
    source = open_source(folder / "t.csv", bad_share=0.1)
    assert len(source) == 39 and len(source.problems) == 2
    assert "different values of 'label' (a, b)" in source.problems[0].reason


def test_repeated_rows_count_once(folder: Path) -> None:
    lines = [f"{n}.png,{'ab'[n % 2]}" for n in range(40)]
    (folder / "t.csv").write_text("\n".join(["path,label", *lines, *lines]))
    source = open_source(folder / "t.csv")
    assert len(source) == 40 and "duplicate rows, left out: 40" in source.notes


def test_columns_of_zeros_and_ones_are_tags_where_chosen(folder: Path) -> None:
    (folder / "t.csv").write_text(
        "\n".join(["filename, cat, dog", *(f"{n}.png, {n % 2}, {n // 20}" for n in range(40))])
    )
    columns = {"path": "filename", "tags": "cat,dog"}
    assert values(open_source(folder / "t.csv", columns=columns), "tags") == {"-", "cat", "dog", "cat|dog"}
    with pytest.raises(TaskError, match="tags=cat,dog") as caught:
        guess_task(open_source(folder / "t.csv", columns={"path": "filename"}))
    assert caught.value.argument == "column"
    with pytest.raises(SourceError, match="needs exactly one") as refused:
        open_source(folder / "t.csv", columns={"path": "filename", "label": "cat,dog"})
    assert refused.value.argument == "column"


def test_whole_numbers_in_floating_point_are_labels_or_numbers_as_the_task_says() -> None:
    x = np.random.default_rng(0).integers(0, 256, (60, 8, 8, 3), dtype=np.uint8)
    source = open_source({"x": x, "y": (np.arange(60) % 2).astype(np.float32)})
    assert values(source, "label") == {"0", "1"}
    with pytest.raises(TaskError, match=r"several tasks \(classify, regress\).*task='classify'"):
        guess_task(source)
    assert guess_task(open_source({"x": x, "y": np.linspace(0, 1, 60)}))[0] == "regress"


@given(st.dictionaries(st.text(max_size=6), st.integers(1, 9), max_size=8))
def test_unifying_twice_changes_nothing_more(counts: dict[str, int]) -> None:
    once, _ = unify(counts)
    again, _ = unify(dict.fromkeys(once.values(), 1))
    assert all(label == best for label, best in again.items())
