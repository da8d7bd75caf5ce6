"""Maximum pooling of 2x2, as two maxima of pairs where nothing learns, against PyTorch's own.

Claim: the same bits in less time, in either precision and memory format, for 256 images at sizes that networks have,
with freed memory kept as in training. The last columns are why learning keeps PyTorch's: forward and backward of 128
images, with a backward pass for the pairs that keeps which of two was larger.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from _common import finish, in_turns, parse, seconds_of, spread
from torch import Tensor

from eyespot.device import keeping_memory
from eyespot.networks.blocks import MaxPool2d

LENGTH = "short"
SHAPES = [(10, 60, 60), (10, 28, 28), (6, 28, 28), (16, 28, 28), (32, 28, 28), (64, 32, 32)]
FORMATS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}
PRECISIONS = {"bfloat16": torch.bfloat16, "float32": torch.float32}


def main() -> None:
    arguments = parse(__doc__, {"repeats": 9})
    cases = [(shape, precision, form) for form in FORMATS for precision in PRECISIONS for shape in SHAPES]
    with keeping_memory():
        rows = [row_of(*case, arguments.repeats) for case in cases]
    finish(__file__, arguments, {"repeats": arguments.repeats, "threads": torch.get_num_threads()}, rows)


def row_of(shape: tuple[int, int, int], precision: str, form: str, repeats: int) -> dict[str, Any]:
    """Times of both ways for one shape, in turns."""
    x = torch.randn(256, *shape).relu().to(PRECISIONS[precision]).contiguous(memory_format=FORMATS[form])
    pool = MaxPool2d(2)
    with torch.no_grad():
        assert torch.equal(F.max_pool2d(x, 2), pool(x))
        answering = milliseconds({"torch": lambda: F.max_pool2d(x, 2), "pairs": lambda: pool(x)}, repeats)
    half = x[:128].detach().requires_grad_()
    learning = milliseconds(
        {"torch": lambda: learn(F.max_pool2d(half, 2), half), "pairs": lambda: learn(Pairs.apply(half), half)}, repeats
    )
    ratios = spread([theirs / ours for theirs, ours in zip(answering["torch"], answering["pairs"], strict=True)])
    return {
        "pictures": "x".join(map(str, shape)),
        "computed in": f"{precision} {form}",
        "PyTorch ms": spread(answering["torch"])["median"],
        "pairs ms": spread(answering["pairs"])["median"],
        "times as fast": ratios["median"],
        "least and most": f"{ratios['low']:.1f} to {ratios['high']:.1f}",
        "learning, PyTorch ms": spread(learning["torch"])["median"],
        "learning, pairs ms": spread(learning["pairs"])["median"],
    }


def milliseconds(contestants: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Milliseconds of one call, a mean of five each time, after one that is not counted."""

    def timed(work: Callable[[], object]) -> Callable[[], float]:
        work()
        return lambda: 1000 * seconds_of(lambda: [work() for _ in range(5)]) / 5

    return in_turns({name: timed(work) for name, work in contestants.items()}, repeats)


def learn(output: Tensor, x: Tensor) -> None:
    """The backward pass."""
    torch.autograd.grad(output, x, torch.ones_like(output))


class Pairs(torch.autograd.Function):
    """Maxima of pairs of columns, then of rows; the gradient goes to the first of equals, as in PyTorch's pooling."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        left, right = x[..., 0::2], x[..., 1::2]
        columns = torch.maximum(left, right)
        upper, lower = columns[..., 0::2, :], columns[..., 1::2, :]
        ctx.save_for_backward(left >= right, upper >= lower)
        ctx.shapes = columns, x
        return torch.maximum(upper, lower)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (gradient,), (left, upper) = gradients, ctx.saved_tensors
        columns, whole = map(torch.empty_like, ctx.shapes)
        torch.mul(gradient, upper, out=columns[..., 0::2, :])
        torch.sub(gradient, columns[..., 0::2, :], out=columns[..., 1::2, :])
        torch.mul(columns, left, out=whole[..., 0::2])
        torch.sub(columns, whole[..., 0::2], out=whole[..., 1::2])
        return whole


if __name__ == "__main__":
    main()
