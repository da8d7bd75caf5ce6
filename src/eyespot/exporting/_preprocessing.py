"""`images.read_pixels` as part of an ONNX graph: uint8 pixels of any size to what a model's module takes.

Pillow resizes uint8 images in whole numbers: first it averages blocks (where the image is at least six times as large
as the result), then it resizes rows, then columns, each time rounded to uint8, with coefficients of 22 bits. The graph
computes the same whole numbers, so that an exported model sees the same pixels, bit for bit.

Shapes: N images, C channels, H height, W width; L is the side that is resized, M the product of the others. onnxscript
translates the source of the decorated functions to ONNX; Python never executes them. Numbers are 0-d tensors.
"""

# ONNX is typed by the values at run time: nothing here that pyright could check.
# pyright: basic, reportArgumentType=false, reportOperatorIssue=false, reportReturnType=false, reportCallIssue=false
# pyright: reportIndexIssue=false, reportAttributeAccessIssue=false, reportOptionalOperand=false, reportGeneralTypeIssues=false

import onnx
from onnx import inliner
from onnxscript import opset18 as op
from onnxscript import script

from ..images import PAD_GRAY, ImageSpec

OPSET = 18
FLOAT, DOUBLE, INT = int(onnx.TensorProto.FLOAT), int(onnx.TensorProto.DOUBLE), int(onnx.TensorProto.INT64)
UINT8 = int(onnx.TensorProto.UINT8)


def preprocessing(spec: ImageSpec) -> onnx.ModelProto:
    """The graph from "image", uint8 (N, H, W, C), to "pixels", float32 (N, C, H', W') in [0, 1]."""
    native = spec.fit == "native"
    graph = _native if native else _resizing(spec.height, spec.width, spec.channels, spec.fit)
    model = inliner.inline_local_functions(graph.to_model_proto())
    sides = ("H", "W") if native else (spec.height, spec.width)
    _declare(model.graph.input[0], onnx.TensorProto.UINT8, ("N", "H", "W", spec.channels))
    _declare(model.graph.output[0], onnx.TensorProto.FLOAT, ("N", spec.channels, *sides))
    return model


def _declare(value: onnx.ValueInfoProto, element: int, shape: tuple[str | int, ...]) -> None:
    value.type.CopyFrom(onnx.helper.make_tensor_type_proto(element, shape))


@script(default_opset=op)
def _native(image):
    return op.Transpose(op.Cast(image, to=FLOAT), perm=[0, 3, 1, 2]) / 255.0


@script(default_opset=op)
def _taps(begin, end, out, side):
    """Where each of `out` results looks, int64 (out, T), and its weights in two halves, float32 (out, 2, T).

    Pillow's triangle filter: its box is float32, weights are float64 and become whole numbers of 22 bits.
    """
    first, last = op.Cast(begin, to=FLOAT), op.Cast(end, to=FLOAT)
    scale = op.Cast(last - first, to=DOUBLE) / op.Cast(out, to=DOUBLE)
    support = op.Max(scale, op.Cast(1.0, to=DOUBLE))
    count = op.Cast(op.Ceil(support), to=INT) * 2 + 1
    center = op.Cast(first, to=DOUBLE) + (op.Cast(op.Range(0, out, 1), to=DOUBLE) + 0.5) * scale
    start = op.Max(op.Cast(center - support + 0.5, to=INT), op.Constant(value_int=0))
    stop = op.Min(op.Cast(center + support + 0.5, to=INT), side)
    places = op.Unsqueeze(start, [1]) + op.Unsqueeze(op.Range(0, count, 1), [0])
    reciprocal = op.Cast(1.0, to=DOUBLE) / support
    distance = op.Abs((op.Cast(places, to=DOUBLE) - op.Unsqueeze(center, [1]) + 0.5) * reciprocal)
    triangle = op.Max(op.Cast(1.0, to=DOUBLE) - distance, op.Cast(0.0, to=DOUBLE))
    weight = op.Where(places < op.Unsqueeze(stop, [1]), triangle, op.Cast(0.0, to=DOUBLE))
    whole = op.Floor(weight / op.ReduceSum(weight, [1]) * 4194304.0 + 0.5)
    # 22 bits times 8 bits do not fit into float32; two halves of 11 bits do, and their sums are exact.
    high = op.Floor(whole / 2048.0)
    halves = op.Concat(op.Unsqueeze(high, [1]), op.Unsqueeze(whole - high * 2048.0, [1]), axis=1)
    return op.Min(places, side - 1), op.Cast(halves, to=FLOAT)


