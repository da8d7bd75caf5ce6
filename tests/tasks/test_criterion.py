"""Margins are below zero exactly where the answer is the wanted one, for every kind of goal."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from eyespot.errors import AttackError, TaskError
from eyespot.tasks._classify import Classify
from eyespot.tasks._regress import Regress
from eyespot.tasks._tag import Tag
from eyespot.tasks.criterion import Aim, Misclassification, TagFlip, TargetedMisclassification, ValueShift
from eyespot.tasks.denoise import Denoise

CLASSES = Classify(classes=("cat", "dog", "owl"))
ROWS = torch.arange(3)


def test_the_margin_of_a_class_is_its_lead():
    outputs = torch.tensor([[3.0, 1.0, 2.0], [0.0, 5.0, 4.0], [1.0, 1.0, 6.0]])
    criterion = Misclassification(labels=torch.tensor([0, 0, 2]))
    assert criterion.margin(outputs, ROWS).tolist() == [1.0, -5.0, 5.0]
    assert TargetedMisclassification(targets=torch.tensor([2, 1, 0])).margin(outputs, ROWS).tolist() == [1.0, -1.0, 5.0]


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_margin_below_zero_is_a_wrong_answer(seed):
    outputs = torch.randn(20, 4, generator=torch.Generator().manual_seed(seed))
    labels = torch.arange(20) % 4
    which = torch.arange(20)
    assert torch.equal(Misclassification(labels=labels).margin(outputs, which) < 0, outputs.argmax(1) != labels)
    assert torch.equal(
        TargetedMisclassification(targets=labels).margin(outputs, which) < 0, outputs.argmax(1) == labels
    )


def test_fitness_is_the_probability_that_must_vanish():
    outputs = torch.tensor([[0.0, 0.0, 0.0]])
    which = torch.tensor([0])
    assert Misclassification(labels=torch.tensor([1])).fitness(outputs, which).item() == pytest.approx(1 / 3)
    assert TargetedMisclassification(targets=torch.tensor([1])).fitness(outputs, which).item() == pytest.approx(2 / 3)


def test_the_ways_to_another_class_are_the_others_the_likeliest_first():
    criterion = Misclassification(labels=torch.tensor([0, 1]))
    ways = criterion.ways(torch.tensor([[9.0, 1.0, 2.0], [3.0, 9.0, 0.0]]))
    assert [way.targets.tolist() for way in ways if isinstance(way, TargetedMisclassification)] == [[2, 0], [1, 2]]


def test_a_tag_turns_when_it_crosses_its_cut_either_way():
    criterion = TagFlip(
        sides=torch.tensor([[1.0, -1.0], [0.0, -1.0]]), cuts=torch.tensor([0.0, 1.0]), decisions=lambda output: output
    )
    outputs = torch.tensor([[2.0, 0.5], [-9.0, 0.5]])
    assert criterion.margin(outputs, torch.arange(2)).tolist() == [0.5, 0.5]
    assert criterion.margin(torch.tensor([[2.0, 1.5]]), torch.tensor([0])).item() == -0.5
    assert criterion.margin(torch.tensor([[9.0, 1.5]]), torch.tensor([1])).item() == -0.5


def test_a_number_must_move_by_the_change_in_either_or_one_direction():
    criterion = ValueShift(objective=Regress(spread=10.0).objective, start=torch.tensor([5.0]), change=3.0)
    outputs, which = torch.tensor([[0.9], [0.1], [0.6]]), torch.zeros(3, dtype=torch.long)
    torch.testing.assert_close(criterion.margin(outputs, which), torch.tensor([-1.0, -1.0, 2.0]))
    up = criterion.ways(outputs)[0]
    torch.testing.assert_close(up.margin(outputs, which), torch.tensor([-1.0, 7.0, 2.0]))


@given(first=st.floats(0, 1e6), second=st.floats(0, 1e6))
def test_as_far_as_it_goes_is_never_enough_but_farther_is_better(first, second):
    start = torch.tensor([0.0], dtype=torch.float64)
    criterion = ValueShift(objective=Regress().objective, start=start, change=1.0, farthest=True)
    outputs = torch.tensor([[first], [second]], dtype=torch.float64)
    near, far = criterion.margin(outputs, torch.zeros(2, dtype=torch.long)).tolist()
    assert min(near, far) > 0
    assert criterion.fooled(outputs, torch.zeros(2, dtype=torch.long)).tolist() == [first >= 1, second >= 1]
    assert (near >= far) == (first <= second) or first == pytest.approx(second)


def test_an_image_that_is_misread_is_skipped_and_says_so():
    outputs = torch.tensor([[3.0, 1.0, 2.0], [3.0, 1.0, 2.0]])
    aimed = CLASSES.attack_criterion(Aim(), outputs, [0, 1], farthest=False)
    assert aimed.skipped == ["", "misread: it is dog, read as cat"]


def test_an_image_of_the_target_class_is_skipped():
    outputs = torch.tensor([[3.0, 1.0, 2.0], [3.0, 7.0, 2.0]])
    aimed = CLASSES.attack_criterion(Aim(target="cat"), outputs, [0, 1], farthest=False)
    assert aimed.skipped == ["is of the target class already", ""]


def test_tags_that_the_model_gets_wrong_or_that_are_not_known_do_not_count():
    task = Tag(tags=("cat", "dog", "owl"), thresholds=(0.5, 0.5, 0.5))
    outputs = torch.tensor([[1.0, -1.0, 1.0]])
    aimed = task.attack_criterion(Aim(), outputs, [[1.0, 1.0, float("nan")]], farthest=False)
    assert isinstance(aimed.criterion, TagFlip)
    assert aimed.criterion.sides.tolist() == [[1.0, 0.0, 0.0]]
    named = task.attack_criterion(Aim(of="dog"), outputs, None, farthest=False).criterion
    assert isinstance(named, TagFlip) and named.sides.tolist() == [[0.0, -1.0, 0.0]]


def test_the_brightness_of_a_place_is_a_goal_for_pictures():
    aimed = Denoise().attack_criterion(Aim(of=(1, 2), change=0.2), torch.full((1, 1, 4, 4), 0.5), None, farthest=True)
    outputs = torch.full((1, 1, 4, 4), 0.5)
    outputs[0, 0, 1, 2] = 0.8
    assert aimed.criterion.margin(outputs, torch.tensor([0])).item() == pytest.approx(-0.1)


@pytest.mark.parametrize(
    ("task", "aim", "summary"),
    [
        (CLASSES, {"target": "cat"}, "already the model's answer"),
        (CLASSES, {"of": "cat"}, "attacked as a whole"),
        (CLASSES, {"change": 2.0}, "attacked as a whole"),
        (Tag(tags=("cat",), thresholds=(0.5,)), {"target": "cat"}, "no target class"),
        (Regress(), {"target": "left"}, "expected up, down"),
    ],
)
def test_what_a_task_cannot_be_asked_is_refused(task, aim, summary):
    outputs = torch.tensor([[3.0, 1.0, 2.0]])[:, : len(task.labels) if isinstance(task, Classify) else 1]
    with pytest.raises(AttackError, match=summary):
        task.attack_criterion(Aim(**aim), outputs, None, farthest=False)


def test_an_unknown_target_names_the_near_class():
    with pytest.raises(TaskError, match="Did you mean 'dog'"):
        CLASSES.attack_criterion(Aim(target="dgo"), torch.zeros(1, 3), None, farthest=False)


def test_a_change_of_zero_is_refused():
    with pytest.raises(AttackError, match="above 0"):
        Aim(change=0.0)
