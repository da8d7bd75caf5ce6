"""Attacks on few pixels: what is found, what is proved by trying all, and that each rule of the paper is kept."""

import json

import numpy as np
import pytest
import torch

from eyespot.attacks import _black_box as searching
from eyespot.attacks import attack_many, choose
from eyespot.attacks._black_box import Reply
from eyespot.attacks._differential_evolution import POPULATION, _children, _first, _three_others, evolve
from eyespot.attacks._every_pixel import grid
from eyespot.attacks._pixel_search import corners
from eyespot.attacks._settings import Settings, seed_of
from eyespot.attacks.pixel_map import map_of, pixel_map
from eyespot.errors import AttackError
from eyespot.images import ImageSpec
from eyespot.model import wrap
from eyespot.tasks.criterion import Aim
from tests.attacks.small_models import linear_model, one_weak_pixel, pictures, random_model

SEARCHES = ("one-pixel", "pixel-search")
DARK = torch.full((1, 1, 6, 6), 50 / 255)


@pytest.mark.parametrize("by", [*SEARCHES, "every-pixel"])
def test_the_one_pixel_that_works_is_found(by):
    [found] = attack_many(one_weak_pixel(2, 4), DARK, by, settings=choose(by))
    assert found.outcome == "fooled"
    assert found.pixels_changed == 1
    assert found.fooled[2, 4, 0] > 200
    assert found.history[-1]["best"][0]["row"] == 2 and found.history[-1]["best"][0]["column"] == 4


@pytest.mark.parametrize("by", SEARCHES)
def test_three_pixels_do_what_one_cannot(by):
    weight = torch.zeros(2, 36)
    weight[1, [3, 17, 30]] = 1.0
    model = linear_model(weight, torch.tensor([2.5, 0.0]))
    black = torch.zeros(1, 1, 6, 6)
    for pixels, outcome in ((1, "resisted"), (3, "fooled")):
        [found] = attack_many(model, black, by, settings=choose(by, pixels=pixels))
        assert found.outcome == outcome
        assert found.pixels_changed <= pixels


@pytest.mark.parametrize("by", SEARCHES)
def test_a_target_class_is_reached_by_one_pixel(by):
    weight = torch.zeros(3, 36)
    weight[1, 0], weight[2, 35] = 1.0, 1.0
    model = linear_model(weight, torch.tensor([0.8, 0.0, 0.0]))
    black = torch.zeros(1, 1, 6, 6)
    [found] = attack_many(model, black, by, aim=Aim(target="c"), settings=choose(by))
    assert found.after["answer"] == "c"
    assert found.fooled[5, 5, 0] > 200


def test_the_search_looks_less_often_and_misses_nothing_that_evolution_finds():
    model, images = random_model(8), pictures(12, seed=8)
    found = {by: attack_many(model, images, by, settings=choose(by, queries=8000)) for by in SEARCHES}
    evolved = [one.outcome == "fooled" for one in found["one-pixel"]]
    sought = [one.outcome == "fooled" for one in found["pixel-search"]]
    assert all(second or not first for first, second in zip(evolved, sought, strict=True))
    queries = {by: sum(one.queries for one in found[by]) for by in SEARCHES}
    assert queries["pixel-search"] < queries["one-pixel"] / 2 or queries["one-pixel"] < 5000


def test_a_search_ends_with_its_queries():
    model, images = random_model(), pictures(2)
    for by in SEARCHES:
        found = attack_many(model, images, by, settings=choose(by, queries=500))
        assert max(one.queries for one in found) <= 502  # and one look without any short cut


def test_images_whose_searches_stand_at_different_points_are_searched_together(monkeypatch):
    model, images = random_model(8), pictures(9, seed=8)
    with torch.no_grad():
        model.network[-1].bias[model.outputs(images).argmax(1).mode().values] += 0.6  # or all would fall at once
    settings = choose("pixel-search", pixels=3, queries=2000)
    alone = [attack_many(model, image[None], "pixel-search", settings=settings)[0] for image in images]
    monkeypatch.setattr(searching, "AT_ONCE", 3)  # so that new searches begin while others are well under way
    together = attack_many(model, images, "pixel-search", settings=settings)
    assert [one.outcome for one in together] == [one.outcome for one in alone]
    assert [one.queries for one in together] == [one.queries for one in alone]
    assert len({one.queries for one in alone}) > 2