@script(default_opset=op)
def _resample(x, begin, end, out):
    """Whole numbers (N, L, M) from `begin` to `end` of L, resized to float32 (N, out, M) and rounded.

    They become float32 as late as possible: moving bytes takes a fourth of the time.
    """
    side = op.Squeeze(op.Shape(x, start=1, end=2))
    places, weights = _taps(begin, end, out, side)
    seen = op.Gather(x, op.Reshape(places, [-1]), axis=1)
    seen = op.Cast(op.Reshape(seen, op.Concat([0], op.Shape(places), [-1], axis=0)), to=FLOAT)
    sums = op.MatMul(weights, seen)
    high, low = op.Gather(sums, 0, axis=2), op.Gather(sums, 1, axis=2)
    # floor((2048 high + low + 2^21) / 2^22), in two steps whose whole numbers are exact in float32.
    return op.Floor((high + op.Floor((low + 2097152.0) / 2048.0)) / 2048.0)


@script(default_opset=op)
def _blocks(side, factor):
    """Into how many blocks of `factor` a side is divided, and how many pixels each holds: the last may have fewer."""
    count = (side + factor - 1) / factor
    held = op.Min(factor, side - op.Range(0, count, 1) * factor)
    return count, held


@script(default_opset=op)
def _turned_sums(x, count, factor):
    """Pixels (N, H, W, C) summed over blocks of `factor` rows, columns outermost: float32 (N, W, C, count)."""
    if factor > 1:
        sides = op.Shape(x, start=2, end=4)
        blocks = op.Reshape(x, op.Concat([0], op.Reshape(count, [1]), op.Reshape(factor, [1]), [-1], axis=0))
        sums = op.ReduceSum(op.Cast(blocks, to=FLOAT), [2], keepdims=0)
        turned = op.Transpose(op.Reshape(sums, op.Concat([0, 0], sides, axis=0)), perm=[0, 2, 3, 1])
    else:
        turned = op.Cast(op.Transpose(x, perm=[0, 2, 3, 1]), to=FLOAT)
    return turned


@script(default_opset=op)
def _sum_blocks(x, count, factor):
    """Numbers (N, L, M) summed over blocks of `factor`: (N, count, M)."""
    if factor > 1:
        blocks = op.Reshape(x, op.Concat([0], op.Reshape(count, [1]), op.Reshape(factor, [1]), [-1], axis=0))
        sums = op.ReduceSum(blocks, [2], keepdims=0)
    else:
        sums = op.Identity(x)
    return sums


@script(default_opset=op)
def _average_blocks(x, rows, columns):
    """Whole numbers (N, H, W, C) averaged over blocks of `rows` by `columns`: uint8, rounded as Pillow does."""
    # Columns become the outermost side: sums and products over runs of three colors take several times as long.
    height, width = op.Squeeze(op.Shape(x, start=1, end=2)), op.Squeeze(op.Shape(x, start=2, end=3))
    down, held_down = _blocks(height, rows)
    across, held_across = _blocks(width, columns)
    below, beside = op.Reshape(down * rows - height, [1]), op.Reshape(across * columns - width, [1])
    x = op.Pad(x, op.Concat([0, 0, 0, 0, 0], below, beside, [0], axis=0))
    channels = op.Shape(x, start=3, end=4)
    x = _sum_blocks(op.Reshape(_turned_sums(x, down, rows), [0, 0, -1]), across, columns)
    x = op.Reshape(x, op.Concat([0, 0], channels, [-1], axis=0))
    # Only the last block of a side may hold fewer pixels: two kinds of columns, computed once and copied.
    kinds = op.Concat(op.Reshape(columns, [1]), op.Slice(held_across, [-1], [9223372036854775807], [0]), axis=0)
    kind = op.Cast(held_across < columns, to=INT)
    held = op.Unsqueeze(kinds, [1]) * op.Unsqueeze(held_down, [0])
    # Pillow divides by multiplying with 2^32 / (256 held), a whole number that it computes in float32.
    inverse = op.Floor(op.Cast(4294967296.0 / op.Cast(held * 256, to=FLOAT), to=DOUBLE)) / 16777216.0
    half = op.Unsqueeze(op.Gather(op.Cast(held / 2, to=FLOAT), kind), [1])
    factor = op.Unsqueeze(op.Gather(inverse, kind), [1])
    averages = op.Cast(op.Cast(x + half, to=DOUBLE) * factor, to=UINT8)  # rounds down
    return op.Transpose(averages, perm=[0, 3, 1, 2])


