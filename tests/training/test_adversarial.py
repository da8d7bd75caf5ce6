"""A hardened training: what it learns from, what it says of the gain and of the price, and what is refused."""

import json
from dataclasses import replace

import pytest
import torch

from eyespot.attacks.candidates import candidates
from eyespot.device import World
from eyespot.errors import AttackError, RecipeError
from eyespot.training import _loop as loop
from eyespot.training import run as running
from eyespot.training._adversarial import Hardening, adversarial_evaluation, tiles
from eyespot.training._batches import Stream

RESIDUAL = {"network": "residual", "size": "tiny"}


def prepared(source, run):
    return running.prepare(source, running.read_recipe(run.folder / "recipe.json"), run.folder, World())


@pytest.mark.parametrize(("robust", "farthest"), [("noise:size=0.1", None), ("adversarial:size=0.1", 0.1)])
def test_a_step_learns_from_changed_images_and_the_rest_stays_as_it_was(source, trained_run, robust, farthest):
    plain, state = prepared(source, trained_run("plain", **RESIDUAL))
    hard, _ = prepared(source, trained_run("hard", robust=robust, **RESIDUAL))
    before = {name: value.clone() for name, value in state.network.state_dict().items()}
    state.network.train()
    random = torch.get_rng_state()
    clean, target = loop.learning_batch(plain, state, Stream(plain).take(24, 8))
    changed, still = loop.learning_batch(hard, state, Stream(hard).take(24, 8))
    again, _ = loop.learning_batch(hard, state, Stream(hard).take(26, 3))
    assert torch.equal(target, still)
    assert state.network.training
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(before[name], value) for name, value in state.network.state_dict().items())
    change = (changed - clean) * plain.images.std[0]
    assert change.abs().amax((1, 2, 3)).min() > 0.05
    assert farthest is None or change.abs().max() <= farthest + 1e-5
    torch.testing.assert_close(again, changed[2:5])


def test_the_result_and_the_report_tell_the_gain_beside_the_score(trained_run):
    run = trained_run(epochs=12, robust="adversarial:size=0.05")
    found = run.result["adversarial_evaluation"]
    assert found["size"] == 0.05
    assert found["right"]["count"] == found["robust"]["count"] == 23
    assert 0 < found["robust"]["share"] <= found["right"]["share"]
    page = (run.folder / "report" / "index.html").read_text()
    assert "correct under attack" in page and "each value changed by at most 12.8/255" in page
    assert "adversarial, size 0.05" in page
    assert json.loads((run.folder / "result.json").read_text())["adversarial_evaluation"] == found


def test_hardened_it_withstands_more_than_plain(source, trained_run):
    plain, hard = (trained_run(str(robust), epochs=12, robust=robust) for robust in (None, "adversarial:size=0.1"))
    assert "adversarial_evaluation" not in plain.result
    strong = Hardening(by="adversarial", size=0.1)
    shares = [adversarial_evaluation(run.model, source.test, strong)["robust"]["share"] for run in (plain, hard)]
    assert shares[0] < shares[1]
    assert shares[1] == hard.result["adversarial_evaluation"]["robust"]["share"]


def test_after_noise_the_attack_has_its_usual_size(source, trained_run):
    found = adversarial_evaluation(trained_run(epochs=12).model, source.test, Hardening(by="noise", size=0.3))
    assert found["size"] == 8 / 255
    assert tiles(found)[1][2].startswith("each value changed by at most 8/255")


def test_where_nothing_is_read_rightly_nothing_withstands(source, trained_run):
    model = trained_run(epochs=12).model
    swapped = replace(model, task=replace(model.task, classes=model.task.classes[::-1]))
    rows = [number for number, right in enumerate(candidates(model, source.test, 23).right) if right]
    wrong = source.test.take(rows)
    found = adversarial_evaluation(swapped, wrong, Hardening(by="noise", size=0.3))
    assert found["right"]["share"] == found["robust"]["share"] == 0


def test_a_picture_as_an_answer_cannot_be_hardened(trained_run):
    with pytest.raises(RecipeError, match="answer is a picture"):
        trained_run(task="denoise", robust="noise", network="denoiser", size="tiny")


def test_an_unknown_way_is_refused_before_anything_is_trained(trained_run, tmp_path):
    with pytest.raises(AttackError, match="adversarial"):
        trained_run(robust="adversarail")
    assert not (tmp_path / "run" / "recipe.json").exists()
