"""The network and schedule of the CIFAR-10 records in plain PyTorch, float32 and NCHW; prints one JSON line.

`python cifar.py speed IMAGES SECONDS` tells how many images a second it trains on, `python cifar.py train IMAGES SEED`
trains the whole schedule and tells its accuracy on the test images, looked at once. IMAGES is a `.npz` file of uint8
arrays (N, 32, 32, 3). The recipe is that of Jordan 2024, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU"
(https://arxiv.org/abs/2404.00498): whitening first layer, identity at the start, alternating flips, biases that learn
64 times as fast, Lookahead, and six views of each test image.
"""

import json
import math
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

EPOCHS, BATCH = 9.9, 1024
MOMENTUM, SMOOTHING, BIAS_SPEED, WHITENING_BIAS_EPOCHS = 0.85, 0.2, 64, 3
EXAMPLES = BATCH * (1 + 1 / (1 - MOMENTUM))
"""By how many images one step is felt: rate and decay are given for 1024 of them, and so divided."""
RATE, DECAY = 11.5 / EXAMPLES, 0.0153 * BATCH / EXAMPLES
START, PEAK, END = 0.2, 0.23, 0.07
"""The rate at the start, where it is highest, and at the end, as shares."""
WIDTHS = (64, 256, 256)
MEAN, DEVIATION = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)


