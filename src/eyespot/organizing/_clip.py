"""A user's own pair of encoders in the style of CLIP: ONNX files that embed images and texts in one space.

Radford et al. 2021, arXiv 2103.00020. Nothing is downloaded; the folder is as Hugging Face's exports have it.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ModelError, SourceError
from ..exporting import open_runtime
from ..images import ImageSpec, Picture, read_pixels
from ._byte_pairs import read_byte_pairs

IMAGE, TEXT = ("image.onnx", "vision_model.onnx"), ("text.onnx", "text_model.onnx")
"""Names of the two encoders: eyespot's, and those of exports."""
CONFIG = "preprocessor_config.json"
LONGEST = 77
"""Numbers of a text that CLIP's encoders take, including start and end."""
IDS, MASK = "input_ids", "attention_mask"


class Clip:
    """Both encoders of a folder, which is checked before long work.

    `key` changes with the image encoder and its preprocessing. Raises `SourceError` if a file is missing or the
    encoders do not belong together, `ModelError` if ONNX Runtime is missing or cannot open them.
    """

    def __init__(self, folder: str | Path) -> None:
        folder = Path(folder)
        image, text = _file(folder, IMAGE), _file(folder, TEXT)
        config = _config(folder / CONFIG)
        self.tokens = read_byte_pairs(folder)
        content = image.read_bytes()
        self.key = hashlib.blake2b(content + json.dumps(config).encode(), digest_size=16).digest()
        self.image, self.text = open_runtime(content, str(image)), open_runtime(text.read_bytes(), str(text))
        self.images, self.crop = _preprocessing(config, folder / CONFIG)
        self.mean, self.std = (_three(config, name, folder / CONFIG) for name in ("image_mean", "image_std"))
        blank = np.full((1, *self.crop, 3), 128, np.uint8)
        sizes = self.embed_images(blank).shape[1], len(self.embed_text("a"))
        if sizes[0] != sizes[1]:
            raise SourceError(
                f"{folder}: {image.name} gives {sizes[0]} numbers per image, {text.name} {sizes[1]} per text; expected "
                "two encoders of one model, with the projections into their common space."
            )

    def read(self, picture: Picture, name: str) -> np.ndarray:
        """The pixels (H, W, 3) of an image as the encoder takes them, not yet normalized."""
        pixels = read_pixels(picture, self.images, name)
        top, left = ((have - want) // 2 for have, want in zip(pixels.shape[:2], self.crop, strict=True))
        return pixels[top : top + self.crop[0], left : left + self.crop[1]]

    def embed_images(self, pixels: np.ndarray) -> np.ndarray:
        """Unit vectors (N, F) of uint8 images (N, H, W, 3)."""
        normalized = (pixels.astype(np.float32) / 255 - self.mean) / self.std
        x = np.ascontiguousarray(normalized.transpose(0, 3, 1, 2), np.float32)
        return _unit(_run(self.image, {self.image.get_inputs()[0].name: x}, "image_embeds", len(x)))

    def embed_text(self, text: str) -> np.ndarray:
        """The unit vector (F,) of a text; raises `SourceError` if it is too long."""
        numbers = self.tokens.numbers(text)
        inputs = {each.name: each for each in self.text.get_inputs()}
        shape = inputs.get(IDS, next(iter(inputs.values()))).shape
        length = shape[1] if len(shape) == 2 and isinstance(shape[1], int) else None
        if len(numbers) > (length or LONGEST):
            raise SourceError(
                f"The text has {len(numbers)} tokens, and the encoder takes up to {length or LONGEST}; shorten it.",
                argument="words",
            )
        ids = np.array([numbers + [self.tokens.end] * ((length or len(numbers)) - len(numbers))])
        mask = (np.arange(ids.shape[1]) < len(numbers))[None]
        feed = {name: mask if name == MASK else ids for name in inputs}
        feed = {name: values.astype(_integers(inputs[name])) for name, values in feed.items()}
        return _unit(_run(self.text, feed, "text_embeds", 1))[0]


def _file(folder: Path, names: tuple[str, str]) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise SourceError(
        f"{folder}: has no {names[0]} (or {names[1]}); expected a folder with {IMAGE[0]}, {TEXT[0]}, {CONFIG}, "
        "vocab.json and merges.txt."
    )


def _config(file: Path) -> Mapping[str, Any]:
    try:
        config = json.loads(file.read_bytes())
    except OSError as error:
        raise SourceError(
            f"{file}: cannot be read ({error.strerror}); it states the size, mean and standard deviation of images."
        ) from error
    except ValueError as error:
        raise SourceError(f"{file}: is not valid JSON ({error}); copy it again.") from error
    if not isinstance(config, dict):
        raise SourceError(f"{file}: is no JSON object; copy it again.")
    return config


def _preprocessing(config: Mapping[str, Any], file: Path) -> tuple[ImageSpec, tuple[int, int]]:
    """How images are scaled, and the size (height, width) that is cut from their center."""
    size, crop = config.get("size"), config.get("crop_size") if config.get("do_center_crop", True) else None
    try:
        if crop is None and isinstance(size, dict) and "height" in size:
            height, width = int(size["height"]), int(size["width"])
            return ImageSpec(height=height, width=width, channels=3, fit="stretch"), (height, width)
        short = int(size.get("shortest_edge") or size["height"]) if isinstance(size, dict) else int(size or 0)
        crop = crop or short
        height, width = (int(crop["height"]), int(crop["width"])) if isinstance(crop, dict) else (int(crop), int(crop))
        if not 0 < max(height, width) <= short:
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise SourceError(
            f"{file}: size is {size} and crop_size {config.get('crop_size')}; expected a size such as "
            '{"shortest_edge": 224} and a crop_size that is not larger.'
        ) from None
    return ImageSpec(height=short, width=short, channels=3), (height, width)


def _three(config: Mapping[str, Any], name: str, file: Path) -> np.ndarray:
    try:
        values = np.array(config.get(name), np.float32)
    except (TypeError, ValueError):
        values = np.empty(0)
    if values.shape != (3,) or not np.isfinite(values).all() or (name == "image_std" and (values <= 0).any()):
        raise SourceError(f"{file}: {name} is {config.get(name)}; expected three numbers, for red, green and blue.")
    return values


def _integers(described: Any) -> type:
    return np.int32 if described.type == "tensor(int32)" else np.int64


def _run(runtime: Any, feed: Mapping[str, np.ndarray], wanted: str, count: int) -> np.ndarray:
    """The embeddings (N, F): the output of that name, or else the first one of this shape."""
    try:
        outputs = dict(zip([each.name for each in runtime.get_outputs()], runtime.run(None, feed), strict=True))
    except Exception as error:  # onnxruntime has a class of its own for every kind of failure
        takes, reason = (
            ", ".join(f"{each.name} {each.shape}" for each in runtime.get_inputs()),
            str(error).splitlines()[0],
        )
        raise ModelError(
            f"The encoder takes {takes} and cannot compute {wanted} of {', '.join(feed)} ({reason}); "
            "export the encoders of images and texts separately."
        ) from error
    candidates = [outputs[wanted]] if wanted in outputs else list(outputs.values())
    for values in candidates:
        if np.ndim(values) == 2 and len(values) == count and values.dtype.kind == "f":
            return values.astype(np.float32)
    shapes = ", ".join(f"{name} {np.shape(values)}" for name, values in outputs.items())
    raise SourceError(f"The encoder gives {shapes}; expected {wanted} with one row of numbers for each input.")


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
