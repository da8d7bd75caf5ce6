"""SFace: face embeddings with 128 numbers, from aligned crops of 112x112 pixels.

Depthwise separable convolutions as in MobileNet (Howard et al. 2017), trained with the loss of Zhong et al. 2021,
"SFace: Sigmoid-Constrained Hypersphere Loss" (https://arxiv.org/abs/2205.12010). Shapes: N images, C channels.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from eyespot.errors import NetworkError

from ._blocks import sequence
from .network import Network, NetworkSpec, Output

SIDE = 112
EMBEDDING = 128
CHANNELS = (32, 64, 128, 128, 256, 256, *[512] * 6, 1024, 1024)
"""Filters of the 14 stages; a stage with more filters than the previous one has stride 2, except the second."""
REDUCTION = 16
"""Total stride of the last stage, in each direction."""
SFACE = NetworkSpec(name="sface", input=(3, SIDE, SIDE), output=Output("vector", EMBEDDING))


def make_sface(spec: NetworkSpec) -> Network:
    """14 stages, a dense layer to 128 numbers, and another one that starts as a rotation: 9.7 million parameters.

    A rotation changes no angle between embeddings, so that training starts with the accuracy of the pretrained weights.
    The published weights fit only images of 3x112x112; other sizes change the first dense layer.
    """
    stages: dict[str, nn.Module] = {"conv1": _unit(spec.input[0], CHANNELS[0])}
    for number, (before, filters) in enumerate(pairwise(CHANNELS), start=2):
        stride = 2 if filters > before and number > 2 else 1
        stages[f"conv{number}"] = sequence(
            {"depthwise": _unit(before, before, stride=stride, groups=before), "pointwise": _unit(before, filters, 1)}
        )
    places = -(-spec.input[1] // REDUCTION) * -(-spec.input[2] // REDUCTION)
    return Network(spec, stages, _head(places, spec.output.size))


def _unit(channels: int, filters: int, kernel: int = 3, stride: int = 1, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(channels, filters, kernel, stride, kernel // 2, groups=groups, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_out" if groups == 1 else "fan_in", nonlinearity="relu")
    return sequence({"conv": conv, "norm": nn.BatchNorm2d(filters, eps=1e-3), "prelu": nn.PReLU(filters)})


def _head(places: int, outputs: int) -> nn.Sequential:
    answer = nn.Linear(EMBEDDING, outputs)
    nn.init.orthogonal_(answer.weight)
    nn.init.zeros_(answer.bias)
    return sequence(
        {
            "norm": nn.BatchNorm2d(CHANNELS[-1], eps=2e-5),
            "flatten": nn.Flatten(),
            "embedding": nn.Linear(CHANNELS[-1] * places, EMBEDDING),
            "answer": answer,
        }
    )


def sface_weights(learned: Sequence[tuple[str, list[Tensor]]]) -> dict[str, Tensor]:
    """Weights of the published graph by our names; the last dense layer is the identity.

    `learned` are its operations with parameters, in order of computation. The last batch normalization is folded into
    the dense layer before it. Raises `NetworkError` for the weights of another network.
    """
    with torch.random.fork_rng(devices=[]):
        names = list(make_sface(SFACE).state_dict().items())
    kept = [(name, value.shape) for name, value in names if not name.endswith("num_batches_tracked")]
    values = [value for _, group in learned[:-2] for value in group]
    if [name for name, _ in learned[-2:]] == ["Gemm", "BatchNormalization"]:
        values += [*_joined(*learned[-2][1], *learned[-1][1]), torch.eye(EMBEDDING), torch.zeros(EMBEDDING)]
    if [value.numel() for value in values] != [shape.numel() for _, shape in kept]:
        raise NetworkError("The installed weights are not those of sface; install the package again.")
    weights = {name: value.reshape(shape) for (name, shape), value in zip(kept, values, strict=True)}
    counters = {name: torch.tensor(0) for name, _ in names if name.endswith("num_batches_tracked")}
    return weights | counters


def _joined(weight: Tensor, bias: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor) -> list[Tensor]:
    """Weight and bias of one dense layer that combines a dense layer and the batch normalization after it."""
    scale = gamma / torch.sqrt(variance + 2e-5)
    return [weight * scale[:, None], (bias - mean) * scale + beta]
