"""What a trained network has made of each image before its last decision: a few numbers that say much.

Whoever learns from few images learns from these. They are computed once for each image and network, and kept.
"""

import hashlib
import json
from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor, nn

from .files import cache_folder
from .images import ImageSpec
from .networks.folding import fold_normalization
from .networks.network import last_dense
from .samples import answered_at_once, network_x, to_batch
from .sources.cache import decode_once
from .sources.cache_folder import load_numbers, save_numbers
from .sources.source import Part
from .tasks.task import Task


def features(network: nn.Module, task: Task, images: ImageSpec, part: Part) -> np.ndarray:
    """What the last dense layer of a network reads for each image of a part: float32 (N, F), one row an image.

    `Model.embed` is the public form. Kept in the cache folder by the content of images and weights: the second call
    reads them. Raises `NetworkError` where the network has no dense layer, and `ImageError` for an image that cannot be
    read.
    """
    file = cache_folder() / "features" / f"{_key(network, task, images, part)}.npz"
    found = load_numbers(file).get("features")
    if found is None or len(found) != len(part):
        found = _computed(network, task, images, part)
        save_numbers(file, {"features": found})
    return found


@torch.no_grad()
def _computed(network: nn.Module, task: Task, images: ImageSpec, part: Part) -> np.ndarray:
    decoded = decode_once(part, images)
    network = fold_normalization(network).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    seen: list[Tensor] = []
    dense = last_dense(network)[1]
    watch = dense.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    batch = answered_at_once(images)
    for start in range(0, len(part), batch):
        pixels = to_batch(decoded.take(np.arange(start, min(start + batch, len(part)))))
        network(network_x(pixels, task, images).contiguous(memory_format=torch.channels_last))
    watch.remove()
    return torch.cat(seen).numpy() if seen else np.empty((0, dense.in_features), np.float32)


def _key(network: nn.Module, task: Task, images: ImageSpec, part: Part) -> str:
    """Follows from the content of the images, how they are read, what the network receives, and every weight."""
    hashed = hashlib.blake2b(json.dumps(asdict(images)).encode(), digest_size=16)
    colors = torch.linspace(0, 1, 16 * images.channels).view(1, images.channels, 4, 4)
    hashed.update(network_x(colors, task, images).numpy().data)  # differs where `task.network_input` does
    hashed.update(np.ascontiguousarray(part.keys).data)
    last = {id(weight) for weight in last_dense(network)[1].parameters()}
    for name, value in network.state_dict(keep_vars=True).items():
        if id(value) in last:
            continue  # the answer does not change what comes before it
        hashed.update(name.encode())
        hashed.update(value.detach().cpu().contiguous().numpy().data)
    return hashed.hexdigest()
