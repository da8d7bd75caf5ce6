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
from eyespot.sources import from_arrays
from eyespot.tasks import Denoise
from eyespot.tasks._image_quality import peak_ratio, structural_similarity
from eyespot.tasks.task import Turn
from eyespot.training.plan import with_answers
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


@pytest.mark.parametrize("noise", ["gaussian", "poisson", "bernoulli", "impulse", "text", "gaussian+bernoulli"])
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
        ({"targets": "noisy", "noise": "text", "share": 0.25}, "l1"),
        ({"targets": "noisy", "noise": "poisson+gaussian"}, "l2"),
        ({"targets": "noisy", "noise": "gaussian+impulse"}, "l0"),
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


@pytest.mark.parametrize(
    ("distance", "expected"), [("l0", (0.25, 0.5, 0.5**0.5)), ("l1", (0.25, 0.5, 0.5)), ("l2", (0.25, 0.25, 0.25))]
)
def test_exponents_fall_over_the_training(distance, expected):
    task = Denoise(distance=distance)
    target = torch.stack([CLEAN, CLEAN], dim=1)

    def loss(progress):
        return task.losses(Turn(), torch.nn.Identity(), CLEAN + 0.5, target, KEYS, None, progress)[0].tolist()

    for progress, value in zip((0.0, 0.5, 1.0), expected, strict=True):
        assert loss(progress) == pytest.approx([value] * 3, rel=1e-4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"noise": "snow"},
            "noise is 'snow'; expected one of impulse, text, bernoulli, gaussian, poisson, or some with",
        ),
        ({"targets": "none"}, "targets is 'none'; expected one of clean, noisy"),
        ({"sigma": 5.0, "sigma_from": 9.0}, "sigma_from is 9.0; expected a deviation from 0 on, below sigma 5.0"),
        ({"peak": 0.0}, "peak is 0.0; expected a count above 0"),
        ({"share": 1.0}, "share is 1.0; expected a share of the pixels above 0, below 1"),
        ({"noise": "gaussian+gaussian"}, "expected each kind once"),
        ({"noise": "text", "share": 0.6}, "expected at most 0.5 for text"),
        ({"noise": "poisson", "peak_from": 0.0}, "peak_from is 0; expected a count above 0"),
        ({"share": 0.3, "share_from": 0.4}, "share_from is 0.4; expected a share of the pixels from 0 on, below share"),
        ({"strength": 1.5}, "strength is 1.5; expected a number from 0 to 1"),
    ],
)
def test_noise_that_cannot_be_is_refused(settings, message):
    with pytest.raises(TaskError, match=message):
        Denoise(**settings)


def test_another_loss_than_the_suited_one_is_named_with_the_reason():
    note = Denoise(targets="noisy", noise="text", share=0.2, distance="l2").notes()[1]
    assert note.startswith("The loss is l2: as requested, though l1 suits this noise (") and "median" in note


def test_text_covers_the_share_of_the_pixels_and_leaves_the_others():
    clean = pixels_of(0.5, 96)
    noise = noise_of(Denoise(noise="text", share=0.25), clean)
    covered = (noise != 0).any(1)
    assert covered.float().mean().item() == pytest.approx(0.25, abs=0.02)
    colors = {tuple(color) for color in noise[0, :, covered[0]].T.tolist()}
    assert 3 < len(colors) < 200  # a color for each word, not for each pixel
    drawn = noise_of(Denoise(noise="text", share=0.4, share_from=0.1), clean)
    assert 0.08 < (drawn != 0).any(1).float().mean() < 0.42


def test_the_kinds_of_a_mixture_follow_each_other_and_are_independent():
    noise = noise_of(Denoise(noise="gaussian+bernoulli", sigma=25, share=0.5), pixels_of(0.5))
    lost = (noise == -0.5).all(1)
    assert lost.float().mean().item() == pytest.approx(0.5, abs=0.03)
    kept = noise[0][:, ~lost[0]]
    assert kept.std().item() * 255 == pytest.approx(25, rel=0.05)
    first = noise_of(Denoise(noise="bernoulli+gaussian", sigma=25, share=0.5), pixels_of(0.5))
    assert not (first == -0.5).any()  # noise was added to the lost pixels too


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"noise": "poisson", "peak": 50.0, "peak_from": 10.0}, "Poisson noise with 10 to 50 counts"),
        ({"noise": "gaussian+text", "share": 0.25}, "deviation 25 (on the scale 0 to 255), then text over 25%"),
    ],
)
def test_the_note_names_each_kind_with_its_range(settings, expected):
    assert expected in Denoise(**settings).notes()[0]


