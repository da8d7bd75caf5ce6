"""A window classifier evaluated on whole images: a map with its answer for the window around every location.

Where poolings would skip positions of the window, they run at stride 1, and all layers after them are dilated (Giusti
et al. 2013, https://arxiv.org/abs/1302.1700). The result is that of the classifier at each position of its window.
Shapes: N images, C channels, H height, W width, K outputs, s stride of the map.
"""

from dataclasses import replace

from torch import nn

from eyespot.errors import NetworkError

from ._written import make_written
from .network import Network, NetworkSpec, Output


def make_window_classifier(spec: NetworkSpec, text: str, side: int) -> Network:
    """A network from text: for a vector as it is, for a map with the head "window" slid over the image.

    `side` is the side of the window in pixels; the text has convolutions, 2x2 max poolings and dense layers. Raise
    `NetworkError` for other maps, and for images with sides of half a window or less.
    """
    if spec.output.kind == "vector":
        return make_written(spec, text)
    if spec.output.head != "window":
        raise NetworkError("it has no map of single pixels, which the task needs; it classifies windows.")
    if min(spec.input[1:]) <= side // 2 + spec.output.stride:
        raise NetworkError(
            f"its windows of {side}x{side} pixels need images of more than {side // 2 + spec.output.stride} pixels a "
            f"side; these have {spec.input[1]}x{spec.input[2]}. Take larger images, or another network."
        )
    window = make_written(
        replace(spec, input=(spec.input[0], side, side), output=Output("vector", spec.output.size)), text
    )
    return slide(window, spec, side)


def slide(window: Network, spec: NetworkSpec, side: int) -> Network:
    """The window classifier `window` as a network with a map; weights are shared.

    The image is extended by reflection, so that there is a window around each of ceil(H / s) x ceil(W / s) locations:
    location i has its center at pixel s i + s // 2.
    """
    stride = spec.output.stride
    before, after = side // 2 - stride // 2, side // 2 + stride // 2
    stages: dict[str, nn.Module] = {"frame": nn.ReflectionPad2d((before, after, before, after))}
    dilation, reached, rows = 1, 1, side
    channels = spec.input[0]
    for name, layer in [*window.stages.items(), ("head", window.head)]:
        if isinstance(layer, nn.Conv2d):
            stages[name] = _dilated(layer, dilation)
            rows, channels = rows - layer.kernel_size[0] + 1, layer.out_channels
        elif isinstance(layer, nn.MaxPool2d):
            keeps = reached < stride
            stages[name] = nn.MaxPool2d(2, stride=2 if keeps else 1, dilation=dilation)
            reached, dilation, rows = reached * 2, dilation if keeps else dilation * 2, rows // 2
        elif isinstance(layer, nn.Linear):
            stages[name] = _as_convolution(layer, channels, rows, dilation)
            rows, channels = 1, layer.out_features
        elif not isinstance(layer, nn.Flatten):
            stages[name] = layer
    return Network(spec, {name: stage for name, stage in stages.items() if name != "head"}, stages["head"])


def _dilated(layer: nn.Conv2d, dilation: int) -> nn.Conv2d:
    made = nn.Conv2d(layer.in_channels, layer.out_channels, layer.kernel_size[0], dilation=dilation)
    made.weight, made.bias = layer.weight, layer.bias
    return made


def _as_convolution(layer: nn.Linear, channels: int, rows: int, dilation: int) -> nn.Conv2d:
    """A dense layer on a map (C, rows, rows) as a convolution with a filter of this size."""
    made = nn.Conv2d(channels, layer.out_features, rows, dilation=dilation if rows > 1 else 1)
    made.weight = nn.Parameter(layer.weight.detach().view(-1, channels, rows, rows))
    made.bias = layer.bias
    return made
