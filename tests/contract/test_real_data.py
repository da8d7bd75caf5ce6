"""The page about real data states what the code does."""

from eyespot.sources._layout import choose_layout
from eyespot.sources._walk import walk
from tests.contract.real_data import COMMAND, PAGE, READ_AS, write_page


def test_the_page_is_what_the_tables_in_the_code_give():
    assert PAGE.read_text() == write_page(), f"docs/real-data.md is not current; write it again: {COMMAND}"


def test_each_example_of_a_layout_can_be_read_in_that_layout(tmp_path):
    for name, example in READ_AS.items():
        paths = [tmp_path / name / path.strip("`") for path in example.split(", ")]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        found = choose_layout(walk(tmp_path / name).tree, name)
        assert sorted(picture for picture, _ in found.found) == sorted(map(str, paths)), name
