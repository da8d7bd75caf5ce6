"""Small networks, drawn at random and written out, for everything that looks inside networks."""

import hypothesis.strategies as st
import torch
import torch.nn.functional as F
from torch import Tensor, nn

OTHERS = (
    "batch_norm",
    "relu",
    "relu_",
    "tanh",
    "max_pool",
    "max_pool_ceil",
    "average_pool",
    "upsample",
    "transposed",
    "pad",
)


@st.composite
def networks(draw: st.DrawFn, last: bool = True) -> tuple[nn.Module, Tensor]:
    """A chain of two to five layers of any kind, then (with `last`) a dense layer, and one image of any size."""
    channels = draw(st.sampled_from([1, 2, 3]))
    height, width = draw(st.integers(9, 14)), draw(st.integers(9, 14))
    torch.manual_seed(draw(st.integers(0, 1000)))
    x = torch.randn(1, channels, height, width)
    layers: list[nn.Module] = []
    for _ in range(draw(st.integers(2, 5))):
        layer = draw_layer(draw, nn.Sequential(*layers).eval()(x).shape)
        layers.append(layer)
    if last:
        layers += [nn.Flatten(), nn.Linear(nn.Sequential(*layers).eval()(x)[0].numel(), 3)]
    return randomized(nn.Sequential(*layers)).eval(), x


def draw_layer(draw: st.DrawFn, shape: torch.Size) -> nn.Module:
    channels, side = shape[1], min(shape[2:])
    kind = draw(st.sampled_from(("conv", "conv", *OTHERS))) if side >= 5 else "tanh"
    if kind == "conv":
        groups = draw(st.sampled_from([1, channels]))
        return nn.Conv2d(
            channels,
            2 * channels if channels < 4 else channels,
            draw(st.sampled_from([1, 2, 3, (3, 2)])),
            stride=draw(st.sampled_from([1, 1, 2, (2, 1)])),
            padding=draw(st.sampled_from([0, 1])),
            dilation=draw(st.sampled_from([1, 1, 2])),
            groups=groups,
            bias=draw(st.booleans()),
        )
    return {
        "batch_norm": lambda: nn.BatchNorm2d(channels),
        "relu": nn.ReLU,
        "relu_": lambda: nn.ReLU(inplace=True),
        "tanh": nn.Tanh,
        "max_pool": lambda: nn.MaxPool2d(3, stride=2, padding=draw(st.sampled_from([0, 1]))),
        "max_pool_ceil": lambda: nn.MaxPool2d(2, stride=2, ceil_mode=True),
        "average_pool": lambda: nn.AvgPool2d(
            2,
            ceil_mode=draw(st.booleans()),
            padding=draw(st.sampled_from([0, 1])),
            count_include_pad=draw(st.booleans()),
        ),
        "upsample": lambda: nn.Upsample(scale_factor=2, mode=draw(st.sampled_from(["nearest", "bilinear"]))),
        "transposed": lambda: nn.ConvTranspose2d(channels, channels, draw(st.sampled_from([2, 3])), 2, padding=1),
        "pad": lambda: nn.ReflectionPad2d((1, 0, 2, 1)),
    }[kind]()


def randomized(network: nn.Module) -> nn.Module:
    """Normalization layers as after a training: with means, variances and weights of their own."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight, module.bias, module.running_mean):
                tensor.data.normal_()
            module.running_var.uniform_(0.5, 2)
    return network


class Careless(nn.Module):
    """Written as many people write: one ReLU used again and again, functions, work in place, a shortcut by hand."""

    def __init__(self, channels: int = 3, classes: int = 4) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.norm = randomized(nn.BatchNorm2d(4))
        self.relu = nn.ReLU(inplace=True)
        self.dense = nn.Linear(4, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.conv1(x))
        y = self.norm(self.conv2(x))
        y += x
        y = F.max_pool2d(self.relu(y), 3, 2)
        y = torch.relu_(self.conv2(y))
        y = y.mean((2, 3))
        return self.dense(F.dropout(y, training=self.training).view(y.size(0), -1))


def tinyvgg(channels: int = 3, side: int = 64, classes: int = 10, filters: int = 10) -> nn.Module:
    """The Tiny VGG of CNN Explainer (Wang et al. 2020)."""
    left = ((side - 4) // 2 - 4) // 2
    parts: list[nn.Module] = []
    for inputs in (channels, filters):
        parts += [nn.Conv2d(inputs, filters, 3), nn.ReLU(), nn.Conv2d(filters, filters, 3), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(filters * left * left, classes)).eval()