def test_a_range_of_counts_is_drawn_image_by_image():
    clean = torch.full((30, 1, 32, 32), 0.5)
    noisy, _ = Denoise(noise="poisson", peak=100, peak_from=4).make_problem((clean,), torch.zeros(30), torch.arange(30))
    peaks = 0.5 / noisy.var((1, 2, 3))
    assert peaks.min() < 30 and peaks.max() > 70


def test_strength_says_how_much_of_the_noise_leaves():
    noisy, clean = torch.full((1, 1, 2, 2), 0.6), torch.full((1, 1, 2, 2), 0.2)
    for strength, expected in ((0.0, 0.6), (0.25, 0.5), (1.0, 0.2)):
        assert torch.allclose(Denoise(strength=strength).answer_image(clean, noisy), torch.tensor(expected))


def textured(seed: int, side: int = 64) -> np.ndarray:
    """A smooth scene (side, side, 1) with values from 40 to 215."""
    random = np.random.default_rng(seed)
    coarse = torch.from_numpy(random.random((1, 1, 4, 4), np.float32))
    scene = torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic")[0, 0].numpy()
    scene = (scene - scene.min()) / np.ptp(scene)
    return (40 + 175 * scene)[..., None]


def shot(scene: np.ndarray, seed: int, sigma: float = 20.0) -> np.ndarray:
    noise = np.random.default_rng(100 + seed).normal(0, sigma, scene.shape)
    return np.clip(np.rint(scene + noise), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("first", "second", "targets", "expected"),
    [
        (shot(textured(0), 0), shot(textured(0), 1), "noisy", ""),
        (shot(textured(0), 0), shot(textured(0), 1, 0.0), "clean", ""),
        (shot(textured(0), 0), shot(textured(0), 0), "clean", "is the same"),
        (shot(textured(0), 0), shot(textured(7), 1), "clean", "another scene than its paired image (correlation"),
        (
            shot(textured(0), 0),
            np.rint(shot(textured(0), 0) * 0.95).astype(np.uint8),
            "noisy",
            "the same noise",
        ),
        (np.full((32, 32, 1), 90, np.uint8), shot(np.full((32, 32, 1), 90.0), 3), "clean", ""),
        (shot(textured(0, 8), 0), shot(textured(0, 8), 1), "noisy", ""),
    ],
)
def test_pairs_that_teach_nothing_are_named(first, second, targets, expected):
    [row] = rows_of("label", "")
    found = Denoise(targets=targets).unusable(dataclasses.replace(row, picture=first, paired=second))
    assert expected in found and bool(found) == bool(expected)


def statistics(answer: np.ndarray, noisy: np.ndarray, channels: int = 1) -> dict:
    images = [torch.from_numpy(one.astype(np.float32) / 255).permute(2, 0, 1)[None] for one in (answer, noisy)]
    return Denoise().answer_statistics(*images, channels)


def test_the_noise_is_estimated_and_lost_edges_are_reported():
    scene = np.kron(np.random.default_rng(0).integers(40, 215, (6, 6)), np.ones((16, 16)))[..., None]
    noisy = shot(scene, 0, 20)
    good = statistics(scene, noisy)
    assert good["noise"] == pytest.approx(20, abs=3) and abs(good["edges"]) < 0.4
    assert "before, 0.0 after" in good["note"] and "edges" not in good["note"]
    blurred = torch.nn.functional.avg_pool2d(torch.from_numpy(scene[..., 0])[None], 5, 1, 2)[0].numpy()[..., None]
    bad = statistics(blurred, scene)
    assert bad["edges"] > 0.5 and "still shows edges" in bad["note"]


def test_small_images_say_nothing_of_edges_and_other_colors_are_stated():
    found = statistics(np.full((4, 4, 1), 90), np.full((4, 4, 1), 95), channels=3)
    assert found["edges"] is None
    assert "the image is color, the model and its answer gray" in found["note"]


def test_settings_of_the_task_decide_which_pairs_are_left_out():
    pairs = [(shot(textured(seed), 2 * seed), shot(textured(seed), 2 * seed + 1)) for seed in range(20)]
    pairs[3] = (pairs[3][0], np.rint(pairs[3][0] * 0.95).astype(np.uint8))
    first, second = (np.stack(images) for images in zip(*pairs, strict=True))
    source = from_arrays("shots", "arrays", first, [{}] * 20, paired=second)
    assert len(with_answers(source, "denoise")) == 20
    kept = with_answers(source, "denoise:targets=noisy")
    assert len(kept) == 19 and "the same noise as its paired image" in kept.problems[-1].reason
