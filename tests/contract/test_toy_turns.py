"""Toy tasks with learned loss parameters, a sampling order of their own, and two networks trained in turns."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import eyespot
from eyespot.device import World
from eyespot.errors import NetworkError, TaskError
from eyespot.networks import NETWORKS
from eyespot.sources.source import Source
from eyespot.tasks import TASKS
from eyespot.tasks.task import Task
from eyespot.training import _loop as loop
from eyespot.training import run as running
from eyespot.training._batches import Stream
from eyespot.training._run_folder import load_checkpoint
from eyespot.training._sampling import epoch_order, samples_at
from eyespot.training.options import TrainOptions
from tests.contract.toy_tasks.embedding import Embedding, people
from tests.contract.toy_tasks.two_networks import FAMILY, Generate

TOYS: dict[str, type[Task]] = {"embedding": Embedding, "generate-toy": Generate}
DENSE = "flatten, dense 8, relu, dense"
Train = Callable[..., running.Run]


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, task in TOYS.items():
        monkeypatch.setitem(TASKS, name, task)
    monkeypatch.setitem(NETWORKS, "two-networks", FAMILY)
    monkeypatch.setattr(loop, "SAVED_EPOCH", 0.0)


@pytest.fixture
def source() -> Source:
    return people()


@pytest.fixture
def train(source: Source, tmp_path: Path) -> Train:
    def train(task: str, folder: str, show: Callable[[dict[str, Any]], None] = lambda entry: None, **options: Any):
        network = DENSE if task == "embedding" else None
        chosen = {
            "task": task,
            "network": network,
            "epochs": 3,
            "batch": 16,
            "precision": "float32",
            "augment": "none",
            **options,
        }
        return running.run_training(source, TrainOptions(**chosen), tmp_path / folder, show)

    return train


def kill_after(step: int) -> Callable[[dict[str, Any]], None]:
    def show(entry: dict[str, Any]) -> None:
        if entry.get("step", 0) >= step:
            raise OSError("killed")

    return show


def checkpoint(run: running.Run) -> dict[str, torch.Tensor]:
    return load_checkpoint(run.folder / "checkpoint.safetensors")[0]


def prepared(run: running.Run, source: Source) -> tuple[Any, Any]:
    """The training before its first step."""
    (run.folder / "checkpoint.safetensors").unlink()
    return running.prepare(source, running.read_recipe(run.folder / "recipe.json"), run.folder, World())


@pytest.mark.parametrize("task", TOYS)
@pytest.mark.parametrize(("step", "options"), [(5, {}), (9, {"micro_batches": 2, "lookahead": True})])
def test_killed_and_resumed_it_ends_with_the_same_bits(train: Train, task: str, step: int, options: dict[str, Any]):
    straight = train(task, "straight", **options)
    with pytest.raises(OSError, match="killed"):
        train(task, "broken", kill_after(step), **options)
    broken = train(task, "broken", **options)
    assert 0 < broken.result["resumed_from"] < broken.result["steps"]
    for first, second in (
        (checkpoint(straight), checkpoint(broken)),
        (load_file(straight.result["model"]), load_file(broken.result["model"])),
    ):
        assert first.keys() == second.keys()
        assert all(torch.equal(first[name], second[name]) for name in first)
    assert [line["loss"] for line in straight.log] == [line["loss"] for line in broken.log]


@pytest.mark.parametrize("task", TOYS)
def test_it_is_saved_loaded_evaluated_and_asked(train: Train, source: Source, task: str):
    run = train(task, "run")
    model = eyespot.load(run.folder / "model.safetensors")
    assert model.evaluate(source.test).score == pytest.approx(run.result["score"])
    assert json.dumps(model.predict(source.test.rows[0].picture))
    assert (run.folder / "report" / "index.html").exists()


def test_the_embedding_learns_with_its_criterion(train: Train, source: Source):
    run = train("embedding", "run", epochs=20, optimizer="adamw", rate=1e-2)
    assert run.result["score"] > 0.8
    learned = checkpoint(run)
    assert not [name for name in load_file(run.folder / "model.safetensors") if "criterion" in name]
    _, state = prepared(run, source)
    first, last = state.criterion.weight.detach(), learned["criterion/weight"]
    assert first.shape == last.shape == (4, 4)
    assert not torch.allclose(first, last, atol=1e-2)
    assert any(name.startswith("optimizer.network.criterion/exp_avg/") for name in learned)


def test_batches_hold_pairs_and_every_image_once_an_epoch(train: Train, source: Source):
    training, _ = prepared(train("embedding", "run"), source)
    _, indices = samples_at(0, 0, 120, 60, training.order)
    assert sorted(indices[:60]) == sorted(indices[60:]) == list(range(60))
    assert indices[:60].tolist() != indices[60:].tolist()
    identities = training.train.targets[indices[:60]].reshape(-1, 2)
    assert (identities[:, 0] == identities[:, 1]).float().mean() > 0.9
    taken = Stream(training).take(52, 16)  # across the end of an epoch
    assert taken.rows.tolist() == indices[52:68].tolist()


@pytest.mark.parametrize("order", [np.arange(3), np.arange(1, 5), np.zeros(4), np.array([-1, 0, 1, 2])])
def test_a_wrong_sampling_order_is_refused(monkeypatch: pytest.MonkeyPatch, order: np.ndarray):
    monkeypatch.setattr(Embedding, "sampling_order", lambda *_: order)
    with pytest.raises(TaskError, match="expected 4 whole numbers from 0 to 3"):
        epoch_order(Embedding(), torch.zeros(4), 4)(0, 0, 4)


def test_each_view_of_an_image_follows_the_order_of_its_own(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Embedding, "sampling_order", lambda _, targets, seed, epoch: np.roll(np.arange(3), epoch))
    order = epoch_order(Embedding(), torch.zeros(3), 3)
    assert order(0, 1, 6).tolist() == [1, 2, 0, 3, 4, 5]  # orders number 2 and 3, the second of further crops


def test_each_turn_changes_its_own_part_alone(train: Train, source: Source):
    training, state = prepared(train("generate-toy", "run"), source)
    assert list(state.optimizers) == ["discriminator", "generator"]
    stream = Stream(training)
    for turn, ours in zip(training.task.turns, ("stages.discriminator.", "generator."), strict=True):
        with loop.learning_alone(training, state, turn):
            loop.backward(training, stream, state, turn)
        with_gradients = {name for name, weight in state.network.named_parameters() if weight.grad is not None}
        assert with_gradients == {name for name, _ in state.network.named_parameters() if name.startswith(ours)}
        state.network.zero_grad()
    assert all(weight.requires_grad for weight in state.network.parameters())


def test_the_second_turn_sees_what_the_first_has_changed(train: Train, source: Source):
    training, state = prepared(train("generate-toy", "run"), source)
    discriminator, generator = training.task.turns
    losses, *_ = loop.take_turns(training, Stream(training), state, rate=0.1)
    training, fresh = running.prepare(source, training.recipe, training.checkpoint.parent, World())
    before, *_ = loop.backward(training, Stream(training), fresh, generator)
    assert losses["generator"] != before
    assert losses["discriminator"] == loop.backward(training, Stream(training), fresh, discriminator)[0]


def test_the_log_names_the_loss_of_each_turn(train: Train):
    for line in train("generate-toy", "run").log:
        assert line["turns"].keys() == {"discriminator", "generator"}
        assert line["loss"] == pytest.approx(sum(line["turns"].values()))


def test_a_network_without_the_part_of_a_turn_is_refused(train: Train):
    with pytest.raises(NetworkError, match=r"trains the part 'stages.discriminator'.*two-networks"):
        train("generate-toy", "run", network=DENSE)
