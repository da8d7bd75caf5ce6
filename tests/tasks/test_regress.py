"""A number with a unit: what is read, learned, mirrored and answered."""

import numpy as np
import pytest
import torch

from eyespot.errors import TaskError
from eyespot.sources.warp import motion
from eyespot.tasks import Regress
from tests.tasks.rows import rows_of

DRIVE = Regress(unit="degrees", center=1.0, middle=1.0, spread=2.0)


def prepared(*numbers: float, task: Regress = DRIVE) -> Regress:
    return task.prepare(rows_of("number", *map(str, numbers)))


@pytest.mark.parametrize("text", ["", "left", "nan", "inf", "1,5"])
def test_what_is_no_number_is_refused_by_place(text: str):
    with pytest.raises(TaskError, match=rf"table\.csv line 2: the number is '{text}'"):
        DRIVE.read(rows_of("number", text)[0])


def test_prepare_learns_centre_spread_and_range():
    task = prepared(-2.0, 0.0, 4.0)
    assert (task.low, task.high) == (-2.0, 4.0)
    assert (task.center, task.middle) == (pytest.approx(2 / 3), 0.0)
    assert task.spread == pytest.approx(np.std([-2, 0, 4]))
    assert "from -2 degrees to 4 degrees" in task.notes()[0]


@pytest.mark.parametrize("numbers", [(), (3.0,), (3.0, 3.0)])
def test_numbers_that_never_change_are_refused(numbers: tuple[float, ...]):
    with pytest.raises(TaskError, match="different numbers"):
        prepared(*numbers)


def test_a_value_that_most_images_have_weighs_less_and_is_named():
    task = prepared(*[0.0] * 72, *np.linspace(-20, 20, 28))
    assert task.common == 0.0
    assert task.weights[1] / task.weights[0] == pytest.approx(np.sqrt(72 / 28))
    assert np.average(task.weights, weights=[72, 28]) == pytest.approx(1)
    assert any("more than half" in note for note in task.notes())


def test_even_numbers_have_equal_weights():
    assert prepared(-1.0, 0.0, 1.0).weights == (1.0, 1.0)


def test_weights_apply_to_the_common_value_only():
    task = Regress(common=0.1, weights=(0.5, 2.0))
    output, target = torch.ones(2, 1), torch.tensor([0.1, 0.0])
    plain = Regress().loss(output, target)
    assert torch.allclose(task.loss(output, target) / plain, torch.tensor([0.5, 2.0]))


def test_the_answer_is_in_the_unit_and_brings_its_usual_error():
    task = DRIVE.calibrate([(torch.tensor([[0.0], [1.0]]), torch.tensor([1.5, 2.0]))])
    answer = task.answer(torch.tensor([1.5]))
    assert answer == {"answer": 4.0, "number": 4.0, "unit": "degrees", "error": 0.75}


def test_the_loss_is_hubers_on_the_standardized_number():
    # Standardized targets are (3 - 1) / 2 = 1 and (11 - 1) / 2 = 5; half the square near by, straight beyond 1.
    loss = DRIVE.loss(torch.tensor([[0.5], [0.0]]), torch.tensor([3.0, 11.0]))
    assert loss.tolist() == pytest.approx([0.125, 4.5])


def test_figures_worked_by_hand():
    table = DRIVE.to_rows(torch.tensor([[0.0], [1.0], [-1.0]]), torch.tensor([0.0, 3.0, 1.0]))
    assert [row["error"] for row in table] == [1.0, 0.0, -2.0]
    score, (low, high), details = DRIVE.evaluate(table)
    assert score == 1.0
    assert low <= score <= high
    assert details["bias"] == pytest.approx(-1 / 3)
    assert details["root_mean_squared_error"] == pytest.approx(np.sqrt(5 / 3))
    assert details["error_of_the_median"] == 1.0
    assert [mistake["row"] for mistake in details["mistakes"]] == [2, 0, 1]


def test_the_table_shows_no_digits_that_single_precision_does_not_hold():
    [row] = DRIVE.to_rows(torch.zeros(1, 1), torch.tensor([0.1]))
    assert row["target"] == 0.1


def test_a_mirror_turns_left_turns_into_right_turns_where_it_is_made():
    flip = motion((6, 8), flip=np.array([True, False]), rotate=10.0, zoom=1.2)
    assert Regress(mirror="sign").transform_target(torch.tensor([3.0, 3.0]), flip).tolist() == [-3.0, 3.0]
    assert Regress(mirror="same").transform_target(torch.tensor([3.0, 3.0]), flip).tolist() == [3.0, 3.0]


