"""Search by description with a user's own encoders: a tiny pair that knows the words red, green and blue."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eyespot.errors import EyespotError
from eyespot.organizing import Query, _clip, search_folder
from eyespot.organizing._byte_pairs import END, LETTERS, START, BytePairs, read_byte_pairs
from eyespot.organizing._clip import Clip

onnx = pytest.importorskip("onnx", reason="the extra export is not installed")
pytest.importorskip("onnxruntime", reason="the extra export is not installed")
COLORS = {"red": (220, 20, 30), "green": (30, 200, 40), "blue": (20, 40, 210)}
MERGES = "r e, re d</w>, g re, gre e, gree n</w>, b l, bl u, blu e</w>"
CONFIG = {
    "size": {"shortest_edge": 8},
    "crop_size": {"height": 8, "width": 8},
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
}


def tokenizer() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """A vocabulary of single letters and of the three colors, with the merges that lead to these."""
    merges = [tuple(pair.split()) for pair in MERGES.split(", ")]
    pieces = [letter + end for end in ("", "</w>") for letter in LETTERS]
    pieces += [*sorted({"".join(pair) for pair in merges}), START, END]
    return {piece: number for number, piece in enumerate(pieces)}, merges


def write_model(file: Path, nodes: list, given: list, values: dict, output: str, size: int) -> None:
    helper = onnx.helper
    result = helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, ["n", size])
    arrays = [onnx.numpy_helper.from_array(array, name) for name, array in values.items()]
    graph = helper.make_graph(nodes, "encoder", given, [result], initializer=arrays)
    onnx.save(helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 18)]), file)


def write_pair(folder: Path, numbers: int = 3, length: int | str = "length", mask: bool = False) -> Path:
    """The image encoder gives the mean of each color; the text encoder the sum of a vector for each word."""
    helper, info = onnx.helper, onnx.helper.make_tensor_value_info
    folder.mkdir(exist_ok=True)
    vocabulary, merges = tokenizer()
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{one} {two}\n" for one, two in merges), "utf-8")
    (folder / "preprocessor_config.json").write_text(json.dumps(CONFIG))
    pixels = info("pixel_values", onnx.TensorProto.FLOAT, ["n", 3, "h", "w"])
    mean = helper.make_node("ReduceMean", ["pixel_values", "axes"], ["image_embeds"], keepdims=0)
    write_model(folder / "image.onnx", [mean], [pixels], {"axes": np.array([2, 3])}, "image_embeds", 3)
    table = np.zeros((len(vocabulary), numbers), np.float32)
    for place, word in enumerate(COLORS):
        table[vocabulary[f"{word}</w>"], :3] = np.where(np.arange(3) == place, 1, -1)
    given = [info(name, onnx.TensorProto.INT64, ["n", length]) for name in ("input_ids", "attention_mask")[: 1 + mask]]
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["vectors"]),
        helper.make_node("ReduceSum", ["vectors", "axes"], ["text_embeds"], keepdims=0),
    ]
    write_model(folder / "text.onnx", nodes, given, {"table": table, "axes": np.array([1])}, "text_embeds", numbers)
    return folder


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """A photo in each color, and a gray one."""
    (folder := tmp_path / "album").mkdir()
    for name, color in (COLORS | {"gray": (128, 128, 128)}).items():
        Image.new("RGB", (40, 30), color).save(folder / f"{name}.png")
    return folder


def files(album: Path, text: str, clip: Path, **query) -> list[str]:
    photos, matches = search_folder(album, Query(words=[text], **query), clip=clip)
    return [photos.rows[match.photo]["path"] for match in matches]


@pytest.mark.parametrize("form", [{}, {"length": 7}, {"mask": True}])
def test_a_description_ranks_the_photos_it_describes_first(album: Path, tmp_path: Path, form: dict):
    clip = write_pair(tmp_path / "clip", **form)
    for word in COLORS:
        assert files(album, f"{word}", clip)[0] == f"{word}.png"
    assert set(files(album, "Red, blue!", clip)[:2]) == {"red.png", "blue.png"}
    assert files(album, "red", clip, color="green") == []


def test_photos_are_embedded_once_also_where_they_move(album: Path, tmp_path: Path, monkeypatch):
    clip = write_pair(tmp_path / "clip")
    assert files(album, "red", clip)[0] == "red.png"
    counted = []
    original = Clip.read
    monkeypatch.setattr(Clip, "read", lambda self, picture, name: counted.append(name) or original(self, picture, name))
    (album / "red.png").rename(album / "other.png")
    Image.new("RGB", (40, 30), (250, 10, 10)).save(album / "new.png")
    assert set(files(album, "red", clip)[:2]) == {"other.png", "new.png"}
    assert counted == ["new.png"]
    (clip / "preprocessor_config.json").write_text(json.dumps(CONFIG | {"size": 9}))
    files(album, "red", clip)
    assert len(counted) == 6


def test_byte_pairs_are_merged_by_rank():
    vocabulary, merges = tokenizer()
    tokens = BytePairs(vocabulary, merges)
    names = {number: piece for piece, number in vocabulary.items()}
    assert [names[number] for number in tokens.numbers(" A RED  re, 's bluer")] == [
        START, "a</w>", "red</w>", "r", "e</w>", ",</w>", "'", "s</w>", *("blu", "e", "r</w>"), END,
    ]  # fmt: skip
    assert [names[number] for number in tokens.numbers("e\u0301")] == [START, "Ã", "©</w>", END]
    assert len(set(LETTERS)) == 256


@pytest.mark.parametrize(
    ("config", "size", "crop", "fit"),
    [
        ({"size": 224}, (224, 224), (224, 224), "crop"),
        ({"size": {"shortest_edge": 256}, "crop_size": 224}, (256, 256), (224, 224), "crop"),
        ({"size": {"height": 64, "width": 32}, "do_center_crop": False}, (64, 32), (64, 32), "stretch"),
    ],
)
def test_the_preprocessing_is_as_stated(config: dict, size: tuple, crop: tuple, fit: str):
    spec, found = _clip._preprocessing(config, Path("config.json"))
    assert (spec.height, spec.width) == size
    assert found == crop
    assert spec.fit == fit


def without(name: str):
    return lambda folder: (folder / name).unlink()


def replaced(name: str, content: str):
    return lambda folder: (folder / name).write_text(content)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (without("image.onnx"), r"has no image.onnx \(or vision_model.onnx\); expected a folder with image.onnx, text"),
        (without("text.onnx"), r"has no text.onnx"),
        (without("vocab.json"), r"vocab.json: cannot be read .* the folder needs CLIP's tokenizer"),
        (without("preprocessor_config.json"), r"preprocessor_config.json: cannot be read"),
        (replaced("vocab.json", "{"), "vocab.json: is damaged"),
        (replaced("vocab.json", '{"a": 0}'), r"vocab.json: has no '<\|startoftext\|>' and"),
        (replaced("text.onnx", "no model"), r"text.onnx: onnxruntime cannot open it"),
        (replaced("preprocessor_config.json", "[]"), "is no JSON object"),
        (
            replaced("preprocessor_config.json", json.dumps(CONFIG | {"size": 4})),
            r"size is 4 and crop_size .*; expected",
        ),
        (replaced("preprocessor_config.json", json.dumps(CONFIG | {"image_std": [0, 1, 1]})), "image_std is .* three"),
        (lambda folder: write_pair(folder, numbers=5), r"image.onnx gives 3 numbers per image, text.onnx 5 per text"),
        (
            lambda folder: (folder / "image.onnx").write_bytes((folder / "text.onnx").read_bytes()),
            "cannot compute image",
        ),
        (lambda folder: write_pair(folder, length=2), r"The text has 3 tokens, and the encoder takes up to 2"),
    ],
)
def test_a_pair_that_cannot_be_used_is_refused_in_one_sentence(album: Path, tmp_path: Path, damage, message: str):
    damage(write_pair(tmp_path / "clip"))
    with pytest.raises(EyespotError, match=message):
        files(album, "red", tmp_path / "clip")


def test_the_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    clip = write_pair(tmp_path / "clip")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(EyespotError, match=r"'onnxruntime' is not installed; .* pip install 'eyespot\[export\]'"):
        Clip(clip)


def test_signs_that_the_vocabulary_lacks_are_named(tmp_path: Path):
    tokens = read_byte_pairs(write_pair(tmp_path / "clip"))
    del tokens.vocabulary["a</w>"]  # pyright: ignore[reportIndexIssue]
    with pytest.raises(EyespotError, match="the vocabulary has no 'a</w>'"):
        tokens.numbers("a red")
