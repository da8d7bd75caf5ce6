"""Embeddings of identities: the margin loss, the pairs, the split by identity; values worked out by hand."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from eyespot.errors import AttackError, SourceError, TaskError
from eyespot.sources import from_arrays, open_source
from eyespot.sources.source import Row
from eyespot.sources.synthetic import signs
from eyespot.tasks import Identify
from eyespot.tasks.criterion import Aim
from eyespot.tasks.verification import all_pairs, rank_one, rates_of, verification_statistics

TASK = Identify(identities=("Ada", "Zoë/7"), dimensions=2, margin=0.25, scale=4.0)


def row(identity: str) -> Row:
    return Row(picture=b"", name="a.png", values={"identity": identity}, location="table line 2")


def targets(*names: str) -> torch.Tensor:
    return TASK.stack([TASK.read(row(name)) for name in names])


def axes() -> nn.Linear:
    """Class weights along the two axes; their length does not count."""
    layer = nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[3.0, 0.0], [0.0, 0.5]]))
    return layer


def test_names_survive_as_targets_also_those_that_training_never_saw():
    assert TASK.strata(targets("Ada", "Zoë/7", "somebody new")) == ["Ada", "Zoë/7", "somebody new"]


def test_the_loss_is_the_cross_entropy_of_scaled_cosines_with_a_margin():
    output = torch.tensor([[5.0, 0.0]])  # its length does not count either
    (loss,) = TASK.loss(output, targets("Ada"), axes()).tolist()
    right, wrong = math.exp(4 * (1 - 0.25)), math.exp(0)
    assert loss == pytest.approx(-math.log(right / (right + wrong)), rel=1e-5)
    (loss,) = TASK.loss(output, targets("Zoë/7"), axes()).tolist()
    right, wrong = math.exp(4 * (0 - 0.25)), math.exp(4)
    assert loss == pytest.approx(-math.log(right / (right + wrong)), rel=1e-5)


def test_a_margin_of_the_angle_turns_the_right_direction_away():
    task = Identify(identities=TASK.identities, dimensions=2, margin_of="angle", margin=0.5, scale=4.0)
    output = torch.tensor([[1.0, 1.0]])
    (loss,) = task.loss(output, targets("Ada"), axes()).tolist()
    right, wrong = math.exp(4 * math.cos(math.pi / 4 + 0.5)), math.exp(4 * math.cos(math.pi / 4))
    assert loss == pytest.approx(-math.log(right / (right + wrong)), rel=1e-5)


def test_a_new_identity_has_no_loss_and_a_loss_needs_its_class_weights():
    assert TASK.loss(torch.ones(1, 2), targets("new"), axes()).isnan().all()
    with pytest.raises(TaskError, match="needs the class weights"):
        TASK.loss(torch.ones(1, 2), targets("Ada"))


def test_the_score_is_the_share_of_pairs_in_the_wrong_order():
    output = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.1]])
    score = TASK.score(output, targets("a", "a", "a", "b"))["equal_error_rate"].tolist()
    # The first is nearer to its like than to "b", but less near to the third: one of two pairs is in the wrong order.
    assert score[:3] == [0.5, 0.5, 1.0] and math.isnan(score[3])


def test_an_epoch_holds_groups_of_one_identity_and_every_image_once():
    names = ["a"] * 6 + ["b"] * 4 + ["c"]
    order = TASK.sampling_order(targets(*names), seed=3, epoch=0)
    assert sorted(order.tolist()) == list(range(11))
    runs = [names[place] for place in order]
    changes = sum(one != other for one, other in pairwise(runs))
    assert changes <= 3  # groups: 4 and 2 of "a", 4 of "b", 1 of "c"
    assert np.array_equal(order, TASK.sampling_order(targets(*names), seed=3, epoch=0))
    assert not np.array_equal(order, TASK.sampling_order(targets(*names), seed=3, epoch=1))


def test_rates_by_hand():
    similarity, same = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([True, False, True, False, False])
    rates = rates_of(similarity, same)
    assert rates.true_accepts.tolist() == [0, 0.5, 0.5, 1, 1, 1]
    assert rates.false_accepts.tolist() == pytest.approx([0, 0, 1 / 3, 1 / 3, 2 / 3, 1])
    assert rates.equal_error_rate() == pytest.approx(1 / 3)
    assert rates.area() == pytest.approx(5 / 6)
    assert rates.true_accepts_at(0.1) == 0.5 and rates.true_accepts_at(0.4) == 1
    weighted = rates_of(similarity, same, np.array([1.0, 0.0, 1.0, 1.0, 1.0]))
    assert weighted.equal_error_rate() == 0


def test_equal_similarities_are_accepted_together():
    assert rates_of(np.full(4, 0.3), np.array([True, False, False, True])).equal_error_rate() == 0.5


def test_pairs_and_rank_one():
    embeddings = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
    pairs = all_pairs(embeddings, np.array([0, 0, 1]))
    assert pairs.similarity.tolist() == pytest.approx([0.6, 0.0, 0.8]) and pairs.same.tolist() == [True, False, False]
    assert rank_one(embeddings, np.array([0, 0, 1])) == 0.5  # the second is nearer to the third; the third is alone


def test_the_interval_is_that_of_drawn_identities():
    random = np.random.default_rng(0)
    identities = np.repeat(np.arange(20), 4)
    noisy = np.eye(20)[identities] + 0.25 * random.normal(size=(80, 20))
    pairs = all_pairs(noisy / np.linalg.norm(noisy, axis=1, keepdims=True), identities)
    score, (low, high), details = verification_statistics(pairs)
    assert 0 < low < score < high < 0.25
    assert details["same_pairs"] == 120 and details["different_pairs"] == 80 * 79 // 2 - 120
    assert details["true_accepts_at_0.01"] <= details["true_accepts_at_0.1"]


def test_evaluation_states_whether_identities_were_seen():
    output = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    for names, split in (
        (("Ada", "Ada", "Zoë/7"), "image"),
        (("x", "x", "y"), "identity"),
        (("x", "x", "Ada"), "mixed"),
    ):
        score, _, details = TASK.evaluate(TASK.to_rows(output, targets(*names)))
        assert score == 0 and details["split"] == split and details["rank_1"] == 1
    score, _, details = TASK.evaluate(TASK.to_rows(output, targets("x", "y", "z")))
    assert math.isnan(score) and details["identities"] == 3


def test_the_threshold_is_where_both_errors_are_equal():
    output = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    assert TASK.calibrate([(output, targets("x", "x", "y"))]).threshold == pytest.approx(0.8)
    assert TASK.calibrate([(output, targets("x", "y", "z"))]) == TASK


def test_an_attack_must_make_the_image_unlike_itself():
    output = torch.tensor([[3.0, 0.0]])
    plan = TASK.attack_criterion(Aim(), output, None, farthest=False)
    changed = torch.tensor([[3.0, 0.0], [0.1, 5.0], [1.0, 1.0]], requires_grad=True)
    margin = plan.criterion.margin(changed, torch.zeros(3, dtype=torch.long))
    assert (margin < 0).tolist() == [False, True, False]
    margin.sum().backward()
    assert changed.grad is not None and changed.grad[0].abs().sum() > 0  # also where nothing has changed yet
    with pytest.raises(AttackError, match="have no effect"):
        TASK.attack_criterion(Aim(target="Ada"), output, None, farthest=False)


@pytest.mark.parametrize(
    "settings",
    [{"dimensions": 1}, {"margin": 1.0}, {"scale": 0.0}, {"threshold": 2.0}, {"margin_of": "size"}, {"views": 3}],
)
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(TaskError, match="expected"):
        Identify(**settings)


@pytest.mark.parametrize("name", ["", "é" * 49])
def test_identities_without_a_usable_name_are_refused(name):
    with pytest.raises(TaskError, match=r"table line 2: the identity is .* 1 to 96 bytes"):
        TASK.read(row(name))


def test_two_views_average_the_image_and_its_mirror_image():
    network, x = nn.Flatten(), torch.tensor([[[[3.0, 4.0]]]])
    task = replace(TASK, views=2)
    assert torch.allclose(task.run(network, x), torch.tensor([[0.7, 0.7]]))  # (0.6, 0.8) and (0.8, 0.6)
    assert torch.allclose(task.run(network, x), task.run(network, x.flip(3)))
    assert torch.equal(TASK.run(network, x), torch.tensor([[3.0, 4.0]]))


def test_one_identity_cannot_be_learned_or_tested():
    with pytest.raises(TaskError, match="two identities or more, but found 1"):
        Identify().prepare([row("a"), row("a")])
    images = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 1), dtype=np.uint8)
    values = [{"identity": name} for name in "aaaabbbbcccc"]
    source = from_arrays("few", "arrays", images, values, ["train"] * 8 + ["validation"] * 2 + ["test"] * 2)
    with pytest.raises(SourceError, match="its test part shows 1 identities"):
        Identify().check_source(source)


def test_images_of_one_identity_lie_in_one_part(tmp_path):
    from eyespot.images import write_png

    random = np.random.default_rng(0)
    for person in range(20):
        (tmp_path / f"person {person}").mkdir()
        for number in range(3):
            pixels = random.integers(0, 256, (12, 12, 3)).astype(np.uint8)
            write_png(pixels, tmp_path / f"person {person}" / f"{number}.png")
    source = open_source(tmp_path, layout="identities")
    parts = [{row.values["identity"] for row in part.rows} for part in source.parts]
    assert sum(map(len, parts)) == 20 and all(parts)
    assert len(source) == 60


def test_signs_are_split_by_identity():
    source = signs(count=80, size=16)
    parts = [{row.values["identity"] for row in part.rows} for part in source.parts]
    assert [len(part) for part in parts] == [12, 4, 4]


def test_what_is_explained_is_the_cosine_to_another_image_or_how_much_of_the_own_embedding_is_left():
    task = Identify(dimensions=2, ages=True)  # the third number is the age and does not count
    own, changed = torch.tensor([[3.0, 4.0, 9.0]]), torch.tensor([[6.0, 0.0, -9.0]])
    reference = task.reference_target(changed, "other.png")
    assert float(task.objective(own, reference)) == pytest.approx(0.6)
    assert task.target_name(reference) == "the similarity to other.png"
    left = task.default_target(own)
    assert float(task.objective(own, left)) == pytest.approx(1)
    assert float(task.objective(changed, left)) == pytest.approx(6 * 0.6 / 5)
    slope = torch.autograd.functional.jacobian(lambda output: task.objective(output, left)[0], own)[0]
    assert slope.tolist() == pytest.approx([0.6 / 5, 0.8 / 5, 0])
    with pytest.raises(TaskError, match="has no classes; give another image as the reference"):
        task.parse_target("Ada")
