"""Faces found, aligned and compared; on real photos where these are at hand."""

import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from eyespot.errors import EyespotError, ImageError
from eyespot.faces import FALSE_ACCEPTS, embed_faces, find_faces, find_one_face, verify
from eyespot.faces._find import TEMPLATE, align, overlap, similarity_transform
from eyespot.faces._quality import Quality, measure_quality
from eyespot.faces._verify import DIFFERENT, SAME, THRESHOLD, UNKNOWN, false_accepts_at
from eyespot.images import ImageSpec, read_pixels


def pixels_of(file, side: int = 128) -> np.ndarray:
    return read_pixels(file, ImageSpec(height=side, width=side, channels=3, fit="stretch"))


def test_the_least_squares_transform_recovers_turn_scale_and_shift():
    turn = np.array([[0.0, -2.0], [2.0, 0.0]])  # a quarter turn, twice as large
    points = np.array([[1.0, 2.0], [4.0, 2.0], [3.0, 5.0], [0.0, 1.0], [7.0, 7.0]])
    linear, offset = similarity_transform(points, points @ turn.T + [3.0, -1.0])
    assert np.allclose(linear, turn) and np.allclose(offset, [3.0, -1.0])


def test_points_that_are_one_point_give_a_finite_transform():
    linear, offset = similarity_transform(np.ones((5, 2)), TEMPLATE)
    assert np.isfinite(linear).all() and np.allclose(offset + linear @ [1.0, 1.0], TEMPLATE.mean(0))


def test_a_face_that_lies_as_in_the_template_is_cut_out_unchanged():
    image = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 3, 112, 112))).float()
    crop = align(image, TEMPLATE)
    assert np.array_equal(crop, image[0].permute(1, 2, 0).numpy())


def test_a_larger_face_is_averaged_before_it_is_cut_out():
    image = torch.from_numpy(np.random.default_rng(0).integers(0, 2, (1, 3, 448, 448)) * 255).float()
    crop = align(image, TEMPLATE * 4)
    means = image[0].reshape(3, 112, 4, 112, 4).mean((2, 4)).permute(1, 2, 0)
    assert np.abs(crop - means.numpy()).max() <= 0.5


def test_overlap_of_boxes():
    box = torch.tensor([0.0, 0.0, 2.0, 2.0])
    others = torch.tensor([[0.0, 0.0, 2.0, 2.0], [1.0, 0.0, 3.0, 2.0], [2.0, 2.0, 4.0, 4.0]])
    assert overlap(box, others).tolist() == pytest.approx([1.0, 1 / 3, 0.0])


def quality(crop: np.ndarray, points: np.ndarray, size: tuple[int, int] = (112, 112), score: float = 0.95) -> Quality:
    return measure_quality(crop, points, size, score)


def test_quality_names_what_is_wrong():
    frontal = np.array([[40.0, 50.0], [70.0, 50.0], [55.0, 70.0], [45.0, 85.0], [65.0, 85.0]])
    sharp = np.random.default_rng(0).integers(0, 256, (112, 112, 3)).astype(np.uint8)
    assert quality(sharp, frontal).faults == []
    assert quality(sharp, frontal).yaw == pytest.approx(0)
    assert quality(np.full_like(sharp, 99), frontal).faults == ["blurred"]
    assert "small" in quality(sharp, frontal / 4).faults[0]
    turned = frontal + np.array([[0, 0], [0, 0], [18, 0], [0, 0], [0, 0]])
    assert quality(sharp, turned).yaw == pytest.approx(0.6)
    assert quality(sharp, turned).faults == ["turned far to the side"]
    assert quality(sharp, frontal, size=(69, 112)).faults == ["partly outside the image"]
    assert quality(sharp, frontal, size=(70, 85)).faults == []
    assert quality(sharp, frontal, score=0.85).faults[0].startswith("unlike those of people (score 0.85")
    slanted = frontal @ np.array([[0.0, 1.0], [-1.0, 0.0]])  # a quarter turn clockwise: y points down
    assert quality(sharp, slanted).roll == pytest.approx(90)
    assert quality(sharp, slanted).yaw == pytest.approx(0)


def test_a_photo_has_one_face_where_it_is(photos):
    (face,) = find_faces(photos["first"])
    assert face.score > 0.8 and face.crop.shape == (112, 112, 3) and face.crop.dtype == np.uint8
    left_eye, right_eye, nose, left_mouth, right_mouth = face.points
    assert left_eye[0] < nose[0] < right_eye[0] and left_mouth[0] < right_mouth[0]
    assert left_eye[1] < nose[1] < left_mouth[1]
    left, top, right, bottom = face.box
    assert (face.points > [left, top]).all() and (face.points < [right, bottom]).all()
    again = find_faces(np.pad(pixels_of(photos["first"]), ((40, 0), (90, 0), (0, 0))))[0]
    assert np.abs(again.points - face.points - [90, 40]).max() < 4


