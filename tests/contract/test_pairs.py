"""What holds for every task with every network that fits it."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from eyespot.errors import NetworkError
from eyespot.model import load
from eyespot.networks import NETWORKS, build
from eyespot.tasks import TASKS
from tests.contract.pairs import MOST_UNFIT, PAIRS, SCORED_IN_PAIRS, UNFIT, Case, example, make_case


@pytest.fixture(scope="module", params=PAIRS, ids="-".join)
def case(request: pytest.FixtureRequest) -> Case:
    return make_case(*request.param)


def test_the_list_of_pairs_that_do_not_fit_has_not_grown():
    assert len(UNFIT) <= MOST_UNFIT
    assert len(PAIRS) + len(UNFIT) == len(TASKS) * len(NETWORKS)


@pytest.mark.parametrize(("task", "network"), UNFIT, ids=[f"{task}-{network}" for task, network in UNFIT])
def test_a_pair_that_does_not_fit_says_so(task: str, network: str):
    expected = (
        rf"Network '{network}'(: it has no [\w ]+, which the task needs;| puts out a [\w ]+; the task needs a \w+)"
    )
    with pytest.raises(NetworkError, match=expected):
        build(network, NETWORKS[network].input, example(task)[0].outputs(3))


def test_the_network_puts_out_what_the_task_asks_for(case: Case):
    output = case.task.outputs(case.model.images.channels)
    sides = [side // output.stride for side in case.model.images.shape[1:]] if output.kind == "map" else []
    assert case.outputs().shape == (8, output.size, *sides)


def test_the_loss_is_one_finite_number_per_sample(case: Case):
    loss = case.loss(case.outputs())
    assert loss.shape == (8,)
    assert loss.isfinite().all()
    assert (loss >= 0).all()


def test_every_score_is_one_number_per_sample(case: Case):
    for name, score in case.task.score(case.outputs(), case.target).items():
        assert score.shape == (8,), name


def test_every_parameter_gets_a_gradient(case: Case):
    network = deepcopy(case.model.network).train()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    case.loss(network(case.images)).sum().backward()
    first = case.task.turns[0].part  # the loss of an image reaches the part that answers for it
    for name, parameter in network.get_submodule(first).named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


def test_a_batch_of_seven_is_a_batch_of_three_and_one_of_four(case: Case):
    whole = case.outputs(slice(0, 7))
    parts = torch.cat([case.outputs(slice(0, 3)), case.outputs(slice(3, 7))])
    assert torch.allclose(whole, parts, atol=1e-5)
    losses = case.loss(whole, slice(0, 7))
    assert torch.allclose(losses[3:], case.loss(whole[3:], slice(3, 7)), atol=1e-6)
    if case.task.name in SCORED_IN_PAIRS:
        return
    for name, score in case.task.score(whole, case.target[:7]).items():
        part = case.task.score(whole[3:], case.target[3:7])[name]
        assert torch.allclose(score[3:], part, atol=1e-5, equal_nan=True), name


def test_it_is_the_same_to_the_bit_after_saving_and_loading(case: Case, tmp_path):
    calibrated = replace(case.model, task=case.task.calibrate([(case.outputs(), case.target)]))
    loaded = load(calibrated.save(tmp_path / "model.safetensors"))
    with torch.no_grad():
        assert torch.equal(loaded.network(case.images), case.outputs())
    assert loaded.task == calibrated.task
