"""Answers that are images, at the size of the file: noise that is added, settings, hints and proposals."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image
from starlette.testclient import TestClient

from eyespot.answers import with_settings
from eyespot.images import encode_png
from eyespot.serving import _answer_image_api
from eyespot.serving.app import make_app
from eyespot.tasks.task import Hint

from .conftest import HERE, picture, small_model
from .view_models import ModelResource, colorizer, denoiser

NAMES = ("denoise", "regression", "rebalanced", "classify")
GRAY = encode_png(picture(24, 30)[..., 0])
COLOR = encode_png(picture(24, 30))


@pytest.fixture(scope="module")
def models():
    return [denoiser(), colorizer("regression"), colorizer("rebalanced"), ModelResource(name="a", model=small_model())]


@pytest.fixture(scope="module")
def ask(models):
    client = TestClient(make_app(models), base_url=HERE)

    def answered(name, body, **settings):
        return client.post(f"/api/models/{NAMES.index(name)}/answer-image", content=body, params=settings)

    return answered


def array(answer, name):
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(answer.json()[name]))))


def test_an_image_without_added_noise_is_answered_as_predict_does(ask, models):
    answer = ask("denoise", GRAY)
    predicted = models[0].model.predict(GRAY)
    assert (array(answer, "image") == predicted["picture"][..., 0]).all()
    assert (array(answer, "before") == picture(24, 30)[..., 0]).all()
    found = answer.json()
    assert found["size"] == [24, 30] and found["psnr"] is None and found["proposals"] == [""]
    assert found["values"]["noise"] == pytest.approx(predicted["noise"])
    assert found["text"] == "a picture of 30 x 24 pixels"


@pytest.mark.parametrize(
    ("noise", "amount"), [("gaussian", 50), ("poisson", 4), ("bernoulli", 0.5), ("impulse", 0.7), ("text", 0.25)]
)
def test_noise_is_added_first_and_is_the_same_each_time(ask, noise, amount):
    flat = encode_png(np.full((32, 32), 120, np.uint8))
    answer, again = (ask("denoise", flat, noise=noise, amount=amount) for _ in range(2))
    noisy = array(answer, "before").astype(float)
    assert (noisy == array(again, "before")).all() and noisy.std() > 10
    assert answer.json()["psnr"]["before"] < 22
    error = ((array(answer, "image") / 255 - 120 / 255) ** 2).mean()
    assert answer.json()["psnr"]["image"] == pytest.approx(-10 * np.log10(error), abs=0.1)


def test_the_deviation_of_gaussian_noise_is_as_requested(ask):
    flat = encode_png(np.full((64, 64), 128, np.uint8))
    assert array(ask("denoise", flat, noise="gaussian", amount=20), "before").std() == pytest.approx(20, rel=0.05)


def test_strength_mixes_and_no_strength_leaves_the_image(ask):
    whole, half, none = (array(ask("denoise", GRAY, strength=s), "image").astype(int) for s in (1, 0.5, 0))
    before = picture(24, 30)[..., 0].astype(int)
    assert (none == before).all() and (whole != before).any()
    inside = (whole > 0) & (whole < 255)  # the others were cut off
    assert np.abs(half - (whole + before) / 2)[inside].max() <= 1


def test_settings_are_applied_without_asking_the_network_again(ask, models, monkeypatch):
    _answer_image_api._ask.cache_clear()
    ask("regression", COLOR)
    with monkeypatch.context() as patched:
        patched.setattr(type(models[1].model), "answer_outputs", None)  # cannot be called
        assert ask("regression", COLOR, saturation=2).status_code == 200
        assert ask("regression", COLOR, hints="1,1,ff0000").status_code == 200


def test_colors_follow_saturation_and_hints_and_are_marked_as_invented(ask, models):
    plain = ask("regression", COLOR)
    assert plain.json()["values"]["note"] == "the colors are invented, not known"
    image = Image.open(io.BytesIO(base64.b64decode(plain.json()["image"])))
    assert image.size == (30, 24) and image.info["Comment"] == plain.json()["values"]["note"]
    assert np.ptp(array(ask("regression", COLOR, saturation=0), "image").astype(int), axis=2).max() <= 1
    hinted = array(ask("regression", COLOR, hints="2,3,ff0000;20,25,0000ff"), "image")
    model = models[1].model
    hints = [Hint(row=2, column=3, color=(255, 0, 0)), Hint(row=20, column=25, color=(0, 0, 255))]
    assert (hinted == model.predict(COLOR, hints)["picture"]).all()
    assert (hinted != array(plain, "image")).any()


def test_a_model_of_classes_has_three_proposals(ask, models):
    names = ask("rebalanced", COLOR).json()["proposals"]
    assert names == ["", "warm", "cold"]
    warm = array(ask("rebalanced", COLOR, proposal="warm", saturation=1.5), "image")
    model, proposals = models[2].model, models[2].model.task.proposals()
    pixels, output = torch.from_numpy(picture(24, 30)).permute(2, 0, 1)[None] / 255, model.outputs(model.read(COLOR))
    wanted = with_settings(proposals["warm"], {"saturation": 1.5}).answer_image(output, pixels)
    assert np.abs(warm / 255 - wanted[0].detach().permute(1, 2, 0).numpy()).max() < 1.1 / 255
    assert ask("regression", COLOR).json()["proposals"] == [""]


@pytest.mark.parametrize(
    ("name", "settings", "sentence"),
    [
        ("classify", {}, "the answers of classify are no images; choose a model that denoises or colorizes."),
        ("denoise", {"noise": "fog", "amount": 1}, "noise is 'fog'; expected one of impulse, text, bernoulli"),
        ("denoise", {"noise": "text"}, "share is 25.0; expected a share of the pixels above 0, below 1."),
        ("denoise", {"noise": "gaussian", "amount": 0}, "sigma is 0.0; expected a deviation above 0"),
        ("denoise", {"strength": 2}, "strength is 2.0; expected a number from 0 to 1."),
        ("denoise", {"saturation": 1}, "the task denoise has no saturation; leave it out."),
        ("denoise", {"hints": "1,1,ff0000"}, "hints were given, but denoise takes none; leave them out."),
        ("regression", {"noise": "gaussian"}, "noise was given, but colorize does not remove any; leave it out."),
        ("regression", {"proposal": "warm"}, "proposal is 'warm'; this model has none, as by regression."),
        ("rebalanced", {"proposal": "green"}, "proposal is 'green'; this model has warm, cold."),
        ("regression", {"hints": "99,1,ff0000"}, "there is a hint at row 99, column 1, but the image has 24 rows"),
        ("regression", {"saturation": 9}, "saturation is 9.0; expected a number from 0 to 3.0."),
    ],
)
def test_settings_that_cannot_be_are_refused(ask, name, settings, sentence):
    answer = ask(name, COLOR, **settings)
    assert answer.status_code == 400 and sentence in answer.json()["error"]


@pytest.mark.parametrize(("settings", "name"), [({"hints": "1;2"}, "hints"), ({"amount": "much"}, "amount")])
def test_parameters_of_another_form_are_refused(ask, settings, name):
    answer = ask("regression", COLOR, **settings)
    assert answer.status_code == 422 and f"'{name}'" in answer.json()["error"]


def test_broken_and_too_large_images_are_refused(ask, monkeypatch):
    assert "is not an image" in ask("denoise", b"no image").json()["error"]
    monkeypatch.setattr(_answer_image_api, "MOST_ANSWERED_PIXELS", 500)
    assert "has 30 x 24 pixels, more than 500; scale it down" in ask("regression", COLOR).json()["error"]
    monkeypatch.setattr(_answer_image_api, "MOST_ANSWERED_PIXELS", 10_000)
    monkeypatch.setattr(_answer_image_api, "MOST_NATIVE_PIXELS", 500)
    assert ask("denoise", GRAY).status_code == 200  # answered in tiles
    monkeypatch.setattr(_answer_image_api, "halo_of", lambda *_: None)
    assert "more than 500; scale it down" in ask("denoise", GRAY).json()["error"]
