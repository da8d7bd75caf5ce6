"""A probe for tasks with a map as output: a new head is trained on the frozen feature maps of a pretrained network.

The stages compute their maps once, for each training image and a few augmented copies, and the head is trained on
these. Shapes: N images, C channels, H height, W width.
"""

import hashlib
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from ..files import cache_folder
from ..images import ImageSpec
from ..networks import Network
from ..networks.folding import fold_normalization
from ..samples import Samples, network_x
from ..sources.augment import Preset, augment
from ..sources.cache_folder import load_numbers, save_numbers
from ..tasks.task import Target, Task, index_target


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How a head is trained: augmented copies of each image, passes over all images (each with one of the copies),
    images per step, the largest learning rate, and the decay per step of the running mean of the weights.
    """

    views: int
    passes: int
    batch: int
    rate: float
    average: float


AUGMENTED = Schedule(views=4, passes=20, batch=16, rate=3e-3, average=0.9)
"""The stages take most of the time: as long for one copy as the head for ten passes."""
MIRRORED = Schedule(views=2, passes=30, batch=4, rate=8e-3, average=0.99)
"""For tasks with `mirrored_probe`: exact positions are learned sooner without zoom, shift and interpolation."""
WEIGHT_DECAY = 0.05
FEWEST_IMAGES = 960
"""Images in all steps, at least: with few images there are more passes."""
CHUNK = 4
"""Images per batch: activations of more than a few do not fit into the CPU cache."""

Maps = dict[str, Tensor]


def fit_map_head(network: Network, task: Task, images: ImageSpec, train: Samples, preset: Preset, seed: int) -> None:
    """Train `network.head` on the feature maps of the training images, bit-reproducibly.

    The trained head is cached on disk, because it takes minutes and is needed again at the end of fine-tuning.
    """
    file = cache_folder() / "probes" / f"{_key(network, task, images, train, preset, seed)}.npz"
    names = list(network.head.state_dict())
    known = load_numbers(file)
    if set(known) != set(names):
        learned = _learned_head(network, task, images, train, preset, seed)
        known = {name: value.numpy() for name, value in learned.items()}
        save_numbers(file, known)
    network.head.load_state_dict({name: torch.from_numpy(known[name]) for name in names})


def _learned_head(
    network: Network, task: Task, images: ImageSpec, train: Samples, preset: Preset, seed: int
) -> dict[str, Tensor]:
    """The running mean of the head's weights after one cycle of AdamW."""
    how = _schedule(task)
    if task.mirrored_probe:
        preset = Preset(flip=preset.flip, turn=preset.turn)
    count = how.views * (2 if preset.turn else 1)
    views = [_view(network, task, images, train, preset, seed, number) for number in range(count)]
    head = deepcopy(network.head).train()
    mean = {name: value.clone() for name, value in head.state_dict().items()}
    order = list(_order(len(train), seed, replace(how, views=count)))
    optimizer = torch.optim.AdamW(head.parameters(), lr=how.rate, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, how.rate, total_steps=len(order), pct_start=0.1)
    for step, (number, rows) in enumerate(order):
        maps, target = views[number]
        output = head({name: values[rows].float() for name, values in maps.items()}, images.shape[1:])
        loss = task.loss(output, index_target(target, rows)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        _follow(mean, head, min(how.average, (1 + step) / (10 + step)))
    return mean


def _schedule(task: Task) -> Schedule:
    return MIRRORED if task.mirrored_probe else AUGMENTED


@torch.no_grad()
def _follow(mean: dict[str, Tensor], head: nn.Module, average: float) -> None:
    """Update the running mean; in the first steps it forgets sooner, since the initial weights are random."""
    for name, value in head.state_dict().items():
        if value.is_floating_point():
            mean[name].lerp_(value, 1 - average)
        else:
            mean[name].copy_(value)  # counters


def _order(count: int, seed: int, how: Schedule) -> Iterator[tuple[int, np.ndarray]]:
    """The view and the rows of each step."""
    random = np.random.default_rng(seed)
    batch = min(how.batch, count)
    passes = max(how.passes, -(-FEWEST_IMAGES // count))
    for number in range(passes):
        rows = random.permutation(count)
        for start in range(0, count - batch + 1, batch):
            yield number % how.views, rows[start : start + batch]


@torch.no_grad()
def _view(
    network: Network, task: Task, images: ImageSpec, train: Samples, preset: Preset, seed: int, epoch: int
) -> tuple[Maps, Target]:
    """The feature maps of all training images, augmented as in one epoch, as float16, and the targets."""
    stages = fold_normalization(network.stages).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    found: dict[str, list[Tensor]] = {name: [] for name in network.reads}
    targets: list[Target] = []
    for start in range(0, len(train), CHUNK):
        decoded = train.batch(np.arange(start, min(start + CHUNK, len(train))))
        changed, frames = augment(decoded.images, preset, seed, epoch, decoded.rows)
        target = task.transform_target(decoded.target, decoded.frames.then(frames))
        pixels, target = task.make_problem(changed, target, decoded.keys)
        x = network_x(pixels, task, images).contiguous(memory_format=torch.channels_last)
        for name, stage in stages.items():
            x = stage(x)
            if name in found:
                found[name].append(x.half())
        targets.append(target)
    return {name: torch.cat(parts) for name, parts in found.items()}, _joined(targets)


def _joined(targets: list[Target]) -> Target:
    first = targets[0]
    if isinstance(first, dict):
        return {name: torch.cat([target[name] for target in targets if isinstance(target, dict)]) for name in first}
    return torch.cat([target for target in targets if isinstance(target, Tensor)])


def _key(network: Network, task: Task, images: ImageSpec, train: Samples, preset: Preset, seed: int) -> str:
    """A key that depends on everything that determines the head: weights, images, targets and settings."""
    hashed = hashlib.blake2b(repr((images, task, preset, seed, _schedule(task))).encode(), digest_size=16)
    targets = train.targets if isinstance(train.targets, dict) else {"": train.targets}
    for name, value in (*network.state_dict().items(), *targets.items()):
        hashed.update(name.encode())
        hashed.update(value.detach().cpu().contiguous().numpy().data)
    hashed.update(np.ascontiguousarray(train.part.keys).data)
    return hashed.hexdigest()