def test_nothing_is_mirrored_until_it_is_decided():
    assert prepared(20.0, 30.0, 40.0).mirror_is_open and not prepared(-1.0, 1.0).allows("flip")
    assert not Regress(mirror="refuse").allows("flip") and Regress(mirror="sign").allows("flip")


def test_an_asked_for_mirror_that_changes_nothing_is_kept():
    assert prepared(20.0, 30.0, task=Regress(mirror="same")).mirror == "same"


@pytest.mark.parametrize("kind", ["shift", "rotate"])
def test_a_shifted_or_turned_road_would_ask_for_another_number(kind: str):
    assert not DRIVE.allows(kind) and DRIVE.allows("zoom")


def test_focus_is_the_number_in_its_unit():
    assert DRIVE.objective(torch.tensor([[0.5]])).tolist() == [2.0]


@pytest.mark.parametrize("settings", [{"mirror": "twist"}, {"spread": 0.0}])
def test_settings_that_make_no_sense_are_refused(settings: dict):
    with pytest.raises(TaskError):
        Regress(**settings)


def test_the_text_of_an_answer_has_four_digits_and_the_unit():
    assert Regress().answer_text({"number": 3.14159, "unit": "degrees"}) == "3.142 degrees"
    assert Regress().answer_text({"number": 3.0, "unit": ""}) == "3"


def numbered(*numbers: float):
    return rows_of("number", *map(str, numbers))


def test_a_large_offset_loses_no_digit():
    numbers = [1_700_000_000 + 20 * value / 100 for value in range(100)]
    rows = numbered(*numbers)
    task = Regress().prepare(rows)
    target = task.stack([task.read(row) for row in rows])
    assert target.tolist() == numbers
    output = ((target - task.center) / task.spread).float()[:, None]
    assert task.loss(output, target).max() < 1e-10
    table = task.to_rows(output, target)
    assert [row["target"] for row in table] == numbers
    assert max(abs(row["error"]) for row in table) < 1e-4
    assert task.answer(output[3])["number"] == pytest.approx(numbers[3], abs=1e-4)


@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1e6, 1e30])
def test_numbers_of_every_magnitude_are_standardized(scale: float):
    rows = numbered(*(scale * value for value in range(1, 50)))
    task = Regress().prepare(rows)
    target = task.stack([task.read(row) for row in rows])
    output = ((target - task.center) / task.spread).float()[:, None]
    assert task.loss(output, target).max() < 1e-10
    assert task.objective(output)[4].item() == pytest.approx(5 * scale, rel=1e-5)


def test_a_probe_in_double_precision_can_use_the_loss():
    task = Regress().prepare(numbered(1, 2, 3))
    output = torch.zeros(3, 1, dtype=torch.float64, requires_grad=True)
    task.loss(output, task.stack([1.0, 2.0, 3.0])).mean().backward()
    assert output.grad is not None and output.grad.dtype == torch.float64


def test_a_number_that_cannot_be_meant_is_named_with_the_range_of_the_others():
    with pytest.raises(TaskError, match=r"table\.csv line 7: the number is 1e\+30, the others lie between 0 and 6"):
        Regress().prepare(numbered(*(1e30 if number == 5 else number % 7 for number in range(60))))
    task = Regress().prepare(numbered(*range(7)))
    with pytest.raises(TaskError, match=r"line 2: the number is 1e\+30, the training numbers lie between 0 and 6"):
        task.read(numbered(1e30)[0])
    with pytest.raises(TaskError, match=r"line 2: the number is 1e\+39, more than float32 can represent"):
        Regress().read(numbered(1e39)[0])


def test_a_number_that_may_stand_for_a_missing_one_is_reported():
    task = Regress().prepare(numbered(-9999, *(number % 7 for number in range(60))))
    assert "1 of 61 numbers lie far from the others" in task.unusual and "-9999" in task.unusual
    assert task.unusual in task.notes()


def test_numbers_too_close_together_for_the_arithmetic_are_refused():
    with pytest.raises(TaskError, match="subtract a common offset"):
        Regress().prepare(numbered(1e15, 1e15 + 0.125, 1e15 + 0.25))
