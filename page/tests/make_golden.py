"""Write golden.json: what PyTorch computes for small layers. Run with: python page/tests/make_golden.py"""

import json
from pathlib import Path

import torch
from torch import nn

LAYERS = {
    "convolution": (nn.Conv2d(2, 3, 3), (2, 5, 6)),
    "convolution, stride 2, padding 1": (nn.Conv2d(2, 3, 3, stride=2, padding=1), (2, 6, 5)),
    "convolution, dilation 2": (nn.Conv2d(1, 2, 3, dilation=2, padding=2), (1, 6, 6)),
    "convolution, groups": (nn.Conv2d(4, 4, 3, groups=2, bias=False), (4, 4, 4)),
    "convolution, oblong": (nn.Conv2d(1, 1, (1, 4), stride=(2, 1), padding=(0, 2)), (1, 5, 7)),
    "transposed": (nn.ConvTranspose2d(2, 3, 2, stride=2), (2, 3, 3)),
    "transposed, everything": (
        nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1, output_padding=1, groups=2, dilation=1),
        (4, 3, 2),
    ),
    "max": (nn.MaxPool2d(2), (2, 5, 4)),
    "max, ceil": (nn.MaxPool2d(3, stride=2, ceil_mode=True), (1, 6, 6)),
    "max, padding and dilation": (nn.MaxPool2d(3, stride=1, padding=1, dilation=2), (1, 6, 6)),
    "average": (nn.AvgPool2d(3, stride=2, padding=1), (1, 5, 5)),
    "average, padding not counted": (nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False), (1, 5, 5)),
    "average, ceil": (nn.AvgPool2d(2, stride=2, ceil_mode=True), (1, 5, 5)),
    "adaptive average": (nn.AdaptiveAvgPool2d((3, 2)), (2, 7, 5)),
    "adaptive max": (nn.AdaptiveMaxPool2d((3, 2)), (2, 7, 5)),
    "batch norm": (nn.BatchNorm2d(3), (3, 2, 2)),
    "group norm": (nn.GroupNorm(2, 4), (4, 2, 3)),
    "nearest": (nn.Upsample(size=(5, 4), mode="nearest"), (1, 3, 2)),
    "bilinear": (nn.Upsample(scale_factor=2, mode="bilinear"), (1, 3, 2)),
    "dense": (nn.Linear(6, 4), (6,)),
    "softmax": (nn.Softmax(dim=1), (6,)),
    "leaky_relu": (nn.LeakyReLU(0.1), (1, 2, 3)),
    "elu": (nn.ELU(0.5), (1, 2, 3)),
    "tanh": (nn.Tanh(), (1, 2, 3)),
    "sigmoid": (nn.Sigmoid(), (1, 2, 3)),
    "silu": (nn.SiLU(), (1, 2, 3)),
    "relu6": (nn.ReLU6(), (1, 2, 3)),
}


def tensor(values: torch.Tensor) -> dict:
    """Shape and numbers of one tensor, as the tests read them."""
    return {"shape": list(values.shape), "data": [round(value, 8) for value in values.flatten().tolist()]}


@torch.no_grad()
def main() -> None:
    """Draw weights and inputs, run every layer, write what came out."""
    torch.manual_seed(0)
    cases = {}
    for name, (layer, shape) in LAYERS.items():
        layer.eval()
        for state in layer.state_dict().values():
            if state.is_floating_point():
                state.copy_(torch.rand_like(state) + 0.1 if name == "batch norm" else torch.randn_like(state))
        x = torch.randn(1, *shape) * 3
        cases[name] = {
            "input": tensor(x[0]),
            "output": tensor(layer(x)[0]),
            "state": {key: tensor(value) for key, value in layer.state_dict().items() if value.is_floating_point()},
        }
    Path(__file__).with_name("golden.json").write_text(json.dumps(cases) + "\n")


if __name__ == "__main__":
    main()
