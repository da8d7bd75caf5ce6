import { mapShape, zeros, type Pair, type Tensor } from "../tensor";

/** How a window walks over an image: all pairs are (along height, along width). */
export interface Sliding {
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
}

export const PLAIN: Sliding = { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 };

/** How many places a window finds along one side: floor((n + 2p - d(k - 1) - 1) / s) + 1, and at least 0. */
export function places(side: number, kernel: number, stride = 1, padding = 0, dilation = 1): number {
  return Math.max(0, Math.floor((side + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1);
}

/**
 * What CNNs call convolution (the kernel is not turned): input (C, H, W), weight (O, C / groups, R, S), bias (O).
 * `shape` is the result's (O, H, W) where the far padding is not the near one ("same" with an even kernel).
 * Sums are kept in 64 bits and rounded once, so that they are at least as exact as PyTorch's.
 */
export function convolution(
  input: Tensor,
  weight: Tensor,
  bias: Float32Array | null,
  sliding: Sliding,
  shape?: readonly number[],
): Tensor {
  const [, height, width] = mapShape(input.shape);
  const [outputs, perGroup, rows, columns] = weight.shape;
  const outHeight = shape?.[1] ?? places(height, rows, sliding.stride[0], sliding.padding[0], sliding.dilation[0]);
  const outWidth = shape?.[2] ?? places(width, columns, sliding.stride[1], sliding.padding[1], sliding.dilation[1]);
  const result = zeros([outputs, outHeight, outWidth]);
  const sums = new Float64Array(outHeight * outWidth);
  for (let o = 0; o < outputs; o++) {
    sums.fill(bias ? bias[o] : 0);
    const first = Math.floor(o / (outputs / sliding.groups)) * perGroup;
    for (let c = 0; c < perGroup; c++) addPlane(sums, outHeight, outWidth, input, first + c, weight, o, c, sliding);
    result.data.set(sums, o * sums.length);
  }
  return result;
}

/** Add one input channel, seen through its own kernel, to the sums of one output channel. */
export function addPlane(
  sums: Float64Array,
  outHeight: number,
  outWidth: number,
  input: Tensor,
  channel: number,
  weight: Tensor,
  o: number,
  c: number,
  sliding: Sliding,
): void {
  const [, height, width] = mapShape(input.shape);
  const [, perGroup, rows, columns] = weight.shape;
  const { stride, padding, dilation } = sliding;
  const source = input.data;
  for (let r = 0; r < rows; r++) {
    for (let s = 0; s < columns; s++) {
      const w = weight.data[((o * perGroup + c) * rows + r) * columns + s];
      if (w === 0) continue;
      const top = r * dilation[0] - padding[0];
      const left = s * dilation[1] - padding[1];
      const [xFrom, xTo] = inside(width, outWidth, stride[1], left);
      const [yFrom, yTo] = inside(height, outHeight, stride[0], top);
      for (let y = yFrom; y < yTo; y++) {
        const row = (channel * height + y * stride[0] + top) * width + left;
        for (let x = xFrom; x < xTo; x++) sums[y * outWidth + x] += w * source[row + x * stride[1]];
      }
    }
  }
}

/** The outputs from..to along one side whose input `at * stride + offset` lies in 0..side. */
function inside(side: number, outputs: number, stride: number, offset: number): [number, number] {
  const from = Math.max(0, Math.ceil(-offset / stride));
  const to = Math.min(outputs, Math.floor((side - 1 - offset) / stride) + 1);
  return [from, Math.max(from, to)];
}

/**
 * Transposed convolution: every input pixel writes its kernel, times its value, into the output.
 * Input (C, H, W), weight (C, O / groups, R, S), bias (O).
 */
export function transposedConvolution(
  input: Tensor,
  weight: Tensor,
  bias: Float32Array | null,
  sliding: Sliding,
  extra: Pair = [0, 0],
): Tensor {
  const [channels, height, width] = mapShape(input.shape);
  const [, perGroup, rows, columns] = weight.shape;
  const { stride, padding, dilation, groups } = sliding;
  const outHeight = (height - 1) * stride[0] - 2 * padding[0] + dilation[0] * (rows - 1) + extra[0] + 1;
  const outWidth = (width - 1) * stride[1] - 2 * padding[1] + dilation[1] * (columns - 1) + extra[1] + 1;
  const sums = new Float64Array(perGroup * groups * outHeight * outWidth);
  if (bias) bias.forEach((value, o) => sums.fill(value, o * outHeight * outWidth, (o + 1) * outHeight * outWidth));
  for (let c = 0; c < channels; c++) {
    const first = Math.floor(c / (channels / groups)) * perGroup;
    for (let o = 0; o < perGroup; o++) {
      for (let r = 0; r < rows; r++) {
        for (let s = 0; s < columns; s++) {
          const w = weight.data[((c * perGroup + o) * rows + r) * columns + s];
          for (let y = 0; y < height; y++) {
            const row = y * stride[0] - padding[0] + r * dilation[0];
            if (row < 0 || row >= outHeight) continue;
            for (let x = 0; x < width; x++) {
              const column = x * stride[1] - padding[1] + s * dilation[1];
              if (column < 0 || column >= outWidth) continue;
              sums[((first + o) * outHeight + row) * outWidth + column] += w * input.data[(c * height + y) * width + x];
            }
          }
        }
      }
    }
  }
  return { shape: [perGroup * groups, outHeight, outWidth], data: Float32Array.from(sums) };
}
