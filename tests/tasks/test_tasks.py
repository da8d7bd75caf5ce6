"""Tasks as plain values, and the guess of a task."""

import json
from dataclasses import fields
from typing import Any, get_type_hints

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyespot.errors import TaskError
from eyespot.sources._arrays import from_arrays
from eyespot.sources.source import Source
from eyespot.tasks import TASKS, Classify, Denoise, Regress, Tag, guess_task, task_from_json, task_to_json
from eyespot.tasks.task import Task


def source_of(*columns: str) -> Source:
    random = np.random.default_rng(0)
    values = [{column: str(number % 2) for column in columns} for number in range(12)]
    return from_arrays("here", "arrays", random.integers(0, 256, (12, 8, 8), dtype=np.uint8), values)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_found_by_its_own_name_and_is_final_and_frozen(name: str):
    kind: Any = TASKS[name]
    assert kind.name == name
    assert kind.__final__
    assert kind.__dataclass_params__.frozen
    assert issubclass(kind, Task)


@pytest.mark.parametrize("name", TASKS)
def test_every_field_of_a_task_is_plain(name: str):
    kind: Any = TASKS[name]
    allowed = {str, int, float, bool, float | None, tuple[str, ...], tuple[int, ...], tuple[float, ...]}
    allowed |= {tuple[float, float], tuple[tuple[int, int], ...]}
    hints = get_type_hints(kind)
    assert {hints[part.name] for part in fields(kind)} <= allowed


@pytest.mark.parametrize(
    "task",
    [
        Classify(classes=("<script>", "é"), counts=(2, 3), weights=(1.0, 2.0), temperature=0.1 + 0.2),
        Tag(tags=("a", "b"), thresholds=(0.1, 0.9), implied=((0, 1),)),
        Regress(unit="degrees", common=0.0, weights=(0.5, 2.0), error=None),
        Denoise(sigma=50.0, pairs=True),
    ],
)
def test_a_task_survives_json_to_the_last_bit(task: Task):
    assert task_from_json(json.loads(json.dumps(task_to_json(task)))) == task


def test_fields_that_are_left_out_have_their_defaults():
    assert task_from_json({"name": "denoise"}) == Denoise()


def test_a_whole_number_will_do_where_a_real_one_is_expected():
    assert task_from_json({"name": "denoise", "sigma": 15}) == Denoise(sigma=15.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "without a name"),
        ([], "described by list"),
        ({"name": 3}, "without a name"),
        ({"name": "clasify"}, "Did you mean 'classify'"),
        ({"name": "classify", "clases": []}, "Did you mean 'classes'"),
        ({"name": "classify", "classes": "ab"}, "expected a list"),
        ({"name": "classify", "classes": [1, 2]}, "expected str"),
        ({"name": "classify", "classes": ["a" * 2000, "b"]}, "2,000 letters"),
        ({"name": "classify", "classes": ["a"] * 100_001}, "at most 100,000"),
        ({"name": "classify", "counts": [2**60, 1]}, "too large"),
        ({"name": "classify", "temperature": True}, "expected float"),
        ({"name": "classify", "temperature": float("nan")}, "finite"),
        ({"name": "classify", "temperature": -1.0}, "temperature above 0"),
        ({"name": "regress", "weights": [1.0]}, "has 1 values; expected 2"),
        ({"name": "regress", "unit": None}, "expected str"),
        ({"name": "denoise", "pairs": 1}, "expected bool"),
    ],
)
def test_values_that_do_not_fit_are_refused(values: Any, message: str):
    with pytest.raises(TaskError, match=message):
        task_from_json(values)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
settings = st.sampled_from([(name, part.name) for name, kind in TASKS.items() for part in fields(kind)])  # pyright: ignore[reportArgumentType]


@given(setting=settings, value=json_values)
def test_any_value_makes_a_task_or_a_clear_error(setting: tuple[str, str], value: Any):
    try:
        task = task_from_json({"name": setting[0], setting[1]: value})
    except TaskError:
        return
    assert task_from_json(task_to_json(task)) == task


@pytest.mark.parametrize(("column", "name"), [("label", "classify"), ("tags", "tag"), ("number", "regress")])
def test_the_task_is_guessed_from_the_one_column_that_is_filled(column: str, name: str):
    guessed, reason = guess_task(source_of(column))
    assert guessed == name
    assert column in reason


def test_images_with_a_paired_one_can_be_denoised():
    assert guess_task(source_of("paired"))[0] == "denoise"


def test_a_source_that_could_serve_several_tasks_is_not_guessed():
    with pytest.raises(TaskError, match=r"several tasks \(classify, regress\).*task='classify'") as caught:
        guess_task(source_of("label", "number"))
    assert caught.value.argument == "task"


def table_of(**columns: list[str]) -> Source:
    values = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return from_arrays("here", "arrays", np.zeros((len(values), 8, 8), np.uint8), values)


@pytest.mark.parametrize(
    ("columns", "proposal"),
    [
        ({"angle": [f"{place / 7:.3f}" for place in range(24)]}, r"number=angle\."),
        ({"animal": ["cat", "dog"] * 12}, r"label=animal\."),
        ({"digit": [str(place % 10) for place in range(24)]}, r"label=digit\."),
        ({"a": ["0", "1"] * 12, "b": ["1", "1", "0", "0"] * 6}, r"tags=a,b\."),
        ({"who": ["x", "y"] * 12, "age": [str(place) for place in range(24)]}, r"number=age or label=who\."),
        ({"second": [f"clean/{place}.PNG" for place in range(24)]}, r"paired=second\."),
        ({"remark": [f"remark {place}" for place in range(24)]}, r"label=NAME\."),
    ],
)
def test_a_table_without_a_known_column_gets_a_proposal_that_fits_its_cells(columns, proposal):
    with pytest.raises(TaskError, match=proposal):
        guess_task(table_of(**columns))
