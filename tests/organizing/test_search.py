"""Search by example, words, color, time and place, and by several together."""

from datetime import datetime
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from eyespot.errors import SourceError
from eyespot.organizing import Query, _embedding
from eyespot.organizing._colors import PROTOTYPES, color_shares, lab
from eyespot.organizing._index import EPOCH, Photos
from eyespot.organizing._search import search
from eyespot.organizing._words import classes_of
from eyespot.pretrained import IMAGENET_CLASSES, is_installed

NAMES = IMAGENET_CLASSES.read_text().splitlines()
RED, BLUE = (200, 20, 30), (30, 80, 190)


def photos() -> Photos:
    """0 is red and of 2020 in Berlin, 1 blue and of 2022 in Munich, 2 half of each without time and place."""
    colors = np.zeros((3, 16, 16, 3), np.uint8)
    colors[0], colors[1], colors[2, :8], colors[2, 8:] = RED, BLUE, RED, BLUE
    rows = [
        {"path": "a", "taken": (datetime(2020, 1, 1) - EPOCH).total_seconds(), "latitude": 52.5, "longitude": 13.4},
        {"path": "b", "taken": (datetime(2022, 1, 1) - EPOCH).total_seconds(), "latitude": 48.1, "longitude": 11.6},
        {"path": "c", "taken": None, "latitude": None, "longitude": None},
    ]
    embeddings = np.array([[2, 0], [0, 3], [1, 1]], np.float16)
    return Photos(rows=rows, thumbnails=np.zeros((3, 64, 64), np.uint8), colors=colors, embeddings=embeddings)


def embedder(name: str = "network"):
    """Embeds every image as (1, 0); the class "tench" is likely where the first number is large."""
    likely = np.zeros((3, 1000))
    likely[:, 0] = 0.9, 0.1, 0.5
    return SimpleNamespace(
        name=name,
        images=_embedding.CROP,
        embed=lambda crops: np.array([[1.0, 0.0]]),
        probabilities=lambda embeddings: likely,
    )


def found(name: str = "network", **query) -> list[int]:
    return [match.photo for match in search(photos(), Query(**query), embedder(name))]


def test_each_condition_selects_or_orders(tmp_path):
    Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(tmp_path / "like.png")
    assert found(like=tmp_path / "like.png") == [0, 2]  # 1 is not like it at all
    assert found(like=np.zeros((20, 20, 3), np.uint8)) == [0, 2]
    assert found(words=["tench"]) == [0, 2, 1]
    assert found(color="blue") == [1, 2]
    assert found(after=datetime(2021, 1, 1)) == [1]
    assert found(before=datetime(2021, 1, 1)) == [0]
    assert found(near=(52.4, 13.3)) == [0]
    assert found(near=(52.4, 13.3), kilometers=600) == [0, 1]


def test_a_region_of_the_example_is_what_counts():
    seen = []
    looking = embedder()
    looking.embed = lambda crops: seen.append(crops) or np.array([[1.0, 0.0]])
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[10:20, 30:50] = 250
    assert [match.photo for match in search(photos(), Query(like=pixels, region=(30, 10, 50, 20)), looking)] == [0, 2]
    assert (seen[0] == 250).all()
    with pytest.raises(SourceError, match=r"the region is 30,10,61,20; expected .* within 60 x 40 pixels"):
        found(like=pixels, region=(30, 10, 61, 20))
    with pytest.raises(SourceError, match="no example image"):
        found(region=(0, 0, 5, 5), color="red")


def test_conditions_are_combined(tmp_path):
    match = search(photos(), Query(words=["tench"], color="red", after=datetime(2019, 1, 1)), embedder())
    assert [one.photo for one in match] == [0]  # 1 is not red, and the time of 2 is not known
    assert match[0].parts == {"tench": 0.9, "color": 1.0} and match[0].score == pytest.approx(0.9)


def test_what_cannot_be_searched_for_is_refused():
    with pytest.raises(SourceError, match="Nothing to search for"):
        found()
    with pytest.raises(SourceError, match=r"Unknown color 'rad'. Did you mean 'red'"):
        found(color="rad")
    with pytest.raises(SourceError, match=r"eyespot\[pretrained\]"):
        found(name="", words=["dog"])
    with pytest.raises(SourceError, match=r"Unknown word 'tabbi'. Did you mean 'tabby'"):
        found(words=["tabbi"])


