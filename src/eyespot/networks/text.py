"""Networks written as text, such as `conv 8@5x5 same, relu, maxpool 2, flatten, dense`.

A text is a list of layers separated by commas. A layer is a word, its size, and its options:

    conv 8@5x5      8 filters of 5x5 pixels; options: same | valid | padding N, stride N, dilation N
    maxpool 2       maximum of each 2x2 pixels; avgpool the mean, sumpool the sum; option: stride N (default: the size)
    relu, tanh      elementwise functions
    batchnorm       normalizes each channel to mean 0 and standard deviation 1
    flatten         converts a map (channels x height x width) to a vector
    dropout 0.5     sets half of the values to 0 during training
    dense 64        64 values, each connected to all inputs

The last layer has no size, since the task sets it: `dense`, or `conv 3x3 same` if the output is an image.
"""

import re
from dataclasses import dataclass

from eyespot.errors import NetworkError, unknown

LONGEST_TEXT = 4000
NUMBER = r"\d{1,6}"
SQUARE = rf"(?P<height>{NUMBER})(?:x(?P<width>{NUMBER}))?"
SIZES = {
    "conv": re.compile(rf"(?:(?P<filters>{NUMBER})@)?{SQUARE}"),
    "maxpool": re.compile(SQUARE),
    "avgpool": re.compile(SQUARE),
    "sumpool": re.compile(SQUARE),
    "dense": re.compile(rf"(?P<filters>{NUMBER})?"),
    "dropout": re.compile(r"(?P<share>\d{0,6}\.?\d{1,6})"),
    "relu": re.compile(""),
    "tanh": re.compile(""),
    "batchnorm": re.compile(""),
    "flatten": re.compile(""),
}
"""Syntax of the size for each kind of layer."""
EXAMPLES = {
    "conv": "conv 8@5x5 same",
    "maxpool": "maxpool 2",
    "avgpool": "avgpool 2",
    "sumpool": "sumpool 2",
    "dense": "dense 64",
    "dropout": "dropout 0.5",
}
OPTIONS = {
    "conv": ("stride", "padding", "dilation"),
    "maxpool": ("stride",),
    "avgpool": ("stride",),
    "sumpool": ("stride",),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """One layer as written: its kind, its size and its options; unspecified filters are 0 and stride is None.

    `number` counts layers from 1; `padding` is a number, "same" or "valid"; `share` is the fraction of a dropout.
    """

    kind: str
    number: int
    text: str
    filters: int = 0
    kernel: tuple[int, int] = (1, 1)
    stride: int | None = None
    padding: int | str = "valid"
    dilation: int = 1
    share: float = 0.0

    def __str__(self) -> str:
        return f"Layer {self.number}, '{self.text}',"


def is_text(name: str) -> bool:
    """Return whether a string is a network as text instead of a name: several words or layers, or one layer."""
    return bool(re.search(r"[\s,@]", name.strip())) or name.strip().lower() in SIZES


def parse(text: str) -> list[Layer]:
    """Parse a network's text; raise `NetworkError` that names the layer and states the expected syntax.

    >>> [layer.kind for layer in parse("conv 8@5x5 same, relu, flatten, dense")]
    ['conv', 'relu', 'flatten', 'dense']
    """
    if len(text) > LONGEST_TEXT:
        raise NetworkError(f"The network's text has {len(text)} characters; at most {LONGEST_TEXT} are read.")
    return [_layer(number, part.strip()) for number, part in enumerate(text.split(","), start=1)]


def _layer(number: int, text: str) -> Layer:
    words = text.lower().split()
    if not words:
        raise NetworkError(f"Layer {number} of the network's text is empty; remove the extra comma.")
    kind, *rest = words
    if kind == "softmax":
        raise NetworkError(
            f"Layer {number}, 'softmax': leave it out; the task turns numbers into probabilities itself."
        )
    if kind not in SIZES:
        raise NetworkError(f"Layer {number}: {unknown('layer', kind, SIZES)}")
    written = rest.pop(0) if rest and rest[0][0] in "0123456789." else ""
    size = SIZES[kind].fullmatch(written)
    if size is None:
        raise _unreadable(number, text, kind)
    return Layer(kind=kind, number=number, text=text, **_sizes(size), **_options(number, text, kind, rest))


def _sizes(size: re.Match[str]) -> dict:
    """Parse the size of a layer; keys are fields of `Layer`."""
    fields = {name: value for name, value in size.groupdict().items() if value is not None}
    sizes: dict = {}
    if "filters" in fields:
        sizes["filters"] = int(fields["filters"])
    if "height" in fields:
        sizes["kernel"] = int(fields["height"]), int(fields.get("width", fields["height"]))
    if "share" in fields:
        sizes["share"] = float(fields["share"])
    return sizes


def _options(number: int, text: str, kind: str, words: list[str]) -> dict:
    """Parse the options after the size: `same`, `valid`, or a word with its number."""
    options: dict = {}
    words = list(words)
    while words:
        word = words.pop(0)
        if kind == "conv" and word in ("same", "valid"):
            word, value = "padding", word
        elif word in OPTIONS.get(kind, ()) and words and re.fullmatch(NUMBER, words[0]):
            value = int(words.pop(0))
        else:
            raise _unreadable(number, text, kind)
        if word in options:
            raise NetworkError(f"Layer {number}, '{text}': {word} is given twice.")
        options[word] = value
    return options


def _unreadable(number: int, text: str, kind: str) -> NetworkError:
    options = [f"{word} N" for word in OPTIONS.get(kind, ())]
    if kind == "conv":
        options = ["same", "valid", *options]
    behind = f", then any of: {', '.join(options)}" if options else ""
    return NetworkError(f"Layer {number}, '{text}', cannot be read; expected '{EXAMPLES.get(kind, kind)}'{behind}.")
