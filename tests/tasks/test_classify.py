"""One of K kinds: what is read, learned, answered and chosen."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from eyespot.errors import TaskError
from eyespot.tasks import Classify
from eyespot.tasks._labels import natural_key
from tests.tasks.rows import rows_of

PETS = Classify(classes=("cat", "dog", "fox"))


def table_of(task: Classify, truths: list[int], outputs: list[list[float]]) -> list[dict]:
    return task.to_rows(torch.tensor(outputs), torch.tensor(truths))


def test_classes_are_sorted_as_people_sort_them():
    task = Classify().prepare(rows_of("label", "c10", "c2", "c10", "c2", "B1", "B1"))
    assert task.classes == ("B1", "c2", "c10")
    assert task.labels == task.classes


@given(st.lists(st.text(max_size=8)))
def test_the_natural_order_does_not_depend_on_the_order_before(labels: list[str]):
    backwards = labels[::-1]
    assert sorted(backwards, key=natural_key) == sorted(labels, key=natural_key)


def test_balanced_classes_have_no_weights_and_no_note():
    task = Classify().prepare(rows_of("label", *["a"] * 6, *["b"] * 2))
    assert task.weights == ()
    assert task.notes() == []


def test_unbalanced_classes_are_noticed_stated_and_weighted():
    task = Classify().prepare(rows_of("label", *["often"] * 18, *["rare"] * 2))
    assert task.weights[1] / task.weights[0] == pytest.approx(3)
    [note] = task.notes()
    assert "18 training images of 'often', 2 of 'rare'" in note


def test_one_class_only_is_refused_with_the_remedy():
    with pytest.raises(TaskError, match=r"all 3 training images have the label 'cat'; add another class"):
        Classify().prepare(rows_of("label", "cat", "cat", "cat"))


def test_no_rows_at_all_are_refused():
    with pytest.raises(TaskError, match="there are none"):
        Classify().prepare([])


def test_a_class_with_one_image_is_refused_by_name():
    with pytest.raises(TaskError, match=r"The class 'dog' has only one training image.*Add images of it"):
        Classify().prepare(rows_of("label", "cat", "cat", "dog"))


def test_a_row_without_label_is_refused_by_place():
    with pytest.raises(TaskError, match=r"table\.csv line 3: has no label"):
        Classify().prepare(rows_of("label", "cat", ""))


def test_a_label_that_was_not_learned_is_refused_by_place():
    [row] = rows_of("label", "wolf")
    with pytest.raises(TaskError, match=r"table\.csv line 2: the label 'wolf' does not occur.*cat, dog, fox"):
        PETS.read(row)


def test_many_classes_are_shortened_in_messages():
    task = Classify(classes=tuple(f"c{number}" for number in range(30)))
    with pytest.raises(TaskError, match="c9 and 20 more"):
        task.read(rows_of("label", "x")[0])


def test_loss_is_cross_entropy_of_each_sample():
    output, target = torch.randn(5, 3), torch.tensor([0, 1, 2, 1, 0])
    task = Classify(classes=PETS.classes, smoothing=0.0)
    assert torch.allclose(task.loss(output, target).sum(), F.cross_entropy(output, target, reduction="sum"))


def test_loss_with_smoothing_worked_by_hand():
    # Two classes, smoothing 0.2: targets 0.9 and 0.1; outputs 0 and 0 make both chances a half.
    loss = Classify(classes=("a", "b"), smoothing=0.2).loss(torch.zeros(1, 2), torch.tensor([0]))
    assert loss.item() == pytest.approx(math.log(2))


def test_squares_are_those_of_1989_worked_by_hand():
    # 1.7159 tanh(2x / 3) is 0 at 0, one away from +1 and from -1; 1 at 1; 1.7159 far out.
    task = Classify(classes=("a", "b"), squares=True)
    assert task.loss(torch.zeros(1, 2), torch.tensor([0])).item() == 2
    assert task.loss(torch.tensor([[1.0, -1.0]]), torch.tensor([0])).item() == pytest.approx(0, abs=1e-8)
    assert task.loss(torch.tensor([[1.0, -1.0]]), torch.tensor([1])).item() == pytest.approx(8, abs=1e-3)
    assert task.loss(torch.tensor([[40.0, -40.0]]), torch.tensor([0])).item() == pytest.approx(2 * 0.7159**2)


def test_weights_multiply_the_loss_of_their_class():
    output, target = torch.randn(2, 2), torch.tensor([0, 1])
    plain = Classify(classes=("a", "b")).loss(output, target)
    weighted = Classify(classes=("a", "b"), weights=(0.5, 2.0)).loss(output, target)
    assert torch.allclose(weighted / plain, torch.tensor([0.5, 2.0]))


def test_answer_gives_label_probability_and_all_probabilities():
    answer = PETS.answer(torch.tensor([0.0, math.log(2), 0.0]))
    assert (answer["answer"], answer["label"]) == ("dog", "dog")
    assert answer["probability"] == pytest.approx(0.5)
    assert answer["probabilities"] == pytest.approx({"cat": 0.25, "dog": 0.5, "fox": 0.25})


def test_below_the_threshold_the_answer_is_unknown_but_the_label_stays():
    task = Classify(classes=("a", "b"), threshold=0.7)
    answer = task.answer(torch.tensor([0.0, math.log(2)]))
    assert (answer["answer"], answer["label"]) == ("unknown", "b")


def test_temperature_divides_the_outputs():
    warm = Classify(classes=("a", "b"), temperature=2.0)
    assert warm.answer(torch.tensor([0.0, 4.0])) == Classify(classes=("a", "b")).answer(torch.tensor([0.0, 2.0]))


def test_figures_worked_by_hand():
    # Truth cat cat cat dog, called cat cat dog dog: the cat is found twice out of three times.
    outputs = [[5.0, 0.0, 0.0], [4.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 2.0, 0.0]]
    score, (low, high), details = PETS.evaluate(table_of(PETS, [0, 0, 0, 1], outputs))
    assert score == 0.75
    assert low < score < high
    assert details["confusion"] == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]
    cat, dog, fox = details["per_class"]
    assert (cat["precision"], cat["recall"], cat["count"]) == (1.0, pytest.approx(2 / 3), 3)
    assert (dog["precision"], dog["recall"], dog["f1"]) == (0.5, 1.0, pytest.approx(2 / 3))
    assert fox["count"] == 0
    assert details["weakest"]["label"] == "cat"
    [mistake] = details["mistakes"]
    assert (mistake["row"], mistake["target"], mistake["label"]) == (2, "cat", "dog")


def test_worst_mistakes_come_first():
    outputs = [[0.0, 1.0, 0.0], [0.0, 9.0, 0.0], [0.0, 3.0, 0.0]]
    _, _, details = PETS.evaluate(table_of(PETS, [0, 0, 0], outputs))
    assert [mistake["row"] for mistake in details["mistakes"]] == [1, 2, 0]


def test_likelihood_is_that_of_the_true_class():
    _, _, details = PETS.evaluate(table_of(PETS, [0], [[0.0, math.log(2), 0.0]]))
    assert details["negative_log_likelihood"] == pytest.approx(math.log(4))


def test_refused_images_are_counted_apart_from_the_accuracy():
    task = Classify(classes=("a", "b"), threshold=0.9)
    _, _, details = task.evaluate(table_of(task, [0, 0], [[9.0, 0.0], [0.0, 0.1]]))
    assert (details["accuracy"], details["refused"], details["accuracy_when_answered"]) == (0.5, 0.5, 1.0)


def test_settle_finds_the_temperature_that_the_outputs_were_made_with():
    torch.manual_seed(0)
    honest = 2 * torch.randn(4000, 3)
    target = torch.multinomial(torch.softmax(honest, dim=1), 1)[:, 0]
    task = PETS.calibrate([(3 * honest, target)])
    assert task.temperature == pytest.approx(3, rel=0.1)


def test_a_flawless_validation_does_not_make_the_network_boundlessly_sure():
    target = torch.arange(30) % 3
    task = PETS.calibrate([(10 * F.one_hot(target, 3).float(), target)])
    assert 0.9 < task.answer(torch.tensor([10.0, 0.0, 0.0]))["probability"] < 0.99


def test_the_threshold_keeps_at_least_99_percent_of_the_right_answers():
    torch.manual_seed(1)
    output = torch.randn(1000, 3)
    target = output.argmax(1)
    target[:200] = (target[:200] + 1) % 3
    task = PETS.calibrate([(output, target)])
    answered = [row["answer"] != "unknown" for row in task.to_rows(output, target) if row["right"]]
    assert task.threshold > 1 / 3
    assert sum(answered) / len(answered) >= 0.99
    assert not all(answered)


def test_few_validation_images_choose_no_threshold():
    target = torch.arange(12) % 3
    assert PETS.calibrate([(F.one_hot(target, 3).float(), target)]).threshold == 0


def test_focus_is_the_output_of_a_class_by_label_or_place_or_of_the_best_one():
    output = torch.tensor([[1.0, 2.0, 3.0], [6.0, 5.0, 4.0]])
    assert PETS.objective(output, "dog").tolist() == PETS.objective(output, 1).tolist() == [2.0, 5.0]
    assert PETS.objective(output).tolist() == [3.0, 6.0]


@pytest.mark.parametrize(("of", "hint"), [("dgo", "Did you mean 'dog'"), (3, "expected 0 to 2")])
def test_focus_on_an_unknown_class_is_refused(of: object, hint: str):
    with pytest.raises(TaskError, match=hint):
        PETS.objective(torch.zeros(1, 3), of)


def test_a_mirror_is_refused_where_it_was_decided():
    assert PETS.allows("flip")
    assert not Classify(mirror="no").allows("flip") and Classify(mirror="no").allows("zoom")


@pytest.mark.parametrize(
    ("classes", "shape", "preset"),
    [
        (("0", "1"), (1, 28, 28), "digits"),
        (("A", "b"), (1, 28, 28), "digits"),
        (("0", "1"), (3, 32, 32), "small"),
        (("cat", "dog"), (1, 28, 28), "small"),
        (("cat", "dog"), (3, 128, 128), "photos"),
    ],
)
def test_writing_is_not_mirrored(classes: tuple[str, ...], shape: tuple[int, int, int], preset: str):
    assert Classify(classes=classes).augmentation(shape) == preset


@pytest.mark.parametrize(
    "settings",
    [
        {"smoothing": 1.0},
        {"temperature": 0.0},
        {"threshold": 1.5},
        {"classes": ("a", "a")},
        {"classes": ("a", "b"), "weights": (1.0,)},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict):
    with pytest.raises(TaskError):
        Classify(**settings)


def test_it_abstains_below_the_threshold_even_where_a_class_is_called_unknown():
    task = Classify(classes=("cat", "unknown"), threshold=0.9)
    confidence, abstains = task.abstention(torch.tensor([[0.0, 0.0], [0.0, 9.0]]))
    assert confidence[0] == 0.5
    assert abstains.tolist() == [True, False]


@pytest.mark.parametrize(("recall", "remarks"), [(0.5, ["weakest class: cat (50.0 % of 4 images found)"]), (1.0, [])])
def test_the_weakest_class_is_remarked_where_something_was_missed(recall, remarks):
    assert Classify().remarks({"weakest": {"label": "cat", "recall": recall, "count": 4}}) == remarks
