"""Faces drawn at another age: they follow the age, are marked as synthetic, and belong to one model."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import eyespot
from eyespot.cli._app import run
from eyespot.errors import FaceError, ModelError
from eyespot.faces import AgeDecoder, load_decoder, save_rendered, train_decoder
from eyespot.faces._rerender import MARK, Decoder
from eyespot.images import ImageSpec, write_png
from eyespot.model import Model
from eyespot.networks import build
from eyespot.sources.synthetic import faces
from eyespot.tasks import Classify, Identify
from eyespot.tasks.task import Task

SOURCE = faces(count=160, size=16)


def model_of(task: Task, seed: int) -> Model:
    torch.manual_seed(seed)
    spec = ImageSpec(height=16, width=16, channels=3)
    network = build("residual", (3, 16, 16), task.outputs(3), size="tiny")
    return Model(network=network.eval(), task=task, images=spec, made={"by": "test"})


@pytest.fixture(scope="module")
def model() -> Model:
    return model_of(Identify(dimensions=8), seed=0)


@pytest.fixture(scope="module")
def decoder(model: Model) -> AgeDecoder:
    return train_decoder(model, SOURCE, steps=50)


def test_hair_turns_gray_with_the_age(model: Model, decoder: AgeDecoder):
    photo = SOURCE.test.rows[0].picture
    young, old = (decoder.render(model, photo, age)[1:-1, 1:-1].astype(float) for age in (20, 75))
    assert young.shape == (16, 16, 3)
    assert old[:3, 6:10].mean() > young[:3, 6:10].mean() + 40
    assert np.abs(old[14:, 6:10] - young[14:, 6:10]).mean() < 40  # the ground below the chin stays


def test_what_is_drawn_is_marked(model: Model, decoder: AgeDecoder, tmp_path: Path):
    drawn = decoder.render(model, SOURCE.test.rows[0].picture, 40)
    frame = np.concatenate([drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1]])
    assert {tuple(color) for color in frame.tolist()} == {tuple(MARK.tolist()), (255, 255, 255)}
    with Image.open(save_rendered(drawn, tmp_path / "old.png")) as image:
        assert "synthetic" in image.text["Comment"]  # pyright: ignore[reportAttributeAccessIssue]


def test_a_saved_decoder_draws_the_same_and_belongs_to_its_model(model: Model, decoder: AgeDecoder, tmp_path: Path):
    again = load_decoder(decoder.save(tmp_path / "decoder.safetensors"))
    photo = SOURCE.test.rows[3].picture
    assert np.array_equal(again.render(model, photo, 50), decoder.render(model, photo, 50))
    with pytest.raises(FaceError, match="trained for another model"):
        decoder.render(model_of(Identify(dimensions=8), seed=1), photo, 50)
    with pytest.raises(FaceError, match="age is 200; expected years from 0 to 150"):
        decoder.render(model, photo, 200)
    with pytest.raises(ModelError, match="no age decoder"):
        load_decoder(model.save(tmp_path / "model.safetensors"))


def test_sides_that_are_no_multiple_of_eight_are_cut():
    assert Decoder(3, 10, 17)(torch.zeros(2, 4)).shape == (2, 3, 10, 17)


def test_a_model_without_embeddings_and_photos_without_ages_are_refused(model: Model):
    with pytest.raises(FaceError, match="gives no embedding"):
        train_decoder(model_of(Classify(classes=("a", "b")), seed=0), SOURCE)
    from eyespot.sources.synthetic import signs

    with pytest.raises(FaceError, match="0 different ages among 0 training photos"):
        train_decoder(model, signs(count=40, size=16))


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose decoder was not trained yet."""
    folder = tmp_path_factory.mktemp("ages") / "run"
    task = "identify:dimensions=8"
    eyespot.train("synthetic:faces", task=task, out=folder, network="residual", size="tiny", epochs=1, input="16x16x3")
    return folder


def test_faces_are_drawn_at_other_ages_on_the_command_line(run_folder: Path, tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setattr("eyespot.faces.train_decoder", partial(train_decoder, steps=3))
    image, broken = tmp_path / "ada.png", tmp_path / "broken.png"
    write_png(SOURCE.test.rows[0].picture, image)
    broken.write_bytes(b"no image")
    arguments = ["--at-age", "20,70.5", "--model", str(run_folder)]
    assert run(["faces", str(image), str(broken), *arguments, "--out", str(tmp_path / "old")]) == 2
    printed = capsys.readouterr()
    assert "2 synthetic images written" in printed.out and "broken.png" in printed.err
    assert "training a decoder on synthetic:faces" in printed.err
    files = sorted((tmp_path / "old").iterdir())
    assert [file.name for file in files] == ["00001-ada-age-20.png", "00001-ada-age-70.5.png"]
    for file in files:
        with Image.open(file) as drawn:
            assert "synthetic" in drawn.text["Comment"]  # pyright: ignore[reportAttributeAccessIssue]
    assert run(["faces", str(image), *arguments, "--out", str(tmp_path / "again"), "--json"]) == 0
    assert "training a decoder" not in capsys.readouterr().err  # it is kept in the folder of the run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.png", "--at-age", "20"], "give all of them"),
        (["a.png", "--at-age", "old", "--model", "run", "--out", "old"], "at-age is 'old'; expected years from 0"),
        (["a.png", "--at-age", "200", "--model", "run", "--out", "old"], "expected years from 0 to 150"),
        (["a.png", "--at-age", "20", "--model", "none", "--out", "old"], "expected the folder of a finished run"),
        (["a.png", "--at-age", "20", "--model", "run", "--out", "old", "--group"], "and no other option"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments: list[str], message: str, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["faces", *arguments]) == 2
    assert message in capsys.readouterr().err.replace("\n", " ")
    assert list(tmp_path.iterdir()) == []
