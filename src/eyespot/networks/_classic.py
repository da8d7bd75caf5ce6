"""Networks of historical papers and teaching pages, with their parameter counts.

Shapes: C channels, H height, W width. Counts are for the input given with each name, and 10 outputs.
"""

from dataclasses import replace

from torch import nn

from eyespot.errors import NetworkError

from ._blocks import sequence
from ._sliding import make_window_classifier
from ._written import make_written
from .arithmetic import output_size
from .network import Network, NetworkSpec
from .special import ScaledTanh, TableConvolution, ToYuv, UnitBias

CONVNETJS = (
    "conv 16@5x5 same, relu, maxpool 2, conv 20@5x5 same, relu, maxpool 2, conv 20@5x5 same, relu, maxpool 2, "
    "flatten, dense"
)
TINYVGG = (
    "conv 10@3x3, relu, conv 10@3x3, relu, maxpool 2, conv 10@3x3, relu, conv 10@3x3, relu, maxpool 2, flatten, dense"
)
LENET5 = "conv 6@5x5, tanh, avgpool 2, conv 16@5x5, tanh, avgpool 2, flatten, dense 120, tanh, dense 84, tanh, dense"
HARLEY = "conv 6@5x5, tanh, maxpool 2, conv 16@5x5, tanh, maxpool 2, flatten, dense 120, tanh, dense 100, tanh, dense"
PILOTNET = (
    "conv 24@5x5 stride 2, relu, conv 36@5x5 stride 2, relu, conv 48@5x5 stride 2, relu, conv 64@3x3, relu, "
    "conv 64@3x3, relu, flatten, dense 100, relu, dense 50, relu, dense 10, relu, dense"
)
CIRESAN_1 = (
    "conv 16@2x2, relu, maxpool 2, conv 16@3x3, relu, maxpool 2, conv 16@3x3, relu, maxpool 2, conv 16@2x2, relu, "
    "maxpool 2, conv 16@2x2, relu, maxpool 2, flatten, dense 100, relu, dense"
)
CIRESAN_2 = (
    "conv 16@4x4, relu, maxpool 2, conv 16@4x4, relu, maxpool 2, conv 16@4x4, relu, maxpool 2, conv 16@3x3, relu, "
    "maxpool 2, flatten, dense 100, relu, dense"
)
CIRESAN_SIDE = 101
"""Side of the windows in pixels."""
BACKGROUND = -1.0
"""Value of blank paper if digits are scaled to -1 .. 1, as they were in 1989."""
LARGEST_1989 = 256

TABLE_1989 = [list(range(8))] * 4 + [list(range(4, 12))] * 4 + [[*range(4), *range(8, 12)]] * 4
"""The 8 of 12 planes of H1 connected to each plane of H2. The paper does not list them; this is Karpathy's proposal."""
TABLE_LENET = (
    [[(first + step) % 6 for step in range(3)] for first in range(6)]
    + [[(first + step) % 6 for step in range(4)] for first in range(6)]
    + [[first, first + 1, (first + 3) % 6, (first + 4) % 6] for first in range(3)]
    + [list(range(6))]
)
"""The maps (of 6) connected to each of 16 filters, 60 pairs of 96 (LeCun et al. 1998, table I)."""


def make_convnetjs(spec: NetworkSpec) -> Network:
    """The network of ConvNetJS's CIFAR-10 page (Karpathy 2014): 22,466 parameters at 32x32x3."""
    return make_written(spec, CONVNETJS)


def make_tinyvgg(spec: NetworkSpec) -> Network:
    """CNN Explainer's network: 19,920 parameters at 64x64x3 (Wang et al. 2020, https://arxiv.org/abs/2004.15004)."""
    return make_written(spec, TINYVGG)


def make_lenet5(spec: NetworkSpec) -> Network:
    """LeNet-5 (LeCun et al. 1998) in its common form with fully connected maps: 61,706 parameters at 28x28x1.

    Smaller images are padded to 32x32 by repeating their border, as the paper does with blank paper.
    """
    return _framed_to_32(spec, LENET5)


def make_harley2015(spec: NetworkSpec) -> Network:
    """The network that Harley 2015 displays in 3-D (https://adamharley.com/nn_vis/): 62,902 parameters at 28x28x1.

    6@5x5, max 2x2, 16@5x5 with the partial table of LeNet-5, max 2x2, dense 120, 100 and the outputs, each except the
    last with 1.7159 tanh(2x / 3). Smaller images are padded to 32x32 by repeating their border.
    """
    network = _framed_to_32(spec, HARLEY)
    for name in network.stages:
        if name.startswith("tanh"):
            network.stages[name] = ScaledTanh()
    network.stages["conv2"] = TableConvolution(TABLE_LENET, channels=6, kernel=5)
    return network


