"""`Model.module()`: from pixels to the answer in one module, for every pair of task and network."""

import pytest
import torch

from tests.contract.pairs import PAIRS, SMALLEST, example, make_case

LARGE = {"efficientnet-lite0": "detect", "yolox-nano": "classify", "sface": "identify", "dahl2016": "colorize"}
"""Networks that take seconds to export, and the task that they are exported with; other tasks are with small ones."""
SMALL = {"residual", "denoiser"}
"""Networks that every task is exported with, where they fit; any other is exported once."""
EXPORTED = {network: task for task, network in reversed(PAIRS)} | LARGE
"""The task that each network is exported with: the first that it fits."""


@pytest.mark.parametrize(("task", "network"), PAIRS, ids=[f"{task}-{network}" for task, network in PAIRS])
def test_the_module_gives_the_answer_and_can_be_exported(task, network):
    case = make_case(task, network)
    rows = example(task)[1][:2]
    pixels = torch.cat([case.model.read(row.picture) for row in rows])
    module = case.model.module()
    with torch.no_grad():
        answer = module(pixels)
        expected = case.task.activate(case.model.outputs(pixels))
        assert torch.allclose(answer, expected, atol=1e-5)
        if network in SMALL or task == EXPORTED[network]:
            exported = torch.export.export(module, (pixels,)).module()(pixels)
            assert torch.allclose(exported, expected, atol=1e-5)


def test_the_module_gives_the_probabilities_that_predict_gives():
    case = make_case("classify", "tinyvgg")
    picture = example("classify")[1][0].picture
    with torch.no_grad():
        answer = case.model.module()(case.model.read(picture))
    assert answer[0].tolist() == pytest.approx(list(case.model.predict(picture)["probabilities"].values()), abs=1e-5)
    assert SMALLEST["tinyvgg"] == (3, *case.model.images.shape[1:])
