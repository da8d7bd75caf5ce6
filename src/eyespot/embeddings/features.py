"""What a trained network has made of each image before its last decision: a few numbers that say much.

Whoever learns from few images learns from these. They are computed once for each image and network, and kept.
"""

import hashlib
import json
from copy import deepcopy
from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor

from ..files import cache_folder
from ..model import Model, to_batch
from ..networks.network import last_dense
from ..sources.cache import decode_once
from ..sources.cache_folder import load_numbers, save_numbers
from ..sources.source import Part

BATCH = 32


def features(model: Model, part: Part) -> np.ndarray:
    """What the last dense layer of a model sees of each image of a part: float32 (N, F), one row an image.

    Kept in the cache folder by the content of images and weights: the second call reads them. Raises `NetworkError`
    where the network has no dense layer, and `ImageError` for an image that cannot be read.

    >>> from eyespot import load
    >>> from eyespot.sources.synthetic import shapes
    >>> features(load("pretrained:efficientnet-lite0"), shapes(count=10).test).shape[1]
    1280
    """
    file = cache_folder() / "features" / f"{_key(model, part)}.npz"
    found = load_numbers(file).get("features")
    if found is None or len(found) != len(part):
        found = _computed(model, part)
        save_numbers(file, {"features": found})
    return found


@torch.no_grad()
def _computed(model: Model, part: Part) -> np.ndarray:
    images = decode_once(part, model.images)
    network = deepcopy(model.network).eval().to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    quick = Model(network=network, task=model.task, images=model.images)
    seen: list[Tensor] = []
    dense = last_dense(network)[1]
    watch = dense.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    for start in range(0, len(part), BATCH):
        pixels = to_batch(images.take(np.arange(start, min(start + BATCH, len(part)))))
        quick.outputs(pixels.contiguous(memory_format=torch.channels_last))
    watch.remove()
    return torch.cat(seen).numpy() if seen else np.empty((0, dense.in_features), np.float32)


def _key(model: Model, part: Part) -> str:
    """Follows from the content of the images, how they are read, and every weight."""
    hashed = hashlib.blake2b(json.dumps(asdict(model.images)).encode(), digest_size=16)
    hashed.update(np.ascontiguousarray(part.keys).data)
    last = {id(weight) for weight in last_dense(model.network)[1].parameters()}
    for name, value in model.network.state_dict(keep_vars=True).items():
        if id(value) in last:
            continue  # the answer does not change what comes before it
        hashed.update(name.encode())
        hashed.update(value.detach().cpu().contiguous().numpy().data)
    return hashed.hexdigest()
