"""The stream of samples: the same bits however they are asked for, and several steps made at once."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch

from eyespot.device import World
from eyespot.samples import normalize
from eyespot.sources.augment import PRESETS
from eyespot.training import _batches as room
from eyespot.training import run as running
from eyespot.training._batches import Stream, make_batch
from eyespot.training._loop import learning_batch
from eyespot.training._sampling import samples_at


@pytest.fixture
def training(source, trained_run):
    run = trained_run("whole", network="residual", size="tiny", batch=8)
    return running.prepare(source, running.read_recipe(run.folder / "recipe.json"), run.folder, World())[0]


def recast(training, **values):
    return dataclasses.replace(training, recipe=dataclasses.replace(training.recipe, **values))


def same(one, other) -> bool:
    return all(torch.equal(getattr(one, name), getattr(other, name)) for name in ("x", "target", "keys"))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_sample_has_the_same_bits_alone_in_its_batch_and_among_many(training, preset):
    training = recast(training, augment=preset)
    stream = Stream(training)
    for seen, count in ((0, 8), (8, 8), (61, 5), (64, 16), (3, 1), (0, 8)):
        assert same(stream.take(seen, count), make_batch(training, seen, count))


def test_it_takes_the_images_of_the_order_and_their_targets(training):
    training = recast(training, augment="none")
    batch = Stream(training).take(56, 8)
    _, indices = samples_at(training.recipe.seed, 56, 8, training.recipe.count)
    decoded = training.train.batch(indices)
    assert batch.rows.tolist() == indices.tolist()
    assert torch.equal(batch.target, decoded.target)
    assert torch.equal(batch.x, room.network_x(training, decoded.x.float() / 255))
    assert torch.allclose(batch.x, normalize(decoded.x.float() / 255, training.images), atol=1e-5)


@pytest.mark.parametrize(
    ("ahead", "most", "expected"),
    [
        (48, 64, [(0, 48), (48, 16)]),  # small images: as many as the processor's cache holds
        (7, 64, [(0, 40), (40, 24)]),  # large ones: five steps
        (7, 30, [(0, 24), (24, 24), (48, 16)]),  # larger ones: what may be held
    ],
)
def test_several_steps_are_made_at_once_and_none_beyond_the_last(training, monkeypatch, ahead, most, expected):
    made = []
    monkeypatch.setattr(room, "make_batch", lambda *asked: made.append(asked[1:]) or make_batch(*asked))
    monkeypatch.setattr(room, "AHEAD", ahead * int(np.prod(training.images.shape)))
    monkeypatch.setattr(room, "MOST_AHEAD", most * int(np.prod(training.images.shape)))
    training = recast(training, steps=8)
    stream = Stream(training)
    for step in range(8):
        stream.take(8 * step, 8)
    assert made == expected
    stream.take(64, 8)  # a course that was changed goes on
    assert made[-1] == (64, 8)


def test_a_step_that_is_timed_makes_its_own_batch_alone(source, trained_run, monkeypatch):
    run = trained_run("timed", network="residual", size="tiny", batch=8)
    recipe = running.read_recipe(run.folder / "recipe.json")
    training, state = running.prepare(source, recipe, run.folder, World())
    made = []
    monkeypatch.setattr(room, "make_batch", lambda *asked: made.append(asked[1:]) or make_batch(*asked))
    behind = 8 * state.step
    running._dry_step(training, state)
    assert made == [(behind, 8)]


def test_processes_that_share_a_batch_make_their_own_pieces_alone(training, monkeypatch):
    made = []
    monkeypatch.setattr(room, "make_batch", lambda *asked: made.append(asked[1:]) or make_batch(*asked))
    stream = Stream(recast(training, micro_batches=2))
    stream.take(4, 4)
    stream.take(12, 4)
    assert made == [(4, 4), (12, 4)]


def test_what_is_hardened_is_scaled_after_it(source, trained_run):
    run = trained_run("hard", robust="noise:size=0.1", network="residual", size="tiny")
    recipe = running.read_recipe(run.folder / "recipe.json")
    training, state = running.prepare(source, recipe, run.folder, World())
    batch = Stream(training).take(0, 8)
    assert batch.x.min() >= 0 and batch.x.max() <= 1
    x, _ = learning_batch(training, state, batch)
    assert not torch.allclose(x, room.network_x(training, batch.x), atol=1e-3)


@pytest.fixture
def denoising(source, trained_run):
    run = trained_run("noise", task="denoise", network="denoiser", size="tiny", epochs=0.2)
    return running.prepare(source, running.read_recipe(run.folder / "recipe.json"), run.folder, World())[0]


def test_native_images_are_cut_at_random_only_where_the_task_allows_it(denoising, monkeypatch):
    asked = []
    crops = type(denoising.train).crops
    monkeypatch.setattr(
        type(denoising.train), "crops", lambda *args, middle: asked.append(middle) or crops(*args, middle=middle)
    )
    make_batch(denoising, 0, 2)
    monkeypatch.setattr(type(denoising.task), "allows", lambda _, change: change != "crop")
    make_batch(denoising, 0, 2)
    assert asked == [False, True]


def test_noise_differs_between_seeds_and_epochs(denoising):
    def noise(seed: int, seen: int) -> torch.Tensor:
        chosen = recast(denoising, seed=seed, augment="none", batch=1)
        order = {int(index): place for place, index in enumerate(samples_at(seed, seen, 61, 61)[1])}
        batch = make_batch(chosen, seen + order[5], 1)  # sample 5, wherever this epoch of this seed visits it
        return batch.target[:, 1] - batch.target[:, 0]

    drawn = [noise(seed, seen) for seed in (0, 1) for seen in (0, 61)]
    assert torch.equal(drawn[0], noise(0, 0))
    for first, second in itertools.combinations(drawn, 2):
        assert abs(torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1]) < 0.5
