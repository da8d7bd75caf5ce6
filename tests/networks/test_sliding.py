"""Window classifiers slid over images have the counts of the paper and the answers of each single window."""

import pytest
import torch
import torch.nn.functional as F

from eyespot.errors import NetworkError
from eyespot.networks import Output, build
from eyespot.networks._classic import CIRESAN_1, CIRESAN_2
from eyespot.networks._sliding import slide
from eyespot.networks.network import NetworkSpec

SIDE = 101


@pytest.mark.parametrize(
    ("name", "text", "parameters"), [("ciresan-dnn1", CIRESAN_1, 13_630), ("ciresan-dnn2", CIRESAN_2, 37_230)]
)
@pytest.mark.parametrize("stride", [1, 4, 16])
def test_the_map_equals_sliding_the_window(name: str, text: str, parameters: int, stride: int):
    torch.manual_seed(0)
    window = build(name, (3, SIDE, SIDE), Output("vector", 2)).eval()
    output = Output("map", 2, stride=stride, head="window")
    network = slide(window, NetworkSpec(name=name, input=(3, 70, 83), output=output), SIDE).eval()
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters
    image = torch.randn(1, 3, 70, 83)
    with torch.no_grad():
        found = network(image)
        assert found.shape == (1, 2, -(-70 // stride), -(-83 // stride))
        framed = F.pad(image, (50, 50, 50, 50), mode="reflect")
        for i, j in [(0, 0), (found.shape[2] - 1, found.shape[3] - 1), (found.shape[2] // 2, found.shape[3] // 3)]:
            row, column = stride * i + stride // 2, stride * j + stride // 2
            if row >= 70 or column >= 83:
                continue
            single = window(framed[:, :, row : row + SIDE, column : column + SIDE])
            assert torch.allclose(found[0, :, i, j], single[0], atol=1e-4)


def test_every_window_of_a_row_is_answered():
    torch.manual_seed(1)
    window = build("ciresan-dnn1", (1, SIDE, SIDE), Output("vector", 2)).eval()
    output = Output("map", 2, stride=2, head="window")
    network = slide(window, NetworkSpec(name="ciresan-dnn1", input=(1, 60, 60), output=output), SIDE).eval()
    image = torch.randn(1, 1, 60, 60)
    with torch.no_grad():
        framed = F.pad(image, (50, 50, 50, 50), mode="reflect")
        windows = torch.cat([framed[:, :, 41 : 41 + SIDE, at : at + SIDE] for at in range(1, 60, 2)])
        assert torch.allclose(network(image)[0, :, 20].T, window(windows), atol=1e-4)


def test_other_maps_and_small_images_are_errors():
    with pytest.raises(NetworkError, match="it has no map of single pixels"):
        build("ciresan-dnn1", (3, 64, 64), Output("map", 3))
    with pytest.raises(NetworkError, match="need images of more than 54 pixels a side; these have 48x64"):
        build("ciresan-dnn1", (3, 48, 64), Output("map", 2, stride=4, head="window"))
    for name in ("residual", "unet"):
        with pytest.raises(NetworkError, match="it has no sliding window, which the task needs; 'ciresan-dnn1'"):
            build(name, (3, 64, 64), Output("map", 2, stride=4, head="window"))