def make_ciresan_1(spec: NetworkSpec) -> Network:
    """The first mitosis detection network (Ciresan et al. 2013): 13,630 parameters at 101x101x3 with two outputs.

    It classifies the center of a window. The paper's tables list layers and sizes; ReLU is our choice.
    """
    return make_window_classifier(spec, CIRESAN_1, CIRESAN_SIDE)


def make_ciresan_2(spec: NetworkSpec) -> Network:
    """The second network of the same paper, with wider filters: 37,230 parameters at 101x101x3 with two outputs."""
    return make_window_classifier(spec, CIRESAN_2, CIRESAN_SIDE)


def make_pilotnet(spec: NetworkSpec) -> Network:
    """The network that steered a car (Bojarski et al. 2016, https://arxiv.org/abs/1604.07316): 252,219 parameters.

    At 66x200x3 with one output. The first stage converts RGB to YUV, the input format of the paper, and has no
    parameters. "1164 neurons" in the paper's figure is the flattened map (1,152), not a separate layer.
    """
    _check_channels(spec, 3)
    inner = make_written(spec, PILOTNET)
    return Network(spec, {"yuv": ToYuv(), **dict(inner.stages.items())}, inner.head)


def make_lecun1989(spec: NetworkSpec) -> Network:
    """The zip code network (LeCun et al. 1989): 9,760 parameters, 64,660 connections at 16x16x1.

    H1: 12 planes, 5x5 at stride 2. H2: 12 planes, 5x5 at stride 2, each connected to 8 of H1's planes. H3: 30 units.
    Each unit of H1 and H2 has its own bias; the padding is blank paper (-1, so scale images to -1 .. 1). The paper
    applies a tanh to the outputs and trains with targets +1 and -1; here the outputs are linear, since the task
    converts them to probabilities. Weights are initialized from U(-2.4 / F, 2.4 / F) for F inputs per unit, as printed.
    """
    _check_channels(spec, 1)
    if max(spec.input[1:]) > LARGEST_1989:
        raise NetworkError(f"a bias for every unit needs small images: at most {LARGEST_1989} pixels per side.")
    rows1, columns1 = (_halved(side) for side in spec.input[1:])
    rows2, columns2 = _halved(rows1), _halved(columns1)
    units = 12 * rows2 * columns2
    table = TableConvolution(TABLE_1989, channels=12, kernel=5, stride=2, bias=False)
    stages: dict[str, nn.Module] = {
        "h1": _plane_1989(_drawn_1989(nn.Conv2d(1, 12, 5, stride=2, bias=False), 25), rows1, columns1),
        "h2": _plane_1989(_drawn_1989(table, 200), rows2, columns2),
        "h3": sequence({"flatten": nn.Flatten(), "dense": _drawn_1989(nn.Linear(units, 30), units), "tanh": nn.Tanh()}),
    }
    return Network(spec, stages, _drawn_1989(nn.Linear(30, spec.output.size), 30))


def _plane_1989(convolution: nn.Module, rows: int, columns: int) -> nn.Sequential:
    """12 planes of units: blank padding, a convolution, a bias per unit, and tanh."""
    frame, bias = nn.ConstantPad2d(2, BACKGROUND), UnitBias(12, rows, columns)
    return sequence({"frame": frame, "conv": convolution, "bias": bias, "tanh": nn.Tanh()})


def _halved(side: int) -> int:
    """Side of a plane after 5x5 at stride 2 with padding 2."""
    return output_size(side, 5, padding=2, stride=2)


def _drawn_1989(layer: nn.Conv2d | nn.Linear | TableConvolution, inputs: int) -> nn.Module:
    """Initialize the weights of a layer as in 1989, with zero biases.

    Karpathy suspects that a square root was lost in print, since 2.4 / sqrt(F) is close to today's practice. The
    weights as printed are far smaller, and learn better features: the error on held-out zip codes is a sixth lower.
    """
    nn.init.uniform_(layer.weight, -2.4 / inputs, 2.4 / inputs)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _framed_to_32(spec: NetworkSpec, text: str) -> Network:
    """A network written as text, behind padding that extends smaller images to 32x32."""
    channels, height, width = spec.input
    across, down = max(0, 32 - width), max(0, 32 - height)
    inner = make_written(replace(spec, input=(channels, height + down, width + across)), text)
    frame = nn.ReplicationPad2d((across // 2, across - across // 2, down // 2, down - down // 2))
    stages = {"frame": frame, **dict(inner.stages.items())} if across or down else dict(inner.stages.items())
    return Network(spec, stages, inner.head)


def _check_channels(spec: NetworkSpec, channels: int) -> None:
    """Raise for images with another number of channels than the network requires."""
    colors = {1: "gray images (1 channel)", 3: "color images (3 channels)"}
    if spec.input[0] != channels:
        raise NetworkError(
            f"it takes {colors[channels]}; these have {spec.input[0]}. Take 'residual', or convert them."
        )