def test_faces_of_one_person_are_alike_and_those_of_two_are_not(photos):
    same = verify(photos["first"], photos["second"])
    assert same.answer == SAME and same.similarity > THRESHOLD + 0.05 and same.reasons == []
    other = verify(photos["first"], photos["other"])
    assert other.answer == DIFFERENT and other.similarity < THRESHOLD - 0.1
    assert verify(photos["first"], photos["second"], threshold=0.99).answer == DIFFERENT
    itself = verify(photos["first"], photos["first"])
    assert itself.similarity == pytest.approx(1, abs=1e-5)


def test_several_and_poor_faces_decide_nothing(photos):
    pair = np.concatenate([pixels_of(photos["first"]), pixels_of(photos["other"])], 1)
    assert len(find_faces(pair)) == 2
    found = verify(photos["first"], pair)
    assert found.answer == UNKNOWN and found.reasons == [
        "second image: holds 2 faces, and it is not known which one is meant"
    ]
    with pytest.raises(ImageError, match="holds 2 faces, expected one"):
        find_one_face(pair)
    small = pixels_of(photos["first"], side=40)
    assert "small" in verify(small, photos["first"]).reasons[0]


def test_slanted_small_and_turned_photos_show_the_same_face(photos, tmp_path):
    upright = Image.fromarray(pixels_of(photos["first"]))
    (face,) = find_faces(photos["first"])
    slanted = np.array(upright.rotate(30, expand=True, fillcolor="gray"))
    assert verify(slanted, photos["first"]).similarity > 0.8
    assert find_faces(slanted)[0].quality.roll == pytest.approx(face.quality.roll - 30, abs=15)
    scene = Image.new("RGB", (640, 480), "gray")
    scene.paste(upright.resize((64, 64)), (300, 200))
    (small,) = find_faces(np.array(scene))
    assert np.abs(small.points - face.points / 2 - [300, 200]).max() < 3
    exif = Image.Exif()
    exif[274] = 6  # to be turned a quarter clockwise
    upright.rotate(90, expand=True).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    (turned,) = find_faces(tmp_path / "turned.jpg")
    assert np.abs(turned.points - face.points).max() < 3


def test_a_face_that_is_cut_off_decides_nothing(photos):
    (face,) = find_faces(photos["first"])
    cut = np.ascontiguousarray(
        pixels_of(photos["first"])[int(face.points[:2, 1].mean()) + 5 :]
    )  # from below the eyes on
    found = verify(cut, photos["second"])
    assert found.answer == UNKNOWN and "first image: the face is partly outside the image" in found.reasons


def test_faces_of_animals_decide_nothing(data, photos):
    with zipfile.ZipFile(data / "oasis_ratings" / "oasis256.zip") as images:
        (name,) = (name for name in images.namelist() if name.endswith("/Dog_6.webp") or name == "Dog_6.webp")
        dog = images.read(name)
    found = verify(dog, dog)
    assert found.answer == UNKNOWN and "hidden, drawn or an animal's" in found.reasons[0]


def test_an_image_without_a_face_is_refused(photos):
    empty = np.full((60, 80, 3), 200, np.uint8)
    assert find_faces(empty) == []
    with pytest.raises(ImageError, match="no face was found"):
        verify(photos["first"], empty)


def test_no_crop_gives_no_embedding():
    assert embed_faces([]).shape == (0, 128)


@pytest.mark.parametrize("threshold", [1.5, -2.0, float("nan")])
def test_a_threshold_must_be_a_cosine(threshold):
    with pytest.raises(EyespotError, match="cosine similarity from -1 to 1"):
        verify("a.jpg", "b.jpg", threshold)


def test_the_stated_rate_is_that_of_the_next_lower_threshold():
    one, other = FALSE_ACCEPTS[3], FALSE_ACCEPTS[4]
    assert false_accepts_at(one.threshold) is one
    assert false_accepts_at((one.threshold + other.threshold) / 2) is one
    assert false_accepts_at(-1.0) is None
    rates = [each.rate for each in FALSE_ACCEPTS]
    assert rates == sorted(rates, reverse=True)
    assert all(each.interval[0] <= each.rate <= each.interval[1] for each in FALSE_ACCEPTS)
