"""The page that says what goes with what is true."""

from tests.contract.matrix import COMMAND, PAGE, write_page


def test_the_page_says_what_was_tried():
    assert PAGE.read_text() == write_page(), f"docs/matrix.md is not what was found; write it again: {COMMAND}"
