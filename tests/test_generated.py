"""Generated images: how they are judged, trained for, written and marked."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

import eyespot
from eyespot import generated
from eyespot.cli._app import run as command
from eyespot.cli._generate import _chosen, _write_animation
from eyespot.errors import ModelError
from eyespot.explanations.dissection import dissect, generator_layers
from eyespot.generated import compare, grid, judge_of, kernel_distance
from eyespot.images import ImageSpec
from eyespot.model import Model
from eyespot.networks import Output, build
from eyespot.sources.source import Part
from eyespot.sources.synthetic import colored_squares
from eyespot.tasks import Classify, Generate
from eyespot.training import _generators
from eyespot.training import _loop as loop
from eyespot.training import run as running
from eyespot.training._run_folder import load_checkpoint
from eyespot.training.options import TrainOptions
from eyespot.training.plan import choose_images, choose_task, make_recipe


def direct_distance(made: np.ndarray, real: np.ndarray) -> float:
    """The formula of Binkowski et al. 2018, pair by pair."""

    def kernel(a: np.ndarray, b: np.ndarray) -> float:
        return float((a @ b / len(a) + 1) ** 3)

    def within(points: np.ndarray) -> float:
        pairs = [kernel(a, b) for i, a in enumerate(points) for j, b in enumerate(points) if i != j]
        return sum(pairs) / len(pairs)

    return within(made) + within(real) - 2 * float(np.mean([[kernel(a, b) for b in real] for a in made]))


def test_the_kernel_distance_is_that_of_the_formula():
    random = np.random.default_rng(0)
    made, real = random.normal(1, 1, (6, 4)), random.normal(0, 1, (5, 4))
    score, _, parts = kernel_distance(made, real)
    assert score == pytest.approx(direct_distance(made, real))
    assert parts.mean() == pytest.approx(score)


def test_the_standard_error_is_the_spread_of_repeated_draws():
    random = np.random.default_rng(0)
    draws = [kernel_distance(random.normal(0.5, 1, (80, 3)), random.normal(0, 1, (80, 3)))[:2] for _ in range(150)]
    scores, errors = np.array(draws).T
    assert np.mean(errors) == pytest.approx(scores.std(), rel=0.3)


def test_equal_distributions_have_a_distance_near_0():
    random = np.random.default_rng(0)
    score, error, _ = kernel_distance(random.normal(0, 1, (300, 5)), random.normal(0, 1, (300, 5)))
    assert abs(score) < 4 * error


def test_real_images_are_judged_as_real_and_one_style_as_one_style(monkeypatch: pytest.MonkeyPatch):
    """Mean colors take the place of features, so that no weights are needed."""
    monkeypatch.setattr(generated, "has_features", lambda: True)
    monkeypatch.setattr(generated, "features_of", lambda pixels: pixels.mean((2, 3)).numpy())
    squares, spec = colored_squares(count=120), ImageSpec(height=16, width=16, channels=3)

    def pixels_of_part(part: Part, images: ImageSpec = spec) -> torch.Tensor:
        return torch.stack([torch.from_numpy(np.asarray(row.picture)) for row in part.rows]).permute(0, 3, 1, 2) / 255

    monkeypatch.setattr(generated, "features_of_part", lambda part, images: pixels_of_part(part).mean((2, 3)).numpy())
    real, task = pixels_of_part(squares.train), Generate()
    judge = judge_of(squares.train, spec, len(real))
    assert judge.styles is not None and judge.styles.right.mean() > 0.9  # strongly regularized
    found = compare(task, real, judge).details
    assert found["recall"] == found["pixel_recall"] == found["pixel_precision"] == 1
    assert found["marginal_entropy"] > 0.95
    red = real[[row.values["label"] == "red" for row in squares.train.rows]]
    found = compare(task, red, judge_of(squares.train, spec, len(red))).details
    assert found["rarest_style"] == 0 and found["pixel_recall"] < 0.9


def test_copies_of_training_images_are_found():
    squares = colored_squares(count=40)
    spec = ImageSpec(height=16, width=16, channels=3)
    pixels = np.stack([np.asarray(row.picture) for row in squares.train.rows[:10]])
    copied = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    table = [{} for _ in range(10)]
    found = generated._nearest(copied, 1 - copied, squares.train, spec, table)
    assert found["copies"] == 1.0 and found["nearest"] < 1e-3 < found["nearest_held_out"]
    assert [row["nearest"] for row in table] == [row.name for row in squares.train.rows[:10]]


def test_a_grid_holds_each_image_in_its_place():
    images = torch.arange(3).view(3, 1, 1, 1).expand(3, 1, 2, 2) / 255
    assert grid(images)[..., 0].tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 255, 255], [2, 2, 255, 255]]
    assert grid(images, columns=3).shape == (2, 6, 1)


def pixels_of(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def train(folder: Path, show=lambda entry: None, **options):
    chosen = {"task": "generate:gan_phase=0.2", "size": "tiny", "epochs": 2, "batch": 8, "precision": "float32"}
    return running.run_training(colored_squares(count=40), TrainOptions(**(chosen | options)), folder, show)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tmp_path_factory.mktemp("runs") / "squares").folder


def test_a_training_logs_both_losses_and_what_is_believed_and_draws_samples(folder: Path):
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["turns"].keys() == {"discriminator", "generator"}
    assert {"real_believed", "fakes_believed", "style_entropy"} <= lines[-1]["training"].keys()
    assert len(list((folder / "samples").glob("epoch-*.png"))) >= 2
    result = json.loads((folder / "result.json").read_text())
    assert result["metric"] == "kid" and {"copies", "nearest"} <= result["details"].keys()
    assert "Closest to training images" in (folder / "report" / "index.html").read_text()


@pytest.mark.parametrize("options", [{}, {"micro_batches": 2}])
def test_killed_and_resumed_it_ends_with_the_same_bits(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict
):
    monkeypatch.setattr(loop, "SAVED_EPOCH", 0.0)
    monkeypatch.setattr(loop, "SAVED_STEP", 0.0)
    straight = train(tmp_path / "straight", **options).folder if options else folder

    def kill(entry: dict) -> None:
        if entry.get("step", 0) >= 5:
            raise OSError("killed")

    with pytest.raises(OSError, match="killed"):
        train(tmp_path / "broken", kill, **options)
    broken = train(tmp_path / "broken", **options)
    assert 0 < broken.result["resumed_from"] < broken.result["steps"]
    first, second = (load_checkpoint(one / "checkpoint.safetensors")[0] for one in (straight, broken.folder))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_256_pixels_are_built_stepped_and_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loop, "SAVED_STEP", 0.0)

    def large(show=None) -> eyespot.Run:
        settings = {"task": "generate:creativity=0", "input": "256x256x3", "size": "tiny", "batch": 2, "epochs": 2}
        return eyespot.train(colored_squares(10, 176), out=tmp_path / "run", show=show, seed=0, **settings)

    def kill(entry: dict) -> None:
        if entry.get("step", 0) >= 2:
            raise OSError("killed")

    with pytest.raises(OSError, match="killed"):
        large(kill)
    run = large()
    assert 0 < run.result["resumed_from"] < run.result["steps"]
    assert run.model.sample(0, 1).shape == (1, 3, 256, 256)


def scripted(monkeypatch: pytest.MonkeyPatch, **columns: list[float]) -> None:
    """Let each look at samples give the next scripted values; the last ones from then on."""
    looks = [{"kid error": 0.01, **dict(zip(columns, row, strict=True))} for row in zip(*columns.values(), strict=True)]
    monkeypatch.setattr(_generators, "validate_samples", lambda *_: looks.pop(0) if len(looks) > 1 else looks[0])


def test_a_collapse_ends_the_training_with_the_best_weights_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    scripted(monkeypatch, kid=[0.3, 0.2, 0.3, 0.1], diversity=[0.8, 1.0, 0.9, 0.4])
    notes = []
    run = train(tmp_path / "run", notes.append, task="generate:creativity=0", epochs=8)
    lines = [json.loads(line) for line in (run.folder / "log.jsonl").read_text().splitlines()]
    looks = [line for line in lines if line.get("validation")]
    assert [line["validation"]["kid"] for line in looks] == [0.3, 0.2, 0.3, 0.1]
    assert run.result["steps"] == looks[-1]["step"] < lines[0]["steps"]
    assert run.model.made["step"] == looks[1]["step"]
    assert any("collapsed" in entry.get("note", "") and "epoch 2" in entry["note"] for entry in notes)


def test_without_scores_a_collapse_leads_to_the_last_good_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    scripted(monkeypatch, kid=[math.nan] * 3, diversity=[0.8, 1.0, 0.4])
    run = train(tmp_path / "run", task="generate:creativity=0", epochs=8)
    assert run.model.made["step"] < run.result["steps"]


def test_weights_are_selected_only_among_those_of_full_creativity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    scripted(monkeypatch, kid=[0.1, 0.1, 0.1, 0.2, 0.15, 0.3], diversity=[1.0] * 6)
    run = train(tmp_path / "run", task="generate:gan_phase=0.5", epochs=6)
    last = run.result["steps"]
    assert 0.6 <= run.model.made["step"] / last < 1
    assert run.result["validation"]["value"] == 0.15


def test_the_number_of_steps_does_not_depend_on_the_number_of_images():
    squares = colored_squares(count=40)
    options = TrainOptions(task="generate", size="tiny", precision="float32")
    task = choose_task(squares, "generate")[0].prepare(squares.train.rows)
    recipe = make_recipe(squares, {"what": None}, task, choose_images(squares, task, options)[0], options)
    assert recipe.steps == 6000 and recipe.batch <= 64


def test_the_command_writes_marked_files_and_overwrites_nothing(folder: Path, tmp_path: Path, capsys):
    out = tmp_path / "images"
    arguments = ["generate", str(folder), "--count", "3", "--seed", "7", "--out", str(out)]
    assert command(arguments) == 0
    assert sorted(path.name for path in out.iterdir()) == [
        "grid.png",
        "image-00001.png",
        "image-00002.png",
        "image-00003.png",
    ]
    for path in out.iterdir():
        with Image.open(path) as image:
            assert "Generated by a neural network" in image.info["Comment"]
    model = eyespot.load(folder / "model.safetensors")
    expected = generated.to_bytes(model.sample(7, 3)[1].permute(1, 2, 0))
    assert np.array_equal(pixels_of(out / "image-00002.png"), expected)
    before = {path: path.read_bytes() for path in out.iterdir()}
    assert command(arguments) == 2
    assert "nothing is overwritten" in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in out.iterdir()}


def test_channels_of_a_generator_are_switched_off_one_by_one(folder: Path, tmp_path: Path, capsys):
    model = eyespot.load(folder / "model.safetensors")
    plain, found = dissect(model, "map8", seed=7, n=2, channels=2)
    assert torch.equal(plain, model.sample(7, 2)), "the model is left as it was"
    assert found[0].change >= found[1].change > 0
    assert found[0].change == pytest.approx(float((found[0].images - plain).abs().mean()))
    norm = generator_layers(model)["map8"].norm
    with torch.no_grad():  # a channel whose normalization gives 0 is switched off as well
        norm.weight[found[0].channel], norm.bias[found[0].channel] = 0, 0
    assert torch.allclose(model.sample(7, 2), found[0].images, atol=1e-6)
    out = tmp_path / "dissected"
    assert command(["generate", str(folder), "--dissect", "map8", "--out", str(out)]) == 0
    rows = len(json.loads((out / "map8.json").read_text())["rows"])
    assert pixels_of(out / "map8.png").shape == (16 * (1 + rows), 16 * 8, 3)
    assert command(["generate", str(folder), "--dissect", "map9", "--out", str(tmp_path / "none")]) == 2
    assert "layer of the generator" in capsys.readouterr().err


def test_the_command_interpolates(folder: Path, tmp_path: Path):
    assert command(["generate", str(folder), "--interpolate", "5", "--out", str(tmp_path / "strip")]) == 0
    assert pixels_of(tmp_path / "strip" / "interpolation.png").shape == (16, 80, 3)
    arguments = ["generate", str(folder), "--animated", "--out", str(tmp_path / "animation")]
    assert command([*arguments, "--interpolate", "5"]) == 0
    with Image.open(tmp_path / "animation" / "interpolation.webp") as found:
        assert "Generated by a neural network" in found.getexif()[ExifTags.Base.ImageDescription]
    with Image.open(_write_animation(torch.rand(5, 1, 16, 16), tmp_path)[0]) as found:
        assert found.n_frames == 8  # there and back, without the ends twice
    assert command(arguments) == 2


def test_images_are_chosen_by_style(folder: Path, tmp_path: Path, capsys):
    model = eyespot.load(folder / "model.safetensors")
    with torch.no_grad():  # far more distinct images than two epochs of training give
        for weight in model.network.parameters():
            weight.normal_(0, 0.3, generator=torch.Generator().manual_seed(weight.numel()))
    of = model.task.parse_target("red")
    near, far = (_chosen(model, 0, 3, *styles) for styles in (("red", None), (None, "red")))
    values = model.task.value(model.outputs(model.sample(0, 24)), of).sort().values
    assert torch.allclose(model.task.value(model.outputs(near), of).sort().values, values[-3:])
    assert torch.allclose(model.task.value(model.outputs(far), of).sort().values, values[:3])
    assert values[0] < values[-1]
    out = tmp_path / "none"
    assert command(["generate", str(folder), "--nearest", "green", "--out", str(out)]) == 2
    assert "green" in capsys.readouterr().err
    assert not out.exists()


def test_predict_names_the_command_that_fits(folder: Path, tmp_path: Path, capsys):
    image = tmp_path / "one.png"
    Image.new("RGB", (16, 16)).save(image)
    assert command(["predict", str(folder), str(image)]) == 2
    assert "eyespot generate" in capsys.readouterr().err


def test_a_model_that_answers_generates_nothing(tmp_path: Path, capsys):
    network = build("residual", (3, 16, 16), Output("vector", 2), size="tiny")
    images = ImageSpec(height=16, width=16, channels=3)
    model = Model(network=network, task=Classify(classes=("a", "b")), images=images)
    with pytest.raises(ModelError, match="generates no images"):
        model.interpolate(0, 2)
    path = model.save(tmp_path / "model.safetensors")
    assert command(["generate", str(path), "--out", str(tmp_path / "none")]) == 2
    assert "generates no images" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