def named(word: str) -> list[str]:
    return [NAMES[number] for number in classes_of(word, NAMES)]


def test_words_are_class_names_synonyms_and_broader_terms():
    assert named("Tabby") == ["tabby"]
    assert named("crane (bird)") == ["crane (bird)"]
    assert set(named("guitar")) == {"acoustic guitar", "electric guitar"}
    assert named("shopping basket") == named("Shopping baskets")  # a class name
    assert "seashore" in named("seacoast")


def test_a_beagle_is_a_hound_a_dog_a_canine_a_mammal_and_an_animal():
    chain = [set(named(word)) for word in ("beagle", "hound", "dog", "canine", "carnivore", "mammal", "animal")]
    assert chain[0] == {"beagle"}
    assert all(lower < higher for lower, higher in pairwise(chain))
    assert named("dogs") == NAMES[151:269]  # and no hot dog
    assert named("animals") == NAMES[:398]


def test_a_word_stands_for_its_most_frequent_meaning():
    assert {"sports car", "minivan", "convertible", "ambulance"} <= set(named("car"))
    assert named("automobile") == named("car")
    assert "passenger car" not in named("car")  # of a train: a rarer meaning
    assert {"tabby", "Siamese cat"} <= set(named("cat")) and "lion" not in named("cat")
    assert set(named("crane")) == {"crane (bird)", "crane (machine)"}  # both have this very name
    assert {"axolotl", "amphibian"} <= set(named("amphibian"))  # WordNet has no frequencies of this word


def test_words_that_wordnet_has_not_are_looked_for_in_class_names():
    assert named("traffic") == ["traffic light"]
    assert "seashore" in named("coast") and "lakeside" in named("sea")


@pytest.mark.parametrize(
    ("plural", "word"), [("wolves", "wolf"), ("butterflies", "butterfly"), ("geese", "goose"), ("foxes", "fox")]
)
def test_plurals_are_understood(plural, word):
    assert named(plural) == named(word)


@pytest.mark.parametrize("word", ["entity", "object", "wedding", ""])
def test_words_for_everything_and_for_nothing_are_refused(word):
    with pytest.raises(SourceError, match="broader terms such as dog"):
        classes_of(word, NAMES)


@pytest.mark.parametrize(
    ("word", "first", "last"),
    [
        ("bird", "cock", "albatross"),
        ("dog", "Chihuahua", "Mexican hairless"),
        ("fish", "tench", "puffer"),
        ("snake", "thunder snake", "sidewinder"),
        ("spider", "black and gold garden spider", "wolf spider"),
        ("ape", "orangutan", "siamang"),
    ],
)
def test_broader_terms_begin_and_end_with_their_classes(word, first, last):
    assert (named(word)[0], named(word)[-1]) == (first, last)


def test_lab_has_the_values_of_the_standard():
    """Reference: CIE Lab of sRGB red under D65 is 53.24, 80.09, 67.20."""
    assert lab(np.array([255, 0, 0])) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)


def test_shares_of_colors_sum_to_one_and_prototypes_have_their_names():
    images = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), np.uint8)
    assert color_shares(images).sum(axis=1) == pytest.approx([1, 1, 1])
    for number, colors in enumerate(PROTOTYPES.values()):
        for color in colors:
            assert color_shares(np.array(color, np.uint8).reshape(1, 1, 1, 3))[0].argmax() == number


def test_the_network_keeps_its_answers_when_normalizations_are_fused():
    if not is_installed(_embedding.DEFAULT_WEIGHTS):
        pytest.skip("needs the package with the weights")
    import torch

    from eyespot.model import load

    pixels = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_embedding, "is_installed", is_installed)
        fused = _embedding.Embedder()
    likely = fused.probabilities(fused.embed(pixels))
    model = load("pretrained:efficientnet-lite0")
    with torch.no_grad():
        expected = model.outputs(torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255).softmax(1)
    assert likely == pytest.approx(expected.numpy(), abs=1e-5)
