"""Networks written as text: how they are read, what is made of them, and what is said where they cannot be."""

from dataclasses import asdict

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from eyespot.errors import NetworkError
from eyespot.networks import Network, Output, build, describe
from eyespot.networks.text import Layer, is_text, parse

LECTURE = "conv 8@5x5 same, relu, maxpool 2, conv 16@3x3 stride 2, tanh, flatten, dropout 0.5, dense 64, relu, dense"


def written(text: str, input: tuple[int, int, int] = (1, 28, 28), outputs: int = 10) -> Network:
    return build(text, input=input, output=Output(describe(text).heads[0], outputs))


def refusal(text: str, input: tuple[int, int, int] = (1, 28, 28), outputs: int = 10) -> str:
    with pytest.raises(NetworkError) as error:
        written(text, input, outputs)
    return str(error.value)


def test_the_lectures_network_has_its_stages_and_shapes():
    network = written(LECTURE)
    names = ["conv1", "relu1", "maxpool1", "conv2", "tanh1", "flatten1", "dropout1", "dense1", "relu2"]
    assert list(network.stages) == names
    x, shapes = torch.zeros(1, 1, 28, 28), []
    for stage in network.stages.values():
        x = stage(x)
        shapes.append(tuple(x.shape[1:]))
    assert shapes[:6] == [(8, 28, 28), (8, 28, 28), (8, 14, 14), (16, 6, 6), (16, 6, 6), (576,)]
    assert network(torch.zeros(3, 1, 28, 28)).shape == (3, 10)


def test_the_text_is_the_networks_name():
    assert written(LECTURE).spec.name == LECTURE


def test_a_layer_is_read_with_all_its_options():
    assert parse("Conv 8@5x3 stride 2 padding 1 dilation 3") == [
        Layer(
            kind="conv",
            number=1,
            text="Conv 8@5x3 stride 2 padding 1 dilation 3",
            filters=8,
            kernel=(5, 3),
            stride=2,
            padding=1,
            dilation=3,
        )
    ]


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("conv 4@5 stride 2 padding 1 dilation 2, flatten, dense", nn.Conv2d(1, 4, 5, 2, 1, 2)),
        ("conv 4@3x5 valid, flatten, dense", nn.Conv2d(1, 4, (3, 5))),
        ("conv 4@3x5 same, flatten, dense", nn.Conv2d(1, 4, (3, 5), padding=(1, 2))),
        ("maxpool 3 stride 2, flatten, dense", nn.MaxPool2d((3, 3), (2, 2))),
        ("maxpool 2x3, flatten, dense", nn.MaxPool2d((2, 3), (2, 3))),
        ("avgpool 2, flatten, dense", nn.AvgPool2d((2, 2), (2, 2))),
        ("batchnorm, flatten, dense", nn.BatchNorm2d(1)),
        ("dropout .25, flatten, dense", nn.Dropout(0.25)),
        ("tanh, flatten, dense", nn.Tanh()),
    ],
)
def test_each_word_makes_the_plain_module(text, made):
    first = next(iter(written(text).stages.values()))
    assert repr(first) == repr(made) or (isinstance(made, nn.Conv2d) and _same_convolution(first, made))


def _same_convolution(first: nn.Module, second: nn.Conv2d) -> bool:
    names = ("kernel_size", "stride", "padding", "dilation")
    return isinstance(first, nn.Conv2d) and all(getattr(first, name) == getattr(second, name) for name in names)


def test_sumpool_adds_up():
    network = written("sumpool 2, flatten, dense", input=(1, 2, 2))
    assert network.stages["sumpool1"](torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])).item() == 10


def test_a_text_that_ends_in_a_convolution_makes_pictures():
    network = written("conv 4@3x3 same, relu, conv 3x3 same", input=(3, 9, 7), outputs=3)
    assert network(torch.zeros(2, 3, 9, 7)).shape == (2, 3, 9, 7)


def test_a_text_makes_a_map_at_the_stride_that_is_needed():
    text = "conv 4@3x3 same, relu, maxpool 2, conv 3x3 same"
    network = build(text, input=(3, 8, 12), output=Output("map", 2, stride=2))
    assert network(torch.zeros(2, 3, 8, 12)).shape == (2, 2, 4, 6)
    with pytest.raises(NetworkError, match=r"needs a map at stride 4, 2x3x2 .*, but the text makes 4x6x2"):
        build(text, input=(3, 8, 12), output=Output("map", 2, stride=4))


def test_a_picture_must_keep_its_size():
    assert "9x9x1" in refusal("conv 4@3x3, conv 3x3 same", input=(1, 9, 9), outputs=1)


def test_training_starts_with_numbers_of_ordinary_size():
    torch.manual_seed(0)
    network = written("conv 32@3x3 same, relu, " * 10 + "flatten, dense", input=(3, 16, 16))
    x = torch.randn(4, 3, 16, 16)
    for stage in network.stages.values():
        x = stage(x)
    assert 0.3 < x.std() < 3


