"""Tables: columns and their meanings, paths that stay inside, lines that are named."""

import contextlib
import csv
import json
import string
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eyespot.errors import SourceError
from eyespot.images import encode_png
from eyespot.sources import open_source
from eyespot.sources._table import read_table

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=12).map(str.strip)


@pytest.fixture
def folder(tmp_path: Path, photo) -> Path:
    """Twenty pictures `0.png` to `19.png`."""
    for number in range(20):
        (tmp_path / f"{number}.png").write_bytes(encode_png(photo(number, 16, 16)))
    return tmp_path


def written(folder: Path, text: str, name: str = "labels.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_each_column_is_kept_and_the_line_is_named(folder: Path) -> None:
    file = written(folder, "path,label,note\n0.png,cat,asleep\n1.png,dog,\n")
    rows = read_table(file).rows
    assert [row.values for row in rows] == [{"label": "cat", "note": "asleep"}, {"label": "dog", "note": ""}]
    assert [row.location for row in rows] == ["labels.csv line 2", "labels.csv line 3"]
    assert [Path(str(row.picture)) for row in rows] == [folder / "0.png", folder / "1.png"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "path,label\n0.png,cat\n"),
        ("a.csv", "\ufeffpath,label\r\n0.png,cat\r\n"),
        ("a.csv", "path;label\n0.png;cat\n"),
        ("a.csv", 'path,label\n"0.png","cat"\n\n'),
        ("a.tsv", "path\tlabel\n0.png\tcat\n"),
        ("a.jsonl", '{"path": "0.png", "label": "cat"}\n\n'),
        ("a.CSV", " path , label \n 0.png , cat \n"),
    ],
)
def test_every_form_of_table_says_the_same(folder: Path, name: str, text: str) -> None:
    (row,) = read_table(written(folder, text, name)).rows
    assert row.name == "0.png" and row.values == {"label": "cat"}


def test_lists_and_numbers_in_json_become_text(folder: Path) -> None:
    text = json.dumps({"path": "0.png", "tags": ["cat", "sofa"], "number": -0.25, "group": None})
    (row,) = read_table(written(folder, text, "a.jsonl")).rows
    assert row.values == {"tags": '["cat", "sofa"]', "number": "-0.25", "group": ""}


def test_columns_can_be_chosen_and_put_together(folder: Path) -> None:
    file = written(folder, "frame,steering,speed\n3,-0.5,9\n")
    (row,) = read_table(file, {"path": "{frame}.png", "number": "steering"}).rows
    assert row.name == "3.png"
    assert row.values == {"frame": "3", "steering": "-0.5", "speed": "9", "number": "-0.5"}


def test_a_second_image_is_found_beside_the_first(folder: Path) -> None:
    (row,) = read_table(written(folder, "path,paired\n0.png,1.png\n")).rows
    assert Path(str(row.paired)) == folder / "1.png"


