"""Rows without an answer are left out and counted up to 5 %; wrong answers are listed all at once."""

import numpy as np
import pytest

from eyespot.errors import SourceError, TaskError
from eyespot.sources import Source, from_arrays
from eyespot.tasks import TASKS
from eyespot.tasks.unanswered import leave_out_unanswered


def source_of(column: str, answers: list[str]) -> Source:
    images = np.random.default_rng(0).integers(0, 256, (len(answers), 8, 8, 1), dtype=np.uint8)
    return from_arrays("here", "arrays", images, [{column: answer} for answer in answers])


ANSWERS = {"label": ["a", "b"], "number": ["1", "2"]}


@pytest.mark.parametrize(("task", "column"), [("classify", "label"), ("regress", "number")])
def test_a_few_rows_without_an_answer_are_left_out_and_listed(task: str, column: str) -> None:
    answers = [ANSWERS[column][number % 2] for number in range(40)]
    answers[3] = answers[7] = ""
    source = source_of(column, answers)
    kept = leave_out_unanswered(source, TASKS[task]())
    assert len(kept) == 38 and all(row.values[column] for row in kept.rows)
    assert {problem.name for problem in kept.problems} == {"here 3", "here 7"}


@pytest.mark.parametrize(("task", "column"), [("classify", "label"), ("regress", "number")])
def test_more_than_a_twentieth_without_an_answer_are_refused_and_named(task: str, column: str) -> None:
    answers = [ANSWERS[column][number % 2] for number in range(40)]
    answers[3] = answers[7] = answers[9] = ""
    with pytest.raises(SourceError, match="3 of 40 images have no answer") as caught:
        leave_out_unanswered(source_of(column, answers), TASKS[task]())
    assert "up to 5% would be left out" in str(caught.value)
    assert all(f"here {number}: " in str(caught.value) for number in (3, 7, 9))


def test_wrong_answers_are_all_listed_and_never_left_out() -> None:
    numbers = [str(number) for number in range(40)]
    numbers[5], numbers[8] = "five", "8 or 9"
    with pytest.raises(TaskError, match=r"here 5: the number is 'five'.*here 8: the number is '8 or 9'"):
        leave_out_unanswered(source_of("number", numbers), TASKS["regress"]())


def test_images_whose_tags_are_not_known_stay() -> None:
    source = source_of("tags", ["a", "b", "", "a|b"] * 5)
    assert leave_out_unanswered(source, TASKS["tag"]()) is source