def test_an_impossible_shape_names_layer_input_and_what_fits():
    told = refusal("maxpool 4, conv 8@9x9, flatten, dense")
    assert "Layer 2, 'conv 8@9x9'" in told
    assert "7x7x1 (height x width x channels)" in told
    assert "at most 7" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("softmax, dense", "the task turns numbers into probabilities"),
        ("flatten, dense 10, softmax", "leave it out"),
        ("conv 8@4x4 same, flatten, dense", "odd kernel"),
        ("konv 8@3x3, flatten, dense", "Did you mean 'conv'"),
        ("conv 8, flatten, dense", "how many filters"),
        ("conv, flatten, dense", "expected 'conv 8@5x5 same'"),
        ("conv 8@3x3 stride, flatten, dense", "stride N"),
        ("conv 8@3x3 same padding 2, flatten, dense", "padding is given twice"),
        ("conv 8@3x3 stride 0, flatten, dense", "stride 0"),
        ("conv 0@3x3, flatten, dense", "how many filters"),
        ("maxpool 0, flatten, dense", "kernel 0"),
        ("maxpool 2 same, flatten, dense", "expected 'maxpool 2'"),
        ("relu 2, flatten, dense", "expected 'relu'"),
        ("dense", "write 'flatten' before it"),
        ("flatten, conv 8@3x3, dense", "write it before 'flatten'"),
        ("flatten, flatten, dense", "write it before 'flatten'"),
        ("flatten, dense, dense", "only the last layer"),
        ("flatten, dense 0, dense", "how many numbers"),
        ("flatten, dense 7", "the task needs 10 outputs"),
        ("flatten, relu", "'flatten, dense'"),
        ("dropout 1, flatten, dense", "below 1"),
        ("dropout, flatten, dense", "expected 'dropout 0.5'"),
        ("flatten,, dense", "Layer 2 of the network's text is empty"),
        ("flatten, dense,", "remove the extra comma"),
    ],
)
def test_what_cannot_be_read_or_made_is_told(text, told):
    assert told in refusal(text)


def test_the_last_layer_may_repeat_the_number_of_outputs():
    assert written("flatten, dense 10")(torch.zeros(1, 1, 28, 28)).shape == (1, 10)


@pytest.mark.parametrize(
    "text",
    [
        "flatten, dense 100000, dense 100000, dense",
        "conv 999999@1x1, conv 999999@1x1, flatten, dense",
        "conv 999999@28x28, conv 999999@1x1, flatten, dense",
        "conv 999999@3x3 same, flatten, dense",
        "conv 1@3x3 padding 999999, flatten, dense",
    ],
)
def test_a_text_may_not_claim_billions(text):
    assert "at most 200,000,000 are allowed" in refusal(text)


def test_a_number_that_no_one_means_is_not_read():
    assert "cannot be read" in refusal(f"conv {'9' * 5000}@3x3, flatten, dense".replace("9" * 5000, "9" * 50))
    assert "characters" in refusal("relu," * 2000 + "flatten, dense")


def test_words_tell_a_text_from_a_name():
    assert is_text("flatten, dense")
    assert is_text("dense")
    assert not is_text("tinyvgg")
    assert not is_text("tinyvg")


kernels = st.integers(1, 5)
convolutions = st.builds(
    "conv {}@{}x{} stride {} padding {} dilation {}".format,
    st.integers(1, 4), kernels, kernels, st.integers(1, 3), st.integers(0, 3), st.integers(1, 2),
)  # fmt: skip
poolings = st.builds(
    "{} {} stride {}".format, st.sampled_from(["maxpool", "avgpool", "sumpool"]), kernels, st.integers(1, 3)
)
plain = st.sampled_from(["relu", "tanh", "batchnorm", "dropout 0.5"])


@given(st.lists(convolutions | poolings | plain, max_size=4), st.integers(1, 12), st.integers(1, 12))
def test_every_text_is_made_as_planned_or_refused_by_layer(layers, height, width):
    text = ", ".join([*layers, "flatten, dense 3, relu, dense"])
    network, refused = attempt(text, (2, height, width))
    if network is None:
        assert refused.startswith("Layer ")
    else:
        # The dense layers' weights were sized by the plan: a plan that is wrong would not run.
        assert network.eval()(torch.zeros(1, 2, height, width)).shape == (1, 5)


def attempt(text: str, input: tuple[int, int, int]) -> tuple[Network | None, str]:
    try:
        return written(text, input, outputs=5), ""
    except NetworkError as error:
        return None, str(error)


@given(st.text(max_size=40))
def test_no_text_fails_otherwise_than_by_a_network_error(text):
    try:
        layers = parse(text)
    except NetworkError:
        return
    assert all(asdict(layer)["kind"] for layer in layers)