@script(default_opset=op)
def _safe(begin, end, scale, side, reduces):
    """The part of a side that is averaged: what the results between `begin` and `end` will look at."""
    first = op.Max(op.Cast(begin - scale * 0.5, to=INT), op.Constant(value_int=0))
    last = op.Min(op.Cast(op.Ceil(end + scale * 0.5), to=INT), side)
    return op.Where(reduces, first, op.Constant(value_int=0)), op.Where(reduces, last, side)


@script(default_opset=op)
def _resize_rows(x, begin, end, out, channels):
    """Pixels (N, H, W, C) resized along H: (N, out, W, C)."""
    wide = op.Shape(x, start=2, end=3)
    x = _resample(op.Reshape(x, [0, 0, -1]), begin, end, out)
    return op.Reshape(x, op.Concat([0, 0], wide, channels, axis=0))


@script(default_opset=op)
def _resize_columns(x, begin, end, out, channels):
    """Pixels (N, H, W, C) resized along W: (N, H, out, C).

    H becomes the innermost side and back: moving whole pixels of three numbers takes several times as long.
    """
    x = op.Reshape(op.Transpose(x, perm=[0, 2, 3, 1]), [0, 0, -1])
    x = op.Reshape(_resample(x, begin, end, out), op.Concat([0, 0], channels, [-1], axis=0))
    return op.Transpose(x, perm=[0, 3, 1, 2])


@script(default_opset=op)
def _resize(image, left, top, right, bottom, width, height):
    """Pixels (N, H, W, C) inside a box, resized to (N, height, width, C): whole numbers in float32."""
    rows, columns = op.Squeeze(op.Shape(image, start=1, end=2)), op.Squeeze(op.Shape(image, start=2, end=3))
    across = (right - left) / op.Cast(width, to=DOUBLE)
    down = (bottom - top) / op.Cast(height, to=DOUBLE)
    factor_x = op.Max(op.Cast(across / 3.0, to=INT), op.Constant(value_int=1))
    factor_y = op.Max(op.Cast(down / 3.0, to=INT), op.Constant(value_int=1))
    reduces = op.Max(factor_x, factor_y) > 1
    x0, x1 = _safe(left, right, across, columns, reduces)
    y0, y1 = _safe(top, bottom, down, rows, reduces)
    begin = op.Concat(op.Reshape(y0, [1]), op.Reshape(x0, [1]), axis=0)
    end = op.Concat(op.Reshape(y1, [1]), op.Reshape(x1, [1]), axis=0)
    x = op.Slice(image, begin, end, [1, 2])
    if reduces:  # noqa: SIM108 - onnxscript translates statements
        small = _average_blocks(x, factor_y, factor_x)
    else:
        small = op.Identity(x)
    shift_x, shift_y = op.Cast(x0, to=DOUBLE), op.Cast(y0, to=DOUBLE)
    by_x, by_y = op.Cast(factor_x, to=DOUBLE), op.Cast(factor_y, to=DOUBLE)
    left, right = (left - shift_x) / by_x, (right - shift_x) / by_x
    top, bottom = (top - shift_y) / by_y, (bottom - shift_y) / by_y
    tall, wide = op.Squeeze(op.Shape(small, start=1, end=2)), op.Squeeze(op.Shape(small, start=2, end=3))
    rows_first = op.And(height < tall, (wide - width) * 2 < tall - height)
    channels = op.Shape(image, start=3, end=4)
    if rows_first:
        rows_done = _resize_rows(small, top, bottom, height, channels)
        result = _resize_columns(rows_done, left, right, width, channels)
    else:
        columns_done = _resize_columns(small, left, right, width, channels)
        result = _resize_rows(columns_done, top, bottom, height, channels)
    return result