def test_a_child_takes_the_place_of_its_own_parent_only_where_it_is_better():
    search = evolve(pictures(1)[0], Settings())
    first = next(search)
    assert len(first) == POPULATION
    search.send(Reply(margin=torch.ones(POPULATION), fitness=torch.full((POPULATION,), 0.5)))
    half = torch.where(torch.arange(POPULATION) < 200, 0.4, 0.6)
    search.send(Reply(margin=torch.ones(POPULATION), fitness=half))
    population = search.gi_frame.f_locals["population"]
    kept = (population[:, 0, :2].long() == first.places[:, 0]).all(1)
    assert kept[200:].all()
    assert kept[:200].float().mean() < 0.1


def test_the_first_colors_are_normal_and_places_uniform():
    population = _first(torch.Size([3, 32, 32]), 1, torch.Generator().manual_seed(0))[:, 0]
    assert population[:, :2].min() >= 0 and population[:, :2].max() < 32
    assert population[:, :2].mean().item() == pytest.approx(16, abs=1)
    assert population[:, 2:].mean().item() == pytest.approx(128, abs=8)
    clipped = ((population[:, 2:] == 0) | (population[:, 2:] == 255)).float().mean().item()
    assert clipped == pytest.approx(0.32, abs=0.05)  # what a normal (128, 127) has beyond one deviation


def test_a_child_is_one_other_and_half_the_difference_of_two_more():
    population = torch.arange(8.0)[:, None, None] ** 3
    generator = torch.Generator().manual_seed(3)
    first, second, third = _three_others(8, torch.Generator().manual_seed(3))
    flat = population.flatten(1)
    assert torch.equal(_children(population, generator), flat[first] + 0.5 * (flat[second] - flat[third]))


def test_the_three_others_differ_from_oneself_and_from_one_another():
    generator = torch.Generator().manual_seed(0)
    own = torch.arange(6)
    seen = torch.zeros(6, 6)
    for _ in range(300):
        drawn = torch.stack([own, *_three_others(6, generator)])
        assert all(len(set(column.tolist())) == 4 for column in drawn.T)
        seen += torch.nn.functional.one_hot(drawn[3], 6)
    rates = seen / 300
    assert rates.diagonal().max() == 0
    assert (rates - 0.2)[~torch.eye(6, dtype=torch.bool)].abs().max() < 0.1


def test_the_grid_holds_the_corners_first_and_every_color_once():
    colors = grid(3)
    assert torch.equal(colors[:8], corners(3))
    assert len(torch.unique(colors, dim=0)) == len(colors) == 64
    assert len(grid(1)) == 18


def test_the_map_shows_which_pixels_work_and_how_many_colors(tmp_path):
    found = pixel_map(one_weak_pixel(1, 3), np.full((6, 6), 50, np.uint8))
    assert found.working == 1 and found.places == 36
    assert found.queries == 36 * found.colors == 36 * 18
    assert found.share.argmax() == 1 * 6 + 3
    assert found.share[1, 3] == pytest.approx(4 / 18)  # 210, 225, 240 and 255 of the 18 levels
    assert found.color[1, 3, 0] == 255
    assert (found.margin < 0).sum() == 1
    assert json.loads(found.to_json())["share"][1][3] > 0
    assert found.save(tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


def test_a_map_of_a_large_or_a_misread_picture_is_refused():
    model = random_model()
    large = wrap(model.network, model.task, ImageSpec(height=200, width=200, channels=3, fit="native"))
    with pytest.raises(AttackError, match="too many positions"):
        map_of(large, torch.rand(1, 3, 200, 200), "large", Aim(), None)
    with pytest.raises(AttackError, match="misread"):
        map_of(model, pictures(1), "one", Aim(), (int(model.outputs(pictures(1)).argmax()) + 1) % 3)


def test_a_seed_follows_from_the_image():
    first, second = pictures(2)
    assert seed_of(first, 0) == seed_of(first.clone(), 0) != seed_of(second, 0)
    assert seed_of(first, 0) != seed_of(first, 1)
