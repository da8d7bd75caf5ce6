"""Colors in CIE Lab, measures and answers of `colorize`, with values worked out by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from eyespot.answers import answer_one
from eyespot.errors import SourceError, TaskError
from eyespot.images import ImageSpec, frame_of
from eyespot.model import Model
from eyespot.networks import build
from eyespot.sources import from_arrays
from eyespot.sources.source import Row
from eyespot.sources.synthetic import dawns
from eyespot.tasks.colorize import Colorize
from eyespot.tasks.colorize._bins import annealed_mean, centers, frequencies, nearest, rarity, soft_targets
from eyespot.tasks.colorize._colorize import mean_colors
from eyespot.tasks.colorize._lab import luminance, recolored, to_lab
from eyespot.tasks.colorize._measures import area_under_curve, color_errors, colorfulness
from eyespot.tasks.task import Hint
from eyespot.tasks.unanswered import leave_out_unanswered

TASK = Colorize()


def pixels_of(*colors: tuple[float, float, float]) -> torch.Tensor:
    """One image (1, 3, 1, W) of these pixels."""
    return torch.tensor(colors, dtype=torch.float64).T[None, :, None]


def spec(side: int = 16) -> ImageSpec:
    return ImageSpec(height=side, width=side, channels=3, fit="stretch")


def small_model() -> Model:
    torch.manual_seed(0)
    network = build("residual", (3, 16, 16), TASK.outputs(3), size="tiny")
    torch.nn.init.normal_(network.head.conv.weight, std=0.5)  # vivid colors
    return Model(network=network, task=TASK, images=spec())


def test_lab_of_primary_colors_is_as_published():
    found = to_lab(pixels_of((1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 1), (0.5, 0.5, 0.5)))[0, :, 0].T
    expected = [[53.24, 80.09, 67.20], [87.73, -86.18, 83.18], [32.30, 79.19, -107.86], [100, 0, 0], [53.39, 0, 0]]
    assert torch.allclose(found, torch.tensor(expected, dtype=torch.float64), atol=0.01)


def test_lab_is_that_of_scikit_image():
    """Values of `skimage.color.rgb2lab`, scikit-image 0.26.0."""
    found = to_lab(pixels_of((0.2, 0.4, 0.6), (0.9, 0.1, 0.3), (0.02, 0.03, 0.01), (0.8, 0.75, 0.1)))[0, :, 0].T
    expected = [
        [42.008, -0.154, -32.8429],
        [49.4856, 73.2156, 27.0912],
        [1.8478, -1.3761, 1.6953],
        [76.2424, -11.4816, 74.0744],
    ]
    assert torch.allclose(found, torch.tensor(expected, dtype=torch.float64), atol=1e-4)


def test_an_image_with_its_own_colors_stays_as_it_is():
    image = torch.rand(2, 3, 5, 6, dtype=torch.float64)
    assert torch.allclose(recolored(image, to_lab(image)[:, 1:]), image, atol=1e-9)


@given(st.integers(0, 2**31), st.floats(0, 200))
def test_luminance_stays_whatever_the_colors_are(seed, strength):
    random = torch.Generator().manual_seed(seed)
    image = torch.rand(1, 3, 4, 4, generator=random, dtype=torch.float64)
    ab = strength * torch.randn(1, 2, 4, 4, generator=random, dtype=torch.float64)
    made = recolored(image, ab)
    assert made.min() >= 0 and made.max() <= 1
    assert torch.allclose(luminance(made), luminance(image), atol=1e-9)


def test_area_under_the_curve_by_hand():
    errors = torch.tensor([[[0.0, 30.0], [150.0, 900.0]]])  # 1, 0.8, 0 and 0 of the curve
    assert area_under_curve(errors).tolist() == pytest.approx([0.45])
    assert color_errors(torch.tensor([3.0, 0]).view(1, 2, 1, 1), torch.tensor([0.0, 4]).view(1, 2, 1, 1)).item() == 5


def test_colorfulness_by_hand():
    red_and_black = pixels_of((1, 0, 0), (0, 0, 0))  # red - green: 255 and 0; yellow - blue: 127.5 and 0
    spread, mean = np.hypot(127.5, 63.75), np.hypot(127.5, 63.75)
    assert colorfulness(red_and_black).item() == pytest.approx(spread + 0.3 * mean)
    assert colorfulness(torch.full((1, 3, 4, 4), 0.4)).item() == 0


def test_the_network_sees_the_brightness_alone():
    image = torch.rand(2, 3, 8, 8)
    seen = TASK.network_input(image)
    assert seen.shape == image.shape and torch.equal(seen[:, 0], seen[:, 2])
    assert torch.allclose(seen[:, 0], 0.299 * image[:, 0] + 0.587 * image[:, 1] + 0.114 * image[:, 2])
    assert torch.allclose(TASK.network_input(image[:, :1].repeat(1, 3, 1, 1)), image[:, :1].repeat(1, 3, 1, 1))


def test_a_gray_answer_gains_nothing_and_the_true_colors_gain_all():
    image = torch.rand(1, 3, 1, 1).repeat(1, 1, 8, 8)
    _, target = TASK.make_problem((image,), torch.zeros(1), torch.zeros(1))
    gray, true = torch.zeros(1, 2, 1, 1), mean_colors(target, 8) / 50
    [row] = TASK.to_rows(gray, target)
    assert row["gain"] == 0 and row["psnr"] == pytest.approx(row["psnr_gray"]) and row["colorfulness"] < 1e-2
    [row] = TASK.to_rows(true, target)
    assert row["auc"] == pytest.approx(1, abs=1e-5) and row["psnr"] > 60
    assert row["colorfulness"] == pytest.approx(row["colorfulness_true"], abs=0.1)


def test_the_answer_has_the_size_and_luminance_of_the_original():
    picture = np.random.default_rng(0).integers(0, 256, (37, 53, 1), dtype=np.uint8).repeat(3, axis=2)
    made = small_model().predict(picture)
    assert made["picture"].shape == (37, 53, 3)
    assert np.ptp(made["picture"], axis=2).max() > 20
    before, after = (luminance(torch.tensor(one / 255).permute(2, 0, 1)[None]) for one in (picture, made["picture"]))
    lightness = [to_lab(y.expand(-1, 3, -1, -1) ** (1 / 2.2))[:, 0] for y in (before, after)]
    assert (lightness[0] - lightness[1]).abs().max() < 0.6  # as much as the steps of a byte make
    assert "invented" in made["note"] and "invented" in TASK.answer_text(made)


def test_a_tall_image_is_colored_in_strips_as_in_one_piece(monkeypatch):
    image, output = torch.rand(1, 3, 40, 8), torch.randn(1, 2, 10, 2)
    whole = TASK.answer_image(output, image)
    monkeypatch.setattr("eyespot.tasks.colorize._colorize.STRIP", 7)
    assert torch.allclose(TASK.answer_image(output, image), whole, atol=1e-6)


def test_one_answer_reads_the_original_of_a_file(tmp_path: Path):
    from eyespot.images import write_png

    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    file = write_png(picture, tmp_path / "a.png")
    frame = frame_of((20, 30), spec())
    found = answer_one(TASK, spec(), torch.zeros(2, 2, 2), torch.zeros(1, 3, 16, 16), file, frame)
    assert np.ptp(found["picture"], axis=2).max() <= 1
    assert found["picture"].shape == (20, 30, 3)


def test_gray_images_are_left_out_and_counted():
    images = np.stack([np.asarray(row.picture) for row in dawns(count=40, size=16).rows])
    images[::2] = images[::2].mean(axis=3, keepdims=True).astype(np.uint8)
    source = from_arrays("mixed", "arrays", images, [{} for _ in images])
    kept = leave_out_unanswered(source, TASK)
    assert len(kept) == 20 and len(kept.problems) == 20
    assert "gray" in kept.problems[0].reason
    assert "20 that cannot be used" in kept.describe() or "left out: 20" in kept.describe()


def test_the_chroma_at_a_pixel_is_that_of_its_place_in_the_map():
    output = torch.zeros(1, 2, 2, 3)
    output[0, :, 1, 2] = torch.tensor([0.6, 0.8])
    assert TASK.objective(output, "15,23").item() == pytest.approx(50)
    assert TASK.objective(output, (7, 23)).item() == pytest.approx(0, abs=0.01)
    with pytest.raises(TaskError, match=r"no pixel \(16, 0\) in an image of 16 rows, 24 columns"):
        TASK.objective(output, (16, 0))
    with pytest.raises(TaskError, match="expected a row and a column"):
        TASK.parse_target("red")


def test_what_cannot_be_colorized_is_refused():
    sizes = np.array([[16, 16, 1]])
    with pytest.raises(SourceError, match="read as gray"):
        TASK.check_images(sizes, ImageSpec(height=16, width=16, channels=1, fit="stretch"))
    with pytest.raises(SourceError, match="sees whole images"):
        TASK.check_images(sizes, ImageSpec(height=16, width=16, channels=3, fit="crop"))
    with pytest.raises(TaskError, match="needs color images"):
        TASK.prepare([])


def test_a_color_image_is_never_called_gray():
    color = np.zeros((8, 8, 3), np.uint8)
    color[..., 0] = 200
    assert TASK.unusable(Row(picture=color, name="a", values={}, location="a")) == ""
    assert "gray" in TASK.unusable(Row(picture=color[..., :1], name="a", values={}, location="a"))


def test_the_classes_are_the_grid_cells_that_a_screen_can_show():
    found = centers()
    assert found.shape == (260, 2) and (found % 10 == 0).all()
    assert [0, 0] in found.tolist() and [110, 110] not in found.tolist()
    assert torch.equal(nearest(found.T[None, :, None]), torch.arange(260)[None, None])


def test_a_color_is_shared_by_its_five_nearest_classes():
    ab = torch.tensor([3.0, -1.0]).view(1, 2, 1, 1)
    places, shares = soft_targets(ab)
    distances = torch.cdist(ab.view(1, 2), centers())[0]
    expected = torch.exp(-distances.sort().values[:5].square() / 50)
    assert sorted(places.flatten().tolist()) == sorted(distances.argsort()[:5].tolist())
    assert torch.allclose(shares.flatten(), expected / expected.sum(), atol=1e-6)


@given(st.integers(0, 2**31))
def test_the_nearest_class_is_nearest(seed):
    image = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(seed))
    ab = to_lab(image)[:, 1:]
    distances = torch.cdist(ab.flatten(2)[0].T, centers())
    chosen = distances.gather(1, nearest(ab).flatten()[:, None])[:, 0]
    assert torch.allclose(chosen, distances.amin(1), atol=2.0)  # cells that no screen can show are left to a neighbor
    assert torch.allclose(soft_targets(ab)[1].sum(1), torch.ones(1, 4, 4))


def test_the_annealed_mean_lies_between_the_mean_and_the_surest_color():
    output = torch.full((1, 260, 1, 1), -50.0)
    first, second = (int(nearest(torch.tensor(color).view(1, 2, 1, 1))) for color in ([0.0, 0], [40.0, 0]))
    output[0, first], output[0, second] = torch.log(torch.tensor(0.25)), torch.log(torch.tensor(0.75))
    assert annealed_mean(output, 1.0).flatten().tolist() == pytest.approx([30, 0], abs=1e-3)
    share = 3 ** (1 / 0.38) / (1 + 3 ** (1 / 0.38))
    assert annealed_mean(output, 0.38).flatten().tolist() == pytest.approx([40 * share, 0], abs=1e-3)
    assert annealed_mean(output, 0.01).flatten().tolist() == pytest.approx([40, 0], abs=1e-3)


def test_rare_colors_count_more_and_all_pixels_together_as_before():
    shares = np.full(260, 1e-6)
    shares[7] = 1 - shares[:259].sum()
    weights = rarity(tuple(shares))
    assert weights[7] == weights.min() and weights.max() / weights.min() > 20
    even = rarity((1 / 260,) * 260)
    assert even.max() / even.min() < 3  # only the border differs, where there are fewer neighbors


@pytest.mark.parametrize("method", ["classification", "rebalanced"])
def test_the_loss_is_least_for_the_true_color(method):
    task = replace(TASK, method=method).prepare(dawns(count=20, size=16).rows)
    image = torch.tensor([0.1, 0.2, 0.5]).view(1, 3, 1, 1).repeat(1, 1, 8, 8)
    _, target = task.make_problem((image,), torch.zeros(1), torch.zeros(1))
    places, shares = soft_targets(mean_colors(target, 8))
    output = torch.full((1, 260, 1, 1), -20.0).scatter(1, places, shares.log())
    entropy = -(shares * shares.log()).sum()
    assert task.loss(output, target).item() == pytest.approx(float(entropy), rel=1e-3)
    assert task.loss(output.flip(1), target) > task.loss(output, target)
    assert task.to_rows(output, target)[0]["gain"] > 0.1


def test_frequencies_are_counted_on_training_images():
    red = np.zeros((3, 8, 8, 3), np.uint8)
    red[..., 0] = 200
    rows = from_arrays("red", "arrays", red, [{}] * 3).rows
    found = frequencies(rows)
    expected = int(nearest(to_lab(torch.tensor([200 / 255, 0, 0]).view(1, 3, 1, 1))[:, 1:]))
    assert found[expected] == pytest.approx(1) and len(found) == 260


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "gan"}, "expected one of regression, classification, rebalanced"),
        ({"temperature": 0.0}, "expected a number above 0, at most 1"),
        ({"stride": 3}, "expected 4 or 8"),
        ({"preference": 1.5}, "preference is 1.5; expected a number from 0 to 1"),
        ({"saturation": -0.5}, "saturation is -0.5; expected a number from 0 to 3"),
        ({"method": "rebalanced", "warmth": 2.0}, "expected a number from -1 to 1"),
        ({"warmth": 0.5}, "method regression; expected"),
        ({"frequencies": (0.5, 0.5)}, "there are 2 frequencies; expected 260"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(TaskError, match=message):
        Colorize(**settings)


def test_true_colors_at_ten_pixels_bring_an_image_closer_to_the_truth():
    random = np.random.default_rng(0)
    for row in dawns(count=4, size=32).rows:
        picture = np.asarray(row.picture)
        places = random.integers(0, 32, (10, 2)).tolist()
        hints = [Hint(row=y, column=x, color=tuple(picture[y, x].tolist())) for y, x in places]
        true = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None] / 255
        gray, hinted = (TASK.answer_image(torch.zeros(1, 2, 4, 4), true, given) for given in ((), hints))
        assert (hinted - true).square().mean() < 0.5 * (gray - true).square().mean()
        assert torch.allclose(luminance(hinted), luminance(true), atol=1e-5)


def test_a_hint_has_its_color_where_it_is():
    image = torch.full((1, 3, 16, 16), 0.5)
    made = TASK.answer_image(torch.zeros(1, 2, 2, 2), image, [Hint(row=8, column=8, color=(160, 110, 110))])
    wanted = to_lab(torch.tensor([160.0, 110, 110]).view(1, 3, 1, 1) / 255)[0, 1:, 0, 0]
    found = to_lab(made)[0, 1:, 8, 8]
    assert torch.allclose(found, wanted / 1.1, atol=0.5)  # a tenth of the network's gray is left
    assert found.norm() > to_lab(made)[0, 1:, 0, 0].norm()


@pytest.mark.parametrize("method", ["regression", "rebalanced"])
def test_saturation_multiplies_the_colors(method):
    output = torch.randn(1, 2 if method == "regression" else 260, 2, 2, generator=torch.Generator().manual_seed(0))
    usual, strong = (Colorize(method=method, saturation=factor).activate(output) for factor in (1.0, 1.5))
    assert torch.allclose(strong, 1.5 * usual, atol=1e-5) and usual.abs().max() > 0.5
    gray = Colorize(method=method, saturation=0.0).answer_image(output, torch.rand(1, 3, 16, 16))
    assert float((gray.amax(1) - gray.amin(1)).max()) < 1e-3


def test_proposals_differ_where_the_network_is_unsure_and_nowhere_else():
    proposals = Colorize(method="rebalanced").proposals()
    assert list(proposals) == ["", "warm", "cold"]
    sure = torch.full((1, 260, 1, 1), -50.0)
    sure[0, int(nearest(torch.tensor([30.0, 40]).view(1, 2, 1, 1)))] = 50.0
    unsure = torch.zeros(1, 260, 1, 1)
    found = {name: [task.activate(one).flatten() for one in (sure, unsure)] for name, task in proposals.items()}
    for name in proposals:
        assert found[name][0].tolist() == pytest.approx([30, 40], abs=0.1)
    assert found["cold"][1][1] < found[""][1][1] - 10 < found["warm"][1][1] - 20
    with pytest.raises(TaskError, match="train with method=rebalanced"):
        Colorize().proposals()


def test_the_luminance_of_a_gray_image_is_that_of_equal_colors():
    gray = torch.rand(1, 1, 8, 8)
    nearly = gray.repeat(1, 3, 1, 1)
    nearly[:, 2] += 1e-6
    assert torch.allclose(luminance(gray.repeat(1, 3, 1, 1)), luminance(nearly), atol=1e-5)


def test_the_loss_of_a_regression_is_the_distance():
    _, target = TASK.make_problem((torch.full((1, 3, 8, 8), 0.5),), torch.zeros(1), torch.zeros(1))
    output = torch.tensor([3.0, 4.0]).view(1, 2, 1, 1) / 50 + mean_colors(target, 8) / 50
    assert TASK.loss(output, target).item() == pytest.approx((0.1**2 + 0.02**2) ** 0.5 - 0.02, rel=1e-4)


def test_the_colors_of_a_regression_are_scaled_to_those_of_validation_images():
    image = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    _, target = TASK.make_problem((image,), torch.zeros(4), torch.zeros(4))
    true = mean_colors(target, 8) / 50
    for factor, expected in ((1.6, 1 / 1.6), (0.9, 1 / 0.9), (10.0, 0.5)):
        found = TASK.calibrate([(factor * true[:2], target[:2]), (factor * true[2:], target[2:])])
        assert found.scale == pytest.approx(expected, rel=1e-5)
    assert torch.allclose(replace(TASK, scale=0.5).activate(true), true * 25)
    classes = replace(TASK, method="classification")
    assert classes.calibrate([(torch.zeros(4, 260, 2, 2), target)]) is classes


def test_a_preference_for_rare_colors_multiplies_the_probabilities_by_their_rarity():
    shares = np.full(260, 1e-4)
    gray, red = (int(nearest(torch.tensor(color).view(1, 2, 1, 1))) for color in ([0.0, 0], [40.0, 0]))
    shares[gray] = 1 - shares[1:].sum()
    output = torch.full((1, 260, 1, 1), -50.0)
    output[0, gray], output[0, red] = np.log(0.8), np.log(0.2)
    weights = rarity(tuple(shares)).double()
    odds = 0.25 * (weights[red] / weights[gray]) ** 0.6
    task = Colorize(method="rebalanced", temperature=1.0, preference=0.6, frequencies=tuple(shares))
    assert task.activate(output).flatten().tolist() == pytest.approx([40 * float(odds / (1 + odds)), 0], abs=1e-3)
    assert replace(task, preference=0.0).activate(output).flatten().tolist() == pytest.approx([8, 0], abs=1e-3)


def test_the_preference_makes_answers_about_as_colorful_as_the_validation_images():
    red, gray = torch.tensor([0.77, 0.41, 0.46]), torch.tensor([0.5, 0.5, 0.5])
    images = torch.stack([red, *[gray] * 9]).view(10, 3, 1, 1).repeat(1, 1, 8, 8)
    places = nearest(to_lab(images)[:, 1:])[:, 0, 0]
    shares = torch.bincount(places, minlength=260) / 10
    task = Colorize(method="rebalanced", frequencies=tuple(shares.tolist()))
    _, target = task.make_problem((images,), torch.zeros(10), torch.zeros(10))
    output = torch.full((10, 260, 1, 1), -50.0)
    output[:, places[1]] = 0.0
    output[0, places[0]], output[0, places[1]] = np.log(0.48), np.log(0.52)  # red, but gray is likelier
    chosen = task.calibrate([(output[:4], target[:4]), (output[4:], target[4:])])
    pale, found, vivid = (
        float(colorfulness(replace(task, preference=preference).answer_image(output, images)).mean())
        for preference in (0.0, chosen.preference, 1.0)
    )
    true = float(colorfulness(images).mean())
    assert 0 < chosen.preference < 1 and pale < 0.5 * true
    assert abs(found - 0.95 * true) < min(0.1 * true, abs(vivid - 0.95 * true))


def test_a_hint_is_for_places_to_which_the_network_gives_the_same_color():
    image, output = torch.full((1, 3, 64, 64), 0.5), torch.zeros(1, 2, 8, 8)
    output[:, :, :, 4:] = 0.6  # the right half is of another color
    hint = [Hint(row=32, column=24, color=(160, 110, 110))]
    plain, hinted = (to_lab(TASK.answer_image(output, image, given))[0, 1:] for given in ((), hint))
    change = (hinted - plain).norm(dim=0)[32]
    assert change[24 - 16] > 100 * change[24 + 16] and change[24] > 15
