"""The command `networks`: the list of networks, and the layer table of one."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from ._output import AsJson, print_json

if TYPE_CHECKING:
    from eyespot.networks import Network
    from eyespot.networks.graph.layer_table import LayerRow

Name = Annotated[
    str, typer.Argument(help="A name, pretrained:NAME, or a network as text. Without it, all networks are listed.")
]
Input = Annotated[str, typer.Option(help="Size of the images: HEIGHTxWIDTHxCHANNELS, such as 64x64x3.")]
Outputs = Annotated[int | None, typer.Option(help="Number of outputs; default: 10, or that of the network's paper.")]
Size = Annotated[str, typer.Option(help="tiny, small, medium or large, if the network has sizes.")]


def networks(
    name: Name = "", input: Input = "", outputs: Outputs = None, size: Size = "small", as_json: AsJson = False
) -> None:
    """List the networks, or print the layers of one with their parameters, connections and cost."""
    if not name:
        _list(as_json)
        return
    from eyespot.networks.graph.layer_table import layer_table, totals

    network = _build(name, input, outputs, size)
    rows = layer_table(network)
    if as_json:
        print_json({"name": name, "input": network.spec.input, **totals(rows), "layers": rows})
    else:
        _print_table(network, rows)


def _list(as_json: bool) -> None:
    from eyespot.networks import NETWORKS

    if as_json:
        keys = ("input", "heads", "summary")
        print_json([{"name": name} | {key: getattr(f, key) for key in keys} for name, f in NETWORKS.items()])
        return
    for name, family in NETWORKS.items():
        print(f"{name:<18} {_format_shape(family.input):<10} {family.summary}")
    print("\nOr write one as text: eyespot networks 'conv 8@5x5 same, relu, maxpool 2, flatten, dense' --input 28x28x1")


def _build(name: str, input: str, outputs: int | None, size: str) -> "Network":
    """Build a network; unspecified properties are those of its paper."""
    from eyespot.networks import Output, build, describe
    from eyespot.pretrained import is_pretrained, load_pretrained

    if is_pretrained(name):
        return load_pretrained(name)[0]
    family = describe(name)
    shape = _read_input(input) if input else family.input
    kind = family.heads[0]
    if outputs is None:
        outputs = family.outputs or shape[0]
    return build(name, input=shape, output=Output(kind, outputs), size=size)


def _read_input(text: str) -> tuple[int, int, int]:
    """Parse `64x48x3` (height x width x channels) to (channels, height, width)."""
    from eyespot.errors import NetworkError

    sides = re.fullmatch(r"(\d{1,5})x(\d{1,5})x(\d{1,5})", text.strip().lower())
    if sides is None:
        raise NetworkError(f"--input '{text}' cannot be read; expected HEIGHTxWIDTHxCHANNELS, such as 64x64x3.")
    height, width, channels = map(int, sides.groups())
    return channels, height, width


def _print_table(network: "Network", rows: "list[LayerRow]") -> None:
    """Print the layer table with aligned columns."""
    from eyespot.networks.graph.layer_table import totals

    head = ("layer", "kind", "output", "parameters", "connections", "multiply-adds", "field")
    lines = [head, *(_line(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    print(f"{network.spec.name}, images of {_format_shape(network.spec.input)}\n")
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
    sums = totals(rows)
    print(
        f"\n{sums['parameters']:,} parameters, {sums['connections']:,} connections, "
        f"{sums['multiply_adds']:,} multiply-adds per image. "
        f"'field': receptive field in pixels of the image, height x width."
    )


def _line(row: "LayerRow") -> tuple[str, ...]:
    sees = "x".join(map(str, row.receptive_field)) if row.receptive_field else ""
    counts = [f"{count:,}" if count else "" for count in (row.connections, row.multiply_adds)]
    return row.name, row.kind, _format_shape(row.output), row.formula, *counts, sees


def _format_shape(shape: tuple[int, ...]) -> str:
    """Format (C, H, W) as height x width x channels, or a vector by its length."""
    return f"{shape[1]}x{shape[2]}x{shape[0]}" if len(shape) == 3 else str(shape[0])