def read(path: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Training images (N, 3, 32, 32), scaled, and labels; then the test images and theirs."""
    arrays = np.load(path)

    def pictures(part: str) -> Tensor:
        x = torch.from_numpy(arrays[f"x_{part}"]).permute(0, 3, 1, 2).float() / 255
        return (x - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(DEVIATION).view(3, 1, 1)

    def labels(part: str) -> Tensor:
        return torch.from_numpy(arrays[f"y_{part}"]).long()

    return pictures("train").contiguous(), labels("train"), pictures("test").contiguous(), labels("test")


class Scaled(nn.Module):
    """A ninth of the input: answers that are less sure at the start."""

    def forward(self, x: Tensor) -> Tensor:
        return x / 9


def make(x: Tensor) -> nn.Sequential:
    """The network, its first layer whitening patches of 5,000 images."""
    first = nn.Conv2d(3, 24, 2)
    layers: list[nn.Module] = [first, nn.GELU()]
    for before, filters in zip((24, *WIDTHS), WIDTHS, strict=False):
        layers += [_conv(before, filters), nn.MaxPool2d(2), _norm(filters), nn.GELU()]
        layers += [_conv(filters, filters), _norm(filters), nn.GELU()]
    _whiten(first, x[:5000])
    return nn.Sequential(*layers, nn.MaxPool2d(3), nn.Flatten(), nn.Linear(WIDTHS[-1], 10, bias=False), Scaled())


def _conv(channels: int, filters: int) -> nn.Conv2d:
    layer = nn.Conv2d(channels, filters, 3, padding=1, bias=False)
    nn.init.dirac_(layer.weight.data[:channels])
    return layer


def _norm(filters: int) -> nn.BatchNorm2d:
    layer = nn.BatchNorm2d(filters, eps=1e-12, momentum=0.4)
    layer.weight.requires_grad_(False)
    return layer


@torch.no_grad()
def _whiten(layer: nn.Conv2d, x: Tensor) -> None:
    patches = F.unfold(x, 2).transpose(1, 2).reshape(-1, 12)
    values, vectors = torch.linalg.eigh(torch.cov(patches.T, correction=0))
    filters = (vectors.T / (values[:, None] + 5e-4).sqrt()).flip(0).view(12, 3, 2, 2)
    layer.weight.copy_(torch.cat([filters, -filters]))
    layer.weight.requires_grad_(False)
    nn.init.zeros_(layer.bias)


def batches(x: Tensor, y: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Shuffled batches without end: every image is mirrored in every other epoch, and shifted by up to two pixels."""
    mirrored = torch.rand(len(x)) < 0.5
    while True:
        for rows in torch.randperm(len(x))[: len(x) // BATCH * BATCH].split(BATCH):
            some = torch.where(mirrored[rows, None, None, None], x[rows].flip(3), x[rows])
            padded, places = F.pad(some, (2, 2, 2, 2), mode="reflect"), torch.randint(5, (len(rows), 2)).tolist()
            moved = [one[:, i : i + 32, j : j + 32] for one, (i, j) in zip(padded, places, strict=True)]
            yield torch.stack(moved), y[rows]
        mirrored = ~mirrored


class Learning:
    """Steps of Nesterov's momentum, each as the schedule says."""

    def __init__(self, x: Tensor, y: Tensor, layout: torch.memory_format) -> None:
        self.network = make(x).to(memory_format=layout).train()
        self.layout, self.batches = layout, batches(x, y)
        self.epoch = len(x) // BATCH
        self.steps, self.step = math.ceil(self.epoch * EPOCHS), 0
        weights = [p for p in self.network.parameters() if p.requires_grad and p.ndim > 1]
        biases = [p for p in self.network.parameters() if p.ndim == 1 and p.requires_grad]
        groups = [{"params": weights, "speed": 1}, {"params": biases, "speed": BIAS_SPEED}]
        self.optimizer = torch.optim.SGD(groups, lr=RATE, momentum=MOMENTUM, nesterov=True)
        self.slow = {name: value.clone() for name, value in self.network.state_dict().items()}

    def take(self) -> None:
        """One step, and every fifth one of Lookahead."""
        share = np.interp(self.step, [0, int(PEAK * self.steps), self.steps], [START, 1, END])
        for group in self.optimizer.param_groups:
            group["lr"] = RATE * group["speed"] * share
            group["weight_decay"] = DECAY / (RATE * group["speed"])
        self.network[0].bias.requires_grad_(self.step < WHITENING_BIAS_EPOCHS * self.epoch)
        x, y = next(self.batches)
        output = self.network(x.contiguous(memory_format=self.layout))
        F.cross_entropy(output, y, label_smoothing=SMOOTHING, reduction="sum").backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.step += 1
        if self.step % 5 == 0:
            self.follow(0.95**5 * (self.step / self.steps) ** 3)

    @torch.no_grad()
    def follow(self, kept: float) -> None:
        """Draw the slow weights to those that learn, and put them in their place."""
        for name, value in self.network.state_dict().items():
            if value.is_floating_point():
                self.slow[name].lerp_(value, 1 - kept)
                value.copy_(self.slow[name])


@torch.no_grad()
def answers(network: nn.Module, x: Tensor) -> Tensor:
    """Classes by six views: the image and itself shifted by a pixel up left and down right, each with its mirror."""
    found = []
    for some in x.split(500):
        padded = F.pad(some, (1, 1, 1, 1), mode="reflect")
        views = (some, 0.5), (padded[:, :, :32, :32], 0.25), (padded[:, :, 2:, 2:], 0.25)
        found.append(sum(share * (network(view) + network(view.flip(3))) for view, share in views).argmax(1))
    return torch.cat(found)


def speed(path: str, seconds: float) -> dict[str, float]:
    """Images a second over so many seconds, after two steps that nobody counts; float32 and NCHW."""
    x, y, *_ = read(path)
    learning = Learning(x, y, torch.contiguous_format)
    for _ in range(2):
        learning.take()
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        learning.take()
        steps += 1
    rate = steps * BATCH / (time.perf_counter() - began)
    return {"images a second": rate, "schedule": learning.steps * BATCH}


def train(path: str, seed: float) -> dict[str, float]:
    """The whole schedule, channels last and with convolutions in bfloat16, so that it ends soon: nobody takes its time.

    The paper, too, trains in half precision.
    """
    torch.manual_seed(int(seed))
    x, y, test_x, test_y = read(path)
    learning = Learning(x, y, torch.channels_last)
    while learning.step < learning.steps:
        with torch.autocast("cpu", torch.bfloat16):
            learning.take()
        if learning.step % learning.epoch == 0:
            print(f"step {learning.step} of {learning.steps}", file=sys.stderr, flush=True)
    learning.follow(1.0)
    right = answers(learning.network.eval(), test_x) == test_y
    return {"accuracy": float(right.float().mean()), "weights": sum(p.numel() for p in learning.network.parameters())}


WORK: dict[str, Callable[[str, float], dict[str, float]]] = {"speed": speed, "train": train}

if __name__ == "__main__":
    print(json.dumps(WORK[sys.argv[1]](sys.argv[2], float(sys.argv[3]))))
