"""Distances in feature space, computed by hand, and the label that an image gets from them."""

import base64
from dataclasses import replace

import numpy as np
import pytest

from eyespot.images import ImageSpec, encode_png, read_pixels
from eyespot.serving._familiarity import distance_to, distances_within, familiarity
from eyespot.serving.resources import ModelResource
from eyespot.sources.source import Row

from .conftest import picture, small_model

LINE = np.array([[0.0], [1.0], [2.0], [4.0], [8.0], [16.0]])


def test_the_distance_is_the_mean_to_the_five_nearest_without_the_image_itself():
    assert distance_to(LINE, np.array([3.0])) == pytest.approx((1 + 1 + 2 + 3 + 5) / 5)
    assert distance_to(LINE, np.array([0.0])) == pytest.approx((1 + 2 + 4 + 8 + 16) / 5)
    assert distances_within(LINE)[:2] == pytest.approx([31 / 5, (1 + 1 + 3 + 7 + 15) / 5])


def dim_rows(count: int) -> list[Row]:
    """Images of one brightness pattern with a little noise."""
    random = np.random.default_rng(0)
    base = np.linspace(0, 90, 12 * 10 * 3).reshape(12, 10, 3)
    images = [(base + random.normal(0, 6, base.shape)).clip(0, 255).astype(np.uint8) for _ in range(count)]
    return [Row(picture=image, name=f"{i}", values={}, location="") for i, image in enumerate(images)]


def test_an_image_unlike_all_others_is_out_of_distribution_and_one_like_them_is_not():
    rows = dim_rows(30)
    shown = ModelResource(name="it", model=small_model(), rows=[*rows[:25], *dim_rows(9)], held_out=25)
    strange = familiarity(shown, shown.pixels(picture(12, 10)))
    assert strange["unfamiliar"] and strange["count"] == 25 and strange["heldOut"]
    assert strange["share"] == pytest.approx(1 / 26)
    usual = familiarity(shown, shown.pixels(rows[3].picture))
    assert not usual["unfamiliar"] and usual["share"] > 0.05 and usual["distance"] < strange["distance"]


def test_few_images_give_no_label():
    shown = ModelResource(name="it", model=small_model(), rows=dim_rows(19))
    found = familiarity(shown, shown.pixels(picture(12, 10)))
    assert found == {"count": 19, "heldOut": False, "distance": None, "median": None, "share": None, "unfamiliar": None}


def test_the_server_answers_with_the_same_numbers(client, app):
    pixels = client.get("/api/models/0/images/3").content
    answer = client.post("/api/models/0/familiarity", content=pixels).json()
    assert answer == pytest.approx(familiarity(app.state.app_state.models[0], pixels))
    assert client.post("/api/models/0/familiarity", content=b"few").status_code == 400


def test_a_picture_is_told_before_and_after_its_preprocessing(client, png):
    found = client.post("/api/models/0/preparation", content=png).json()
    assert found["size"] == [20, 30, 3]
    assert found["region"] == pytest.approx([20 / 3, 0, 30 - 20 / 3, 20])  # 10 x 12 of 30 x 20: the height decides
    assert base64.b64decode(found["pixels"]) == client.post("/api/models/0/pixels", content=png).content
    original = read_pixels(base64.b64decode(found["original"]), ImageSpec(height=20, width=30, channels=3))
    assert np.array_equal(original, picture())


def test_bars_beside_a_padded_picture_are_no_part_of_the_original():
    images = ImageSpec(height=12, width=10, channels=3, fit="pad")
    shown = replace(ModelResource(name="it", model=small_model(images=images)))
    found = shown.prepare(encode_png(picture(300, 600)))
    assert found["region"] == pytest.approx([0, 0, 600, 300])
    assert found["original"].shape == (128, 256, 3)
