"""The video of a drive: overlay, steering bar, and the file."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from eyespot import wrap
from eyespot.images import ImageSpec
from eyespot.networks import build
from eyespot.simulators import Film, drive, steering_of
from eyespot.simulators._film import BAR, BLUE, LIGHT, SCALE, shown
from eyespot.tasks import Regress
from tests.simulators.toy import Toy


def test_a_frame_shows_the_mask_in_blue_and_the_steering_to_its_side():
    pixels, mask = np.full((4, 6, 3), 100, np.uint8), np.zeros((4, 6))
    mask[1, 2] = 1
    frame = shown(pixels, mask, steering=-0.5)
    assert frame.shape == (4 * SCALE + BAR, 6 * SCALE, 3)
    assert (frame[:SCALE] == 100).all()
    assert frame[SCALE, 2 * SCALE].tolist() == [round(20 + 0.8 * channel) for channel in BLUE]
    bar = frame[4 * SCALE + BAR // 2]
    assert bar[9].tolist() == list(LIGHT)
    blue = [place for place in range(18) if bar[place].tolist() == list(BLUE)]
    assert blue == [4, 5, 6, 7]  # from a quarter of 18 to the middle, left of the white line


def test_a_filmed_drive_is_the_drive_and_every_second_step_is_in_the_video(tmp_path: Path):
    torch.manual_seed(0)
    task = Regress(center=0.2, spread=0.05)  # each picture is another one: the encoder joins equal ones
    network = build("residual", (3, 16, 16), task.outputs(3), size="tiny")
    model = wrap(network, task, ImageSpec(height=16, width=16, channels=3, fit="pad"))
    film = Film(model, limit=0.4)
    filmed, plain = drive(film.steer, Toy(length=9), 0), drive(steering_of(model), Toy(length=9), 0)
    np.testing.assert_allclose(filmed.steering, plain.steering, rtol=1e-5)
    file = film.write(tmp_path / "a.webp", step_seconds=0.05)
    with Image.open(file) as video:
        assert video.n_frames == len(film.frames) == 5
        assert video.size == (8 * SCALE, 8 * SCALE + BAR)
        video.seek(1)
        video.load()
        assert video.info["duration"] == 100