@script(default_opset=op)
def _middle(side, length):
    begin = op.Max((side - length) / 2.0, op.Cast(0.0, to=DOUBLE))
    return begin, op.Min(side, begin + length)


@script(default_opset=op)
def _inside(side, wanted, scale):
    """How long a side becomes when it is padded to `wanted`, and where it begins."""
    length = op.Max(op.Min(op.Round(side * scale), wanted), op.Cast(1.0, to=DOUBLE))
    whole = op.Cast(length, to=INT)
    return whole, (op.Cast(wanted, to=INT) - whole) / 2


def _resizing(height: int, width: int, channels: int, fit: str):
    """The graph for one size and fit; both are constants in it."""
    tall, wide, gray = float(height), float(width), float(PAD_GRAY)

    @script(default_opset=op)
    def crop(image):
        sides = op.Cast(op.Shape(image, start=1, end=3), to=DOUBLE)
        high, broad = op.Gather(sides, 0), op.Gather(sides, 1)
        scale = op.Min(
            high / op.Cast(op.Constant(value_float=tall), to=DOUBLE),
            broad / op.Cast(op.Constant(value_float=wide), to=DOUBLE),
        )
        left, right = _middle(broad, op.Cast(op.Constant(value_float=wide), to=DOUBLE) * scale)
        top, bottom = _middle(high, op.Cast(op.Constant(value_float=tall), to=DOUBLE) * scale)
        if op.And(
            high == op.Cast(op.Constant(value_float=tall), to=DOUBLE),
            broad == op.Cast(op.Constant(value_float=wide), to=DOUBLE),
        ):
            x = op.Cast(image, to=FLOAT)
        else:
            x = _resize(image, left, top, right, bottom, op.Constant(value_int=width), op.Constant(value_int=height))
        return op.Transpose(x, perm=[0, 3, 1, 2]) / 255.0

    @script(default_opset=op)
    def stretch(image):
        sides = op.Cast(op.Shape(image, start=1, end=3), to=DOUBLE)
        high, broad = op.Gather(sides, 0), op.Gather(sides, 1)
        zero = op.Cast(0.0, to=DOUBLE)
        if op.And(
            high == op.Cast(op.Constant(value_float=tall), to=DOUBLE),
            broad == op.Cast(op.Constant(value_float=wide), to=DOUBLE),
        ):
            x = op.Cast(image, to=FLOAT)
        else:
            x = _resize(image, zero, zero, broad, high, op.Constant(value_int=width), op.Constant(value_int=height))
        return op.Transpose(x, perm=[0, 3, 1, 2]) / 255.0

    @script(default_opset=op)
    def pad(image):
        sides = op.Cast(op.Shape(image, start=1, end=3), to=DOUBLE)
        high, broad = op.Gather(sides, 0), op.Gather(sides, 1)
        tall64, wide64, zero = (
            op.Cast(op.Constant(value_float=tall), to=DOUBLE),
            op.Cast(op.Constant(value_float=wide), to=DOUBLE),
            op.Cast(0.0, to=DOUBLE),
        )
        scale = op.Min(tall64 / high, wide64 / broad)
        rows, top = _inside(high, tall64, scale)
        columns, left = _inside(broad, wide64, scale)
        x = _resize(image, zero, zero, broad, high, columns, rows)
        bottom, right = height - top - rows, width - left - columns
        before = op.Concat([0], op.Reshape(top, [1]), op.Reshape(left, [1]), [0], axis=0)
        after = op.Concat([0], op.Reshape(bottom, [1]), op.Reshape(right, [1]), [0], axis=0)
        # Without the input `axes`: the optimizer of onnxruntime 1.32 mistakes it when it moves a Transpose.
        x = op.Pad(x, op.Concat(before, after, axis=0), op.Constant(value_float=gray))
        return op.Transpose(x, perm=[0, 3, 1, 2]) / 255.0

    return {"crop": crop, "stretch": stretch, "pad": pad}[fit]
