"""A picture without its noise: where noise comes from, and how the answer is measured."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torchmetrics.functional.image import peak_signal_noise_ratio

from eyespot.answers import answer_one
from eyespot.errors import TaskError
from eyespot.images import ImageSpec, frame_of
from eyespot.tasks import Denoise
from eyespot.tasks._image_quality import peak_ratio, structural_similarity
from eyespot.tasks.task import Turn
from tests.tasks.rows import rows_of

CLEAN = torch.rand(3, 1, 16, 20, generator=torch.Generator().manual_seed(0))
KEYS = torch.tensor([1, 2, 3])


def noisy_and_target(task: Denoise) -> tuple[torch.Tensor, torch.Tensor]:
    return task.make_problem((CLEAN,), torch.zeros(3), KEYS)


def test_the_target_holds_the_clean_and_the_noisy_picture():
    noisy, target = noisy_and_target(Denoise())
    assert target.shape == (3, 2, 1, 16, 20)
    assert torch.equal(target[:, 0], CLEAN)
    assert torch.equal(target[:, 1], noisy)


def test_noise_has_the_asked_deviation_and_is_not_clipped():
    noisy, _ = Denoise(sigma=50).make_problem((torch.zeros(1, 3, 64, 64),), torch.zeros(1), KEYS[:1])
    assert noisy.std().item() * 255 == pytest.approx(50, rel=0.02)
    assert noisy.min() < 0


def test_noise_does_not_depend_on_the_batch():
    noisy, _ = noisy_and_target(Denoise())
    alone, _ = Denoise().make_problem((CLEAN[1:2],), torch.zeros(1), KEYS[1:2])
    assert torch.equal(noisy[1:2], alone)


def test_of_a_pair_the_first_image_is_the_noisy_one():
    noisy, target = Denoise(pairs=True).make_problem((CLEAN, 1 - CLEAN), torch.zeros(3), KEYS)
    assert torch.equal(noisy, CLEAN)
    assert torch.equal(target[:, 0], 1 - CLEAN)


def test_pairs_are_recognized_and_must_be_complete():
    rows = rows_of("label", "", "")
    pairs = [dataclasses.replace(row, paired=b"") for row in rows]
    assert not Denoise().prepare(rows).pairs
    assert Denoise().prepare(pairs).pairs
    with pytest.raises(TaskError, match=r"line 2: has no paired image, but other rows have"):
        Denoise().prepare([rows[0], pairs[1]])
    with pytest.raises(TaskError, match=r"line 2: has no paired image"):
        Denoise(pairs=True).read(rows[0])


def test_no_rows_are_refused():
    with pytest.raises(TaskError, match="there are none"):
        Denoise().prepare([])


def test_the_note_says_where_the_noise_comes_from():
    assert "deviation 25" in Denoise().notes()[0]
    assert "paired image as the clean one" in Denoise(pairs=True).notes()[0]


@pytest.mark.parametrize(("distance", "expected"), [("l1", 0.5), ("l2", 0.25), ("charbonnier", math.sqrt(0.25 + 1e-6))])
def test_distances_worked_by_hand(distance: str, expected: float):
    target = torch.zeros(1, 2, 1, 2, 2)
    loss = Denoise(distance=distance).loss(torch.full((1, 1, 2, 2), 0.5), target)
    assert loss.tolist() == pytest.approx([expected])


def test_the_ratio_agrees_with_torchmetrics_and_is_100_for_the_same_picture():
    other = CLEAN.flip(3)
    for one, two, ratio in zip(CLEAN, other, peak_ratio(other, CLEAN), strict=True):
        assert ratio.item() == pytest.approx(peak_signal_noise_ratio(two, one, data_range=1.0).item(), rel=1e-5)
    assert peak_ratio(CLEAN, CLEAN).tolist() == [100, 100, 100]


def test_structural_similarity_is_one_for_the_same_picture_and_unknown_for_tiny_ones():
    assert structural_similarity(CLEAN, CLEAN).tolist() == pytest.approx([1, 1, 1])
    assert structural_similarity(CLEAN[..., :10], CLEAN[..., :10]).isnan().all()


def test_a_constant_error_of_a_tenth_is_20_dB_and_its_gain_is_over_the_noisy_picture():
    task = Denoise()
    target = torch.full((1, 2, 1, 16, 16), 0.5)
    target[:, 1] += 0.2
    [row] = task.to_rows(torch.full((1, 1, 16, 16), 0.6), target)
    assert row["psnr"] == pytest.approx(20, abs=1e-4)
    assert row["psnr_noisy"] == pytest.approx(20 - 20 * math.log10(2), abs=1e-4)
    assert row["gain"] == pytest.approx(20 * math.log10(2), abs=1e-4)


def test_the_answer_is_cut_to_the_range_of_pixels_before_it_is_measured():
    task, (_, target) = Denoise(), noisy_and_target(Denoise())
    target[:, 0] = 1
    assert task.score(torch.full_like(CLEAN, 1.7), target)["psnr"].tolist() == [100, 100, 100]


def test_pictures_of_different_sizes_are_tabulated_one_by_one_and_evaluated_together():
    task, table = Denoise(), []
    for key, (height, width) in enumerate([(16, 16), (12, 30), (9, 9)]):
        clean = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(key))
        noisy, target = task.make_problem((clean,), torch.zeros(1), torch.tensor([key]))
        table += task.to_rows(noisy, target)
    score, (low, high), details = task.evaluate(table)
    assert low <= score <= high
    assert details["gain"] == pytest.approx(0, abs=0.5)
    assert details["ssim"] is not None
    assert math.isnan(table[2]["ssim"])


def test_the_answer_is_a_picture_of_bytes():
    image = np.zeros((2, 2, 1), np.uint8)
    images = ImageSpec(height=2, width=2, channels=1, fit="native")
    output, pixels = torch.tensor([[[0.0, 1.0], [0.5, 2.0]]]), torch.zeros(1, 1, 2, 2)
    answer = answer_one(Denoise(), images, output, pixels, image, frame_of((2, 2), images))
    assert answer["picture"].dtype == np.uint8
    assert answer["picture"][..., 0].tolist() == [[0, 255], [128, 255]]
    assert answer["answer"] == "a picture of 2 x 2 pixels"


def test_focus_is_one_place_or_the_whole_picture():
    output = torch.arange(8.0).view(1, 2, 2, 2)
    assert Denoise().objective(output, (0, 1)).tolist() == [3]
    assert Denoise().objective(output).tolist() == [3.5]
    with pytest.raises(TaskError, match="no pixel"):
        Denoise().objective(output, (0, 2))
    for of in ("cat", (1,), (0.5, 1)):
        with pytest.raises(TaskError, match="such as 3,5"):
            Denoise().objective(output, of)


@pytest.mark.parametrize("kind", ["rotate", "zoom", "color", "erase"])
def test_what_would_change_noise_or_detail_is_not_allowed(kind: str):
    assert not Denoise().allows(kind) and Denoise().allows("flip") and Denoise().allows("crop")


@pytest.mark.parametrize("settings", [{"sigma": 0.0}, {"sigma": 300.0}, {"distance": "l3"}])
def test_settings_that_make_no_sense_are_refused(settings: dict):
    with pytest.raises(TaskError):
        Denoise(**settings)


def pixels_of(value: float, side: int = 64) -> torch.Tensor:
    return torch.full((1, 3, side, side), value)


def noise_of(task: Denoise, clean: torch.Tensor) -> torch.Tensor:
    return task.make_problem((clean,), torch.zeros(1), KEYS[:1])[0] - clean


def test_poisson_noise_is_that_of_counts():
    noise = noise_of(Denoise(noise="poisson", peak=30), pixels_of(0.5))
    assert noise.mean().item() == pytest.approx(0, abs=0.005)
    assert noise.var().item() == pytest.approx(0.5 / 30, rel=0.05)  # the variance of a count is its mean
    counts = (noise + 0.5) * 30
    assert torch.allclose(counts, counts.round(), atol=1e-4)


def test_bernoulli_noise_loses_whole_pixels():
    noisy = noise_of(Denoise(noise="bernoulli", share=0.3), pixels_of(0.5)) + 0.5
    assert set(noisy.unique().tolist()) == {0.0, 0.5}
    assert (noisy[:, 0] == 0).float().mean().item() == pytest.approx(0.3, abs=0.03)
    assert torch.equal(noisy[:, 0], noisy[:, 2])


def test_impulse_noise_gives_pixels_any_color():
    noise = noise_of(Denoise(noise="impulse", share=0.7), pixels_of(0.5))
    changed = (noise != 0).any(1)
    assert changed.float().mean().item() == pytest.approx(0.7, abs=0.03)
    assert noise[:, :, changed[0]].std().item() == pytest.approx(12**-0.5, rel=0.05)  # uniform from -0.5 to 0.5


def test_a_range_of_deviations_is_drawn_image_by_image():
    keys = torch.arange(40)
    clean = torch.zeros(40, 1, 64, 64)
    noisy, _ = Denoise(sigma=50, sigma_from=5).make_problem((clean,), torch.zeros(40), keys)
    sigmas = noisy.std((1, 2, 3)) * 255
    assert 4 < sigmas.min() < 15 and 40 < sigmas.max() < 51
    alone, _ = Denoise(sigma=50, sigma_from=5).make_problem((clean[7:8],), torch.zeros(1), keys[7:8])
    assert torch.equal(alone, noisy[7:8])


@pytest.mark.parametrize("noise", ["gaussian", "poisson", "bernoulli", "impulse"])
def test_noisy_targets_have_noise_of_their_own(noise):
    task = Denoise(noise=noise, targets="noisy")
    noisy, target = noisy_and_target(task)
    assert target.shape == (3, 3, 1, 16, 20)
    assert torch.equal(target[:, 0], CLEAN) and torch.equal(target[:, 1], noisy)
    ours, theirs = (noisy - CLEAN).flatten(), (target[:, 2].nan_to_num() - CLEAN).flatten()
    assert not torch.equal(ours, theirs)
    assert abs(np.corrcoef(ours, theirs)[0, 1]) < 0.35
    assert task.score(CLEAN, target)["psnr"].tolist() == [100, 100, 100]  # measured against the clean ones


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "charbonnier"),
        ({"targets": "noisy"}, "l2"),
        ({"targets": "noisy", "noise": "poisson"}, "l2"),
        ({"targets": "noisy", "noise": "bernoulli"}, "l2"),
        ({"targets": "noisy", "noise": "impulse"}, "l0"),
        ({"targets": "noisy", "distance": "l1"}, "l1"),
    ],
)
def test_the_loss_suits_noise_and_targets_and_says_why(settings, expected):
    task = Denoise(**settings)
    name, reason = task.chosen_distance
    assert name == expected
    assert any(f"The loss is {expected}: {reason}" in note for note in task.notes())


def test_lost_pixels_of_a_noisy_target_teach_nothing():
    task = Denoise(noise="bernoulli", targets="noisy")
    _, target = noisy_and_target(task)
    lost = target[:, 2].isnan()
    assert lost.any()
    assert task.loss(torch.where(lost, 7.0, CLEAN), target).tolist() == pytest.approx([0, 0, 0])
    wrong = torch.where(lost, CLEAN, CLEAN + 0.5)
    assert task.loss(wrong, target).tolist() == pytest.approx([0.25] * 3, rel=1e-5)


def test_the_exponent_of_l0_falls_from_2_to_0():
    task = Denoise(distance="l0")
    target = torch.stack([CLEAN, CLEAN], dim=1)

    def loss(progress):
        return task.losses(Turn(), torch.nn.Identity(), CLEAN + 0.5, target, KEYS, None, progress)[0].tolist()

    assert loss(0.0) == pytest.approx([0.25] * 3, rel=1e-4)
    assert loss(0.5) == pytest.approx([0.5] * 3, rel=1e-4)
    assert loss(1.0) == pytest.approx([1.0] * 3, rel=1e-4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"noise": "snow"}, "noise is 'snow'; expected one of gaussian, poisson, bernoulli, impulse"),
        ({"targets": "none"}, "targets is 'none'; expected one of clean, noisy"),
        ({"sigma": 5.0, "sigma_from": 9.0}, "sigma_from is 9.0; expected a deviation from 0, below sigma 5.0"),
        ({"peak": 0.0}, "peak is 0.0; expected a count above 0"),
        ({"share": 1.0}, "share is 1.0; expected a share of the pixels between 0 and 1"),
    ],
)
def test_noise_that_cannot_be_is_refused(settings, message):
    with pytest.raises(TaskError, match=message):
        Denoise(**settings)
