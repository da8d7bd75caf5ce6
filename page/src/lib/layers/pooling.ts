import { mapShape, zeros, type Pair, type Tensor } from "../tensor";

export interface Pooling {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly dilation: Pair;
  /** Whether a window that hangs over the far edge still counts (PyTorch's ceil_mode). */
  readonly ceil: boolean;
  /** Whether padded zeros count in an average (PyTorch's count_include_pad). */
  readonly countPadding: boolean;
  /** What an average divides by instead, where it is given: 1 makes a sum of it. */
  readonly divisor: number | null;
}

export type Gather = "max" | "average" | "sum";

/** PyTorch's rule: with `ceil`, the last window may hang over, but it must begin inside the image or its near padding. */
export function pooledSide(side: number, k: number, s: number, p: number, d: number, ceil: boolean): number {
  const steps = (side + 2 * p - d * (k - 1) - 1) / s;
  const count = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
  return ceil && (count - 1) * s >= side + p ? count - 1 : count;
}

/** Gather each window of each channel into one number: input (C, H, W). */
export function pool(input: Tensor, how: Gather, pooling: Pooling): Tensor {
  const [channels, height, width] = mapShape(input.shape);
  const { kernel, stride, padding, dilation, ceil } = pooling;
  const outHeight = pooledSide(height, kernel[0], stride[0], padding[0], dilation[0], ceil);
  const outWidth = pooledSide(width, kernel[1], stride[1], padding[1], dilation[1], ceil);
  const result = zeros([channels, outHeight, outWidth]);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++) result.data[at++] = gather(input, c, y, x, how, pooling);
    }
  }
  return result;
}

function gather(input: Tensor, c: number, y: number, x: number, how: Gather, pooling: Pooling): number {
  const [, height, width] = mapShape(input.shape);
  const { kernel, stride, padding, dilation } = pooling;
  let best = -Infinity;
  let sum = 0;
  for (let r = 0; r < kernel[0]; r++) {
    const row = y * stride[0] - padding[0] + r * dilation[0];
    if (row < 0 || row >= height) continue;
    for (let s = 0; s < kernel[1]; s++) {
      const column = x * stride[1] - padding[1] + s * dilation[1];
      if (column < 0 || column >= width) continue;
      const value = input.data[(c * height + row) * width + column];
      sum += value;
      if (value > best) best = value;
    }
  }
  if (how === "max") return best;
  return how === "sum" ? sum : sum / (pooling.divisor ?? windowCount(height, width, y, x, pooling));
}

/** What an average pooling divides by at one place: the pixels inside, and the padding where it counts. */
export function windowCount(height: number, width: number, y: number, x: number, pooling: Pooling): number {
  const { kernel, stride, padding, countPadding } = pooling;
  const along = (side: number, at: number, axis: 0 | 1): number => {
    const from = at * stride[axis] - padding[axis];
    const to = Math.min(from + kernel[axis], side + padding[axis]);
    return countPadding ? to - from : Math.min(to, side) - Math.max(from, 0);
  };
  return along(height, y, 0) * along(width, x, 1);
}

/** The pixels from..to that output `at` of `outputs` gathers in an adaptive pooling of one side. */
export function adaptiveRange(side: number, outputs: number, at: number): [number, number] {
  return [Math.floor((at * side) / outputs), Math.ceil(((at + 1) * side) / outputs)];
}

/** Pool to a given size, whatever the input's: windows of nearly equal size. */
export function adaptivePool(input: Tensor, how: "max" | "average", output: Pair): Tensor {
  const [channels, height, width] = mapShape(input.shape);
  const result = zeros([channels, output[0], output[1]]);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < output[0]; y++) {
      const [top, bottom] = adaptiveRange(height, output[0], y);
      for (let x = 0; x < output[1]; x++) {
        const [left, right] = adaptiveRange(width, output[1], x);
        let sum = 0;
        let best = -Infinity;
        for (let row = top; row < bottom; row++) {
          for (let column = left; column < right; column++) {
            const value = input.data[(c * height + row) * width + column];
            sum += value;
            if (value > best) best = value;
          }
        }
        result.data[at++] = how === "max" ? best : sum / ((bottom - top) * (right - left));
      }
    }
  }
  return result;
}