def test_parts_go_by_many_names(folder: Path) -> None:
    file = written(folder, "path,split\n0.png,Train\n1.png,val\n2.png,testing\n3.png,validation\n")
    assert [row.values["split"] for row in read_table(file).rows] == ["train", "validation", "test", "validation"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("path,label\n", "no line below its header"),
        ("file,label\n0.png,a\n", "no column 'path', only file, label"),
        ("path,label,label\n0.png,a,b\n", "several columns called label"),
        ("path,label\n0.png,a,b\n", "line 2: has 3 fields, the header 2"),
        ("path,label\n0.png\n", "line 2: has 1 fields, the header 2"),
        ('path,label\n"0.png,a\n', "cannot be read as a table"),
        ("path,split\n0.png,tran\n", "Did you mean 'train'"),
    ],
)
def test_a_table_that_makes_no_sense_is_an_error_that_names_it(folder: Path, text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as error:
        read_table(written(folder, text))
    assert "labels.csv" in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{not json}\n", "line 1: is not JSON"),
        ("[1, 2]\n", "entry 1: is not an object"),
        ("[" * 100_000 + "\n", "is not JSON"),
    ],
)
def test_json_lines_that_make_no_sense_are_named(folder: Path, text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read_table(written(folder, text, "a.jsonl"))


def test_a_table_in_another_encoding_is_an_error(folder: Path) -> None:
    (folder / "labels.csv").write_bytes("path,label\n0.png,Bär\n".encode("latin-1"))
    with pytest.raises(SourceError, match="UTF-8"):
        read_table(folder / "labels.csv")


def test_an_unknown_choice_of_columns_names_the_nearest(folder: Path) -> None:
    file = written(folder, "path,kind\n0.png,a\n")
    with pytest.raises(SourceError, match="Did you mean 'kind'"):
        read_table(file, {"label": "kin"})


@pytest.mark.parametrize(
    "path",
    ["../x.png", "a/../../x.png", "/etc/passwd", "C:\\x.png", "C:x.png", "\\\\server\\x.png", "..\\x.png", "a\0b.png"],
)
@pytest.mark.parametrize("column", ["path", "paired"])
def test_paths_that_lead_out_are_never_read_and_named(folder: Path, path: str, column: str) -> None:
    values = {"path": "0.png", column: path}
    found = read_table(written(folder, json.dumps(values), "labels.jsonl"))
    assert not found.rows and [problem.location for problem in found.problems] == ["labels.jsonl line 1"]


def test_links_that_lead_out_are_never_read_and_named(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret.png"
    outside.write_bytes(encode_png(np.zeros((4, 4), np.uint8)))
    (folder / "link.png").symlink_to(outside)
    (folder / "linked").symlink_to(outside.parent)
    (folder / "inside.png").symlink_to(folder / "0.png")
    for path in ("link.png", "linked/secret.png"):
        found = read_table(written(folder, f"path\n{path}\n"))
        assert not found.rows and "a link out" in found.problems[0].reason
    assert len(read_table(written(folder, "path\ninside.png\n")).rows) == 1


def test_up_to_five_percent_of_missing_pictures_are_left_out_and_named(folder: Path) -> None:
    lines = [f"{number % 20}.png,{number % 2}" for number in range(19)]
    source = open_source(written(folder, "\n".join(["path,label", *lines, "gone.png,1"])))
    assert len(source) == 19
    (problem,) = source.problems
    assert problem.name == "gone.png" and problem.location == "labels.csv line 21"


def test_more_than_five_percent_of_missing_pictures_are_an_error_that_names_some(folder: Path) -> None:
    lines = [f"{number}.png,0" for number in range(18)]
    file = written(folder, "\n".join(["path,label", *lines, "gone.png,1", "lost.png,1"]))
    with pytest.raises(SourceError, match=r"labels\.csv: 2 of 20 images .*gone\.png.*lost\.png"):
        open_source(file)


def test_a_group_lies_on_one_side(folder: Path) -> None:
    lines = [f"{number}.png,person {number // 2}" for number in range(20)]
    source = open_source(written(folder, "\n".join(["path,group", *lines])))
    sides: dict[str, set[str]] = {}
    for part in source.parts:
        for row in part.rows:
            sides.setdefault(row.values["group"], set()).add(part.name)
    assert len(sides) == 10 and all(len(parts) == 1 for parts in sides.values())


@given(rows=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=8), tabs=st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_in_a_csv_file_is_read_as_it_was_written(
    folder: Path, rows: list[tuple[str, str]], tabs: bool
) -> None:
    file = folder / ("any.tsv" if tabs else "any.csv")
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t" if tabs else ",")
        writer.writerow(["path", "label", "note"])
        writer.writerows(["0.png", *row] for row in rows)
    expected = [{"label": label, "note": note} for label, note in rows]
    assert [row.values for row in read_table(file).rows] == expected


READ_COLUMNS = ("path", "paired", "split", "x", "y", "boxes", "points")
"""Columns whose values are interpreted or joined rather than kept as text."""


@given(
    values=st.dictionaries(st.text(string.ascii_lowercase, min_size=1).filter(lambda k: k not in READ_COLUMNS), TEXT)
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_in_json_lines_is_read_as_it_was_written(folder: Path, values: dict[str, str]) -> None:
    file = folder / "any.jsonl"
    file.write_text(json.dumps({"path": "0.png", **values}), encoding="utf-8")
    assert [row.values for row in read_table(file).rows] == [values]


@given(path=st.text(st.sampled_from("./\\ab0:~ \0"), max_size=12))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_path_reads_outside_the_folder(folder: Path, path: str) -> None:
    file = folder / "any.jsonl"
    file.write_text(json.dumps({"path": path}), encoding="utf-8")
    try:
        rows = read_table(file).rows
    except SourceError:
        return
    assert all(Path(str(row.picture)).resolve().is_relative_to(folder.resolve()) for row in rows)


@given(junk=st.binary(max_size=120), name=st.sampled_from(["a.csv", "a.tsv", "a.jsonl"]))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_table_or_a_source_error(folder: Path, junk: bytes, name: str) -> None:
    (folder / name).write_bytes(junk)
    with contextlib.suppress(SourceError):
        read_table(folder / name)
