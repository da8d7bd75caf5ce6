"""Columns that hold one tag of a group each, next to a column of free tags."""

from pathlib import Path

import pytest

from eyespot.errors import SourceError
from eyespot.images import encode_png
from eyespot.sources import Source, open_source
from eyespot.sources.tags import group_of
from eyespot.tasks import guess_task


@pytest.fixture
def folder(tmp_path: Path, photo) -> Path:
    for number in range(40):
        (tmp_path / f"{number}.png").write_bytes(encode_png(photo(number, 16, 16)))
    return tmp_path


def opened(folder: Path, header: str, cells: list[str], columns: dict[str, str] | None = None, **how) -> Source:
    lines = [f"{number % 40}.png,{cell}" for number, cell in enumerate(cells)]
    (folder / "t.csv").write_text("\n".join([f"path,{header}", *lines]), encoding="utf-8")
    return open_source(folder / "t.csv", columns=columns, **how)


def tags(source: Source) -> set[str]:
    return {row.values["tags"] for row in source.rows}


def test_columns_of_groups_become_tags_of_groups(folder: Path) -> None:
    cells = [f"{('Men', 'Women', 'men')[n % 3]},{('Navy; Blue', 'Red')[n % 2]}" for n in range(40)]
    source = opened(folder, "sex,shade", cells, {"tags:gender": "sex", "tags:color": "shade"})
    assert tags(source) == {
        f"gender:{gender}|color:{color}" for gender in ("Men", "Women") for color in ("Red", "Navy; Blue")
    }
    assert guess_task(source)[0] == "tag"
    assert any("are one tag: 'Men'" in note for note in source.notes)


def test_the_header_itself_can_name_groups_next_to_free_tags(folder: Path) -> None:
    cells = ["red,new|sale", "blue,", ",new", "red,-"] * 10
    assert tags(opened(folder, "tags:color,tags", cells)) == {"new|sale|color:red", "?|color:blue", "new", "color:red"}


def test_an_empty_or_missing_cell_says_nothing_of_its_group(folder: Path) -> None:
    source = opened(folder, "tags:color,tags:size", ["red,big", "n/a,small", "blue,", ","] * 10)
    assert tags(source) == {"color:red|size:big", "size:small", "color:blue", ""}


def test_several_tags_in_a_cell_of_a_group_are_refused_by_line(folder: Path) -> None:
    with pytest.raises(SourceError, match=r"line 2: column 'tags:color' holds 'red\|blue'; expected one tag"):
        opened(folder, "tags:color", ["red|blue"] * 40)


def test_rows_that_contradict_each_other_in_a_group_are_problems(folder: Path) -> None:
    cells = [("red", "blue")[n % 2] for n in range(40)]
    source = opened(folder, "tags:color", [*cells, "blue"], bad_share=0.1)  # the last one is 0.png again
    assert len(source) == 39
    assert "different tags of one group (color:blue, color:red)" in source.problems[0].reason


def test_a_column_that_is_no_column_of_zeros_and_ones_names_the_way_to_a_group(folder: Path) -> None:
    with pytest.raises(SourceError, match="is a group: tags:shade=shade"):
        opened(folder, "shade,new", ["red,1"] * 40, {"tags": "shade,new"})


@pytest.mark.parametrize("tag", ["10:30", "https://a.example", "Alien: Covenant", "red", ":red", "a:"])
def test_other_colons_make_no_group(tag: str) -> None:
    assert group_of(tag) == ""


def test_a_question_mark_among_tags_is_kept(folder: Path) -> None:
    assert tags(opened(folder, "tags", ["a|?", "b", "a|b", "?b"] * 10)) == {"a|?", "b", "a|b", "?b"}
