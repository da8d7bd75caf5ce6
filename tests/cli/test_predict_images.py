"""Answers that are images: their depth, how strong they are, and what is said of them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from eyespot.cli._app import run
from eyespot.images import ImageSpec, encode_png, is_deep, read_levels, read_pixels, write_png
from eyespot.model import Model
from eyespot.networks import build
from eyespot.tasks import Classify, Denoise
from eyespot.tasks.colorize import Colorize

RANDOM = np.random.default_rng(0)


def saved(folder: Path, channels: int = 1, value_range: tuple[float, float] | None = None) -> str:
    task = Denoise()
    torch.manual_seed(0)
    network = build("denoiser", (channels, 16, 16), task.outputs(channels), size="tiny")
    images = ImageSpec(
        height=16,
        width=16,
        channels=channels,
        fit="native",
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        value_range=value_range,
    )
    return str(Model(network=network, task=task, images=images).save(folder / "model.safetensors"))


def values_of(file: Path, channels: int) -> np.ndarray:
    return read_levels(file, ImageSpec(height=1, width=1, channels=channels, value_range=(0, 65535)))


@pytest.mark.parametrize(
    ("channels", "high", "value_range"), [(1, 65535, None), (3, 65535, None), (1, 4095, (0, 4095)), (1, 4095, (0, 1))]
)
def test_files_of_16_bits_are_answered_in_16_bits_and_in_their_units(channels, high, value_range, tmp_path, capsys):
    pixels = RANDOM.integers(0, high + 1, (20, 22, channels)).astype(np.uint16)
    source = tmp_path / ("deep.png" if channels == 3 or value_range else "deep.tif")
    if value_range == (0, 1):  # shares of full brightness have no units that a PNG file could hold
        pixels = (pixels / high).astype(np.float32)
        source = source.with_suffix(".tif")
        Image.fromarray(pixels[..., 0]).save(source)
    elif source.suffix == ".tif":
        Image.fromarray(pixels[..., 0]).save(source)
    else:
        write_png(pixels, source)
    words = ["predict", saved(tmp_path, channels, value_range), str(source), "--out", str(tmp_path / "out")]
    assert run([*words, "--strength", "0"]) == 0
    expected = np.rint(pixels * 65535.0).astype(np.uint16) if value_range == (0, 1) else pixels
    assert np.array_equal(values_of(tmp_path / "out" / "deep.denoised.png", channels), expected)
    assert run(words) == 0
    made = values_of(tmp_path / "out" / "deep.denoised-2.png", channels)
    assert len(np.unique(made)) > 256 and np.corrcoef(made.ravel(), expected.ravel())[0, 1] > 0.9
    assert "noise of deviation" in capsys.readouterr().out


def test_files_of_8_bits_stay_so_and_half_the_strength_lies_between(tmp_path):
    source = write_png(RANDOM.integers(64, 192, (16, 18, 1), dtype=np.uint8), tmp_path / "noisy.png")
    model, made = saved(tmp_path), []
    for strength in ("0", "0.5", "1"):
        out = tmp_path / f"strength-{float(strength):.0%}"
        assert run(["predict", model, str(source), "--out", str(out), "--strength", strength, "--quiet"]) == 0
        file = out / "noisy.denoised.png"
        assert not is_deep(file)
        made.append(read_pixels(file, ImageSpec(height=1, width=1, channels=1, fit="native")).astype(int))
    assert not np.array_equal(made[0], made[2])
    assert np.abs(made[1] - (made[0] + made[2]) / 2).max() <= 1


@pytest.mark.parametrize(("strength", "message"), [("2", "expected a number from 0 to 1"), ("nan", "strength is nan")])
def test_a_strength_that_cannot_be_is_refused(strength, message, tmp_path, capsys):
    source = write_png(np.zeros((16, 16, 1), np.uint8), tmp_path / "noisy.png")
    assert run(["predict", saved(tmp_path), str(source), "--strength", strength]) == 2
    assert message in capsys.readouterr().err


def test_a_task_without_strength_refuses_it(tmp_path, capsys):
    task = Classify(classes=("a", "b"))
    network = build("conv 2@3x3, relu, flatten, dense", (1, 16, 16), task.outputs(1))
    images = ImageSpec(height=16, width=16, channels=1)
    model = str(Model(network=network, task=task, images=images).save(tmp_path / "model.safetensors"))
    source = write_png(np.zeros((16, 16, 1), np.uint8), tmp_path / "noisy.png")
    assert run(["predict", model, str(source), "--strength", "0.5"]) == 2
    assert "the task classify has no strength" in capsys.readouterr().err


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (5, 3)])
def test_images_smaller_than_the_stride_are_answered(size, tmp_path, capsys):
    source = write_png(np.full((*size, 1), 90, np.uint8), tmp_path / "small.png")
    assert run(["predict", saved(tmp_path), str(source), "--out", str(tmp_path / "out"), "--json"]) == 0
    [answer] = json.loads(capsys.readouterr().out)
    assert read_pixels(answer["picture"], ImageSpec(height=1, width=1, channels=1, fit="native")).shape == (*size, 1)


@pytest.mark.parametrize(("channels", "given", "words"), [(1, 3, "is color"), (3, 1, "is gray")])
def test_other_colors_than_the_model_knows_are_stated(channels, given, words, tmp_path, capsys):
    source = write_png(np.full((16, 16, given), 90, np.uint8), tmp_path / "other.png")
    assert run(["predict", saved(tmp_path, channels), str(source), "--out", str(tmp_path / "out")]) == 0
    assert f"the image {words}, the model and its answer" in capsys.readouterr().out


def test_deep_colors_are_written_without_loss_and_with_their_notes():
    pixels = RANDOM.integers(0, 65536, (3, 4, 3)).astype(np.uint16)
    data = encode_png(pixels, {"Comment": "made"})
    assert b"tEXtComment\0made" in data
    assert np.array_equal(read_levels(data, ImageSpec(height=1, width=1, channels=3)), pixels)
    gray = read_levels(data, ImageSpec(height=1, width=1, channels=1))[..., 0]
    assert np.abs(gray - pixels @ np.array([0.299, 0.587, 0.114])).max() <= 1


def colorizer(folder: Path, method: str) -> str:
    task = Colorize(method=method)
    torch.manual_seed(0)
    network = build("residual", (3, 16, 16), task.outputs(3), size="tiny")
    images = ImageSpec(height=16, width=16, channels=3, fit="stretch")
    return str(Model(network=network, task=task, images=images).save(folder / "model.safetensors"))


def test_proposals_are_three_files_and_need_classes(tmp_path, capsys):
    source, out = write_png(np.full((16, 20, 1), 120, np.uint8), tmp_path / "gray.png"), tmp_path / "out"
    words = ["predict", colorizer(tmp_path, "rebalanced"), str(source), "--out", str(out), "--proposals"]
    assert run([*words, "--saturation", "2"]) == 0
    names = [f"gray.colorized{kind}.png" for kind in ("-cold", "-warm", "")]
    assert sorted(file.name for file in out.iterdir()) == names
    spec = ImageSpec(height=1, width=1, channels=3, fit="native")
    cold, warm = (read_pixels(out / name, spec).astype(int).mean((0, 1)) for name in names[:2])
    assert warm[0] - warm[2] > cold[0] - cold[2] + 10  # more red than blue
    assert run(["predict", colorizer(tmp_path, "regression"), str(source), "--proposals"]) == 2
    assert run(["predict", saved(tmp_path), str(source), "--proposals"]) == 2
    err = capsys.readouterr().err
    assert "train with method=rebalanced for proposals" in err and "the task denoise makes no proposals" in err
