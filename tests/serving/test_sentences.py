"""The page translates what the server says: its tests compare the translations with these sentences."""

import json

import pytest

from eyespot.tasks import TASKS

from .raised import sentences_of
from .said import ANSWERS, DETAILS
from .sentences import PIECES, STORED, WATCHED, sentences


def test_the_stored_sentences_are_those_of_the_code() -> None:
    stored = json.loads(STORED.read_text())
    for place, found in sentences().items():
        assert stored.get(place) == found, f"{place} says something else: python -m tests.serving.sentences"
    assert set(stored) == set(sentences())


def test_every_task_states_what_it_may_remark() -> None:
    assert set(DETAILS) == set(TASKS) and set(ANSWERS) <= set(TASKS)
    silent = {name for name, details in DETAILS.items() if not any(TASKS[name]().remarks(one) for one in details)}
    assert silent == {name for name in TASKS if not DETAILS[name]}


@pytest.mark.parametrize("name", [name for name in TASKS if not DETAILS[name]])
def test_a_task_without_details_has_no_remarks(name: str) -> None:
    assert TASKS[name]().remarks({}) == []


def test_each_form_of_a_sentence_is_found() -> None:
    background = [f"{images} without an object: kept as background" for images in ("1 image", "7 images")]
    assert sentences_of("sources/_objects.py", "object_notes") == [
        "1 box 7: left out",
        "7 boxes 7: left out",
        *background,
    ]
    assert "Add images without it" in "".join(sentences_of("tasks/_tag.py", "prepare"))
    assert "Add images with it" in "".join(sentences_of("tasks/_tag.py", "prepare"))


def test_no_place_and_no_piece_is_listed_in_vain() -> None:
    found = {one for place in WATCHED for one in sentences_of(*place.split("#"))}
    assert [piece for piece in PIECES if piece not in found] == []
    assert [place for place in WATCHED if not sentences_of(*place.split("#"))] == []
