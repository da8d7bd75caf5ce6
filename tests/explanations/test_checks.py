import pytest
import torch
from torch import nn

from eyespot.explanations import make_subject
from eyespot.explanations._checks import completeness_check, deletion_insertion, randomization_check, similarity
from eyespot.images import ImageSpec
from eyespot.model import wrap
from eyespot.tasks._classify import Classify
from tests.explanations.small_models import picture, plain, two_heads


def corner_model():
    """Says "b" the surer, the brighter the upper left quarter of an 8x8 image is."""
    dense = nn.Linear(64, 2)
    weight = torch.zeros(2, 8, 8)
    weight[1, :4, :4] = 1.0
    dense.load_state_dict({"weight": weight.view(2, 64), "bias": torch.tensor([4.0, 0])})
    return wrap(
        nn.Sequential(nn.Flatten(), dense), Classify(classes=("a", "b")), ImageSpec(height=8, width=8, channels=1)
    )


def test_the_right_map_passes_deletion_and_insertion_and_the_wrong_one_fails_both():
    bright = picture(1, 8, 8) // 4
    bright[:4, :4] = 255
    subject = make_subject(corner_model(), bright, "b")
    right = torch.zeros(8, 8)
    right[:4, :4] = 1
    checks, panel = deletion_insertion(subject, right)
    assert [check.passed for check in checks] == [True, True]
    assert [check.passed for check in deletion_insertion(subject, -right)[0]] == [False, False]
    curves = panel.values
    assert curves["deletion"][0][1] == pytest.approx(curves["insertion"][-1][1])
    assert curves["deletion"][-1][1] == pytest.approx(curves["insertion"][0][1])


def test_a_map_of_the_image_alone_fails_the_randomization():
    subject = make_subject(plain(), picture())
    checks = randomization_check(subject, lambda calls: calls[0].output[0].sum(0), [len(subject.calls) - 1])
    assert [check.value for check in checks] == [pytest.approx(1), pytest.approx(1)]
    assert not any(check.passed for check in checks)


def test_shuffled_networks_keep_the_numbers_of_each_weight():
    subject = make_subject(plain(), picture())
    seen = []
    randomization_check(subject, lambda calls: seen.append(calls) or torch.rand(3, 3), [len(subject.calls) - 1])
    own, top, everything = (calls[-1].weights["weight"].flatten().sort().values for calls in seen)
    assert torch.equal(own, top) and torch.equal(own, everything)
    assert torch.equal(seen[1][1].output, subject.calls[1].output)
    assert not torch.equal(seen[2][1].output, subject.calls[1].output)


def test_likeness_is_the_rank_correlation_of_sizes():
    assert similarity(torch.tensor([1.0, -2, 3]), torch.tensor([2.0, 4, -9])) == pytest.approx(1)
    assert similarity(torch.tensor([1.0, 2, 3]), torch.tensor([3.0, 2, 1])) == pytest.approx(-1)
    assert similarity(torch.ones(3), torch.rand(3)) == 0


def test_completeness_is_relative_to_the_size_of_the_map():
    assert completeness_check(torch.tensor([2.0, -1.01]), 1.0, "the output").passed
    check = completeness_check(torch.tensor([2.0, -2.0]), 1.0, "the output")
    assert check.value == 0.25 and not check.passed


def test_weights_of_a_second_head_are_not_the_highest_layer():
    subject = make_subject(two_heads(), picture())
    seen = []
    randomization_check(
        subject, lambda calls: seen.append(calls[-1].output) or torch.rand(3, 3), [len(subject.calls) - 1]
    )
    assert not torch.equal(seen[0], seen[1])
