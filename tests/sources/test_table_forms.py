"""Tables as other programs write them are read where their meaning is clear, or refused with the right remedy."""

import json
from pathlib import Path

import pytest

from eyespot.errors import SourceError
from eyespot.images import encode_png
from eyespot.sources import open_source
from eyespot.sources._table import read_table


@pytest.fixture
def folder(tmp_path: Path, photo) -> Path:
    (tmp_path / "img").mkdir()
    for number in range(4):
        (tmp_path / "img" / f"{number}.png").write_bytes(encode_png(photo(number, 16, 16)))
    return tmp_path


def read(folder: Path, text: str, name: str = "t.csv", encoding: str = "utf-8", **how):
    (folder / name).write_bytes(text.encode(encoding))
    return read_table(folder / name, **how)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize(
    "text",
    [
        "path,label\nimg/0.png,cat\n",
        'path, "label"\nimg/0.png, "cat"\n',
        "path\tlabel\nimg/0.png\tcat\n",
        "sep=;\npath;label\nimg/0.png;cat\n",
        "path|label\nimg/0.png|cat\n",
        "path,label\nimg\\0.png,cat\n",
        "Path,label\nIMG/0.PNG,cat\n",
    ],
)
def test_separators_quotes_slashes_and_encodings(folder: Path, text: str, encoding: str) -> None:
    (row,) = read(folder, text, encoding=encoding).rows
    assert Path(str(row.picture)) == folder / "img" / "0.png" and row.values["label"] == "cat"


def test_a_semicolon_table_whose_header_holds_a_comma(folder: Path) -> None:
    (row,) = read(folder, "path;label;size, cm\nimg/0.png;a;3,5\n").rows
    assert row.values == {"label": "a", "size, cm": "3,5"}


def test_absolute_paths_below_the_table_are_read_and_others_named(folder: Path) -> None:
    found = read(folder, f"path\n{folder}/img/0.png\n/home/me/data/img/1.png\nC:\\d\\img\\2.png\n/etc/passwd\n")
    assert [Path(str(row.picture)).name for row in found.rows] == ["0.png", "1.png", "2.png"]
    (problem,) = found.problems
    assert problem.name == "/etc/passwd" and "above its images" in problem.reason


def test_long_cells_and_nested_columns_are_no_reason_to_refuse(folder: Path) -> None:
    assert len(read(folder, f"path,label,pixels\nimg/0.png,a,{'1 2 ' * 40_000}\n").rows) == 1
    line = json.dumps({"path": "img/0.png", "label": "a", "objects": {"bbox": [[1.5, 2]]}})
    assert read(folder, line, "t.jsonl").rows[0].values["label"] == "a"


def test_a_missing_header_or_path_column_is_an_error_with_its_remedy(folder: Path) -> None:
    with pytest.raises(SourceError, match=r"has no header.*such as path,label"):
        read(folder, "img/0.png,cat\nimg/1.png,dog\n")
    with pytest.raises(SourceError, match=r"--column path=img/\{id\}\.png"):
        read(folder, "id,label\n0,a\n1,b\n")


@pytest.mark.parametrize(
    ("name", "text", "encoding"),
    [
        ("t.txt", "path\tlabel\nimg/0.png\tcat\n", "utf-16"),  # what Excel calls Unicode text
        ("t.csv", "path,label\nimg/0.png,cat\n", "utf-32"),
        ("t.csv", "\n\r\npath,label\nimg/0.png,cat\n", "utf-8"),
        ("t.csv", "path,label\rimg/0.png,cat\r", "utf-8"),
        ("t.csv", "PATH,Label\nimg/0.png,cat\n", "utf-8"),
        ("t.csv", ",path,label\n0,img/0.png,cat\n", "utf-8"),
        ("t.json", '[{"path": "img/0.png", "label": "cat"}]', "utf-8"),
        ("t.jsonl", '[\n {"path": "img/0.png",\n "Label": "cat"}]', "utf-8-sig"),
    ],
)
def test_further_forms_of_tables_are_read(folder: Path, name: str, text: str, encoding: str) -> None:
    (row,) = read(folder, text, name, encoding).rows
    assert Path(str(row.picture)) == folder / "img" / "0.png" and row.values["label"] == "cat"


@pytest.mark.parametrize(
    ("name", "content", "remedy"),
    [
        ("t.csv", b"PK\x03\x04rest", "is a workbook or an archive, not text; save the table as CSV"),
        ("t.csv", b"\xd0\xcf\x11\xe0rest", "is a workbook or an archive, not text; save the table as CSV"),
        ("t.xlsx", b"PK\x03\x04rest", "is a workbook; save the table as CSV"),
        ("t.parquet", b"PAR1rest", "is no text; save the table as CSV"),
        ("t.csv", b"<html><table></table></html>", "is a web page or XML, not a table; save the table as CSV"),
        ("t.csv", b"Animals 2024\npath,label\nimg/0.png,cat\n", r"line 2.*remove the lines above the header"),
        ("t.csv", b"pa:h,label\nimg/0.png,\nat\n", "line 2: there is no column 'path', only pa:h"),
        ("t.json", b'[{"path": "img/0.png"}, 3]', "entry 2: is not an object"),
        ("t.json", b"[3", "is not JSON"),
    ],
)
def test_what_is_no_table_has_the_right_remedy(folder: Path, name: str, content: bytes, remedy: str) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(SourceError, match=remedy):
        open_source(folder / name)


def test_addresses_and_escaped_paths(folder: Path) -> None:
    (folder / "img" / "0.png").rename(folder / "img" / "a b.png")
    path = (folder / "img" / "a b.png").as_uri()
    found = read(folder, f"path\n{path}\nimg/a%20b.png\nhttps://example.org/img/1.png\n")
    assert [Path(str(row.picture)).name for row in found.rows] == ["a b.png", "a b.png"]
    (problem,) = found.problems
    assert "is a URL; download the image" in problem.reason


def test_a_column_of_parts_that_is_not_used_is_noted(folder: Path) -> None:
    text = "path,label,Subset,view\nimg/0.png,a,train,1\nimg/1.png,b,test,2\n"
    (note,) = read(folder, text).notes
    assert note == "column 'subset' contains parts (test, train) and is not used: to use it, add --column split=subset"
    assert not read(folder, text, columns={"split": "Subset"}).notes
    assert {row.values["split"] for row in read(folder, text.replace("Subset", "SPLIT")).rows} == {"train", "test"}
