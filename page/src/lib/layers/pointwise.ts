import { mapShape, zeros, type Tensor } from "../tensor";

/** The activation functions by name: what they make of one number. `slope` is what they have beside it, if anything. */
export const ACTIVATIONS: Readonly<Record<string, (x: number, slope: number) => number>> = {
  relu: (x) => Math.max(0, x),
  relu6: (x) => Math.min(6, Math.max(0, x)),
  leaky_relu: (x, slope) => (x > 0 ? x : slope * x),
  elu: (x, slope) => (x > 0 ? x : slope * Math.expm1(x)),
  tanh: (x) => Math.tanh(x),
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  silu: (x) => x / (1 + Math.exp(-x)),
  hardsigmoid: (x) => Math.min(6, Math.max(0, x + 3)) / 6,
  hardswish: (x) => (x * Math.min(6, Math.max(0, x + 3))) / 6,
};

/** The second number of an activation function in a call's settings: leaky ReLU's slope, ELU's alpha. */
export function slopeOf(settings: Readonly<Record<string, unknown>>): number {
  if (settings.function === "leaky_relu") return (settings.negative_slope as number) ?? 0.01;
  return (settings.alpha as number) ?? 1;
}

export function activate(input: Tensor, name: string, slope = 0): Tensor {
  const f = ACTIVATIONS[name];
  return { shape: input.shape, data: input.data.map((x) => f(x, slope)) };
}

/** Batch normalization at use: (x - mean) / sqrt(variance + epsilon) * scale + shift, channel by channel. */
export interface Normalization {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly scale: Float32Array | null;
  readonly shift: Float32Array | null;
  readonly epsilon: number;
}

export function batchNorm(input: Tensor, norm: Normalization): Tensor {
  const [channels, height, width] = mapShape(input.shape);
  const result = zeros(input.shape);
  for (let c = 0; c < channels; c++) {
    const gain = (norm.scale ? norm.scale[c] : 1) / Math.sqrt(norm.variance[c] + norm.epsilon);
    const shift = norm.shift ? norm.shift[c] : 0;
    for (let i = c * height * width; i < (c + 1) * height * width; i++) {
      result.data[i] = (input.data[i] - norm.mean[c]) * gain + shift;
    }
  }
  return result;
}

/** Group normalization: like batch normalization, but mean and variance are those of each group of this image's channels. */
export function groupNorm(
  input: Tensor,
  groups: number,
  scale: Float32Array | null,
  shift: Float32Array | null,
  epsilon: number,
): Tensor {
  const [channels, height, width] = mapShape(input.shape);
  const { mean, variance } = groupStatistics(input, groups);
  const spread = (values: Float32Array): Float32Array =>
    Float32Array.from({ length: channels }, (_, c) => values[Math.floor((c * groups) / channels)]);
  return batchNorm(
    { shape: [channels, height, width], data: input.data },
    { mean: spread(mean), variance: spread(variance), scale, shift, epsilon },
  );
}

/** Mean and variance of each group of channels. */
export function groupStatistics(input: Tensor, groups: number): { mean: Float32Array; variance: Float32Array } {
  const size = input.data.length / groups;
  const mean = new Float32Array(groups);
  const variance = new Float32Array(groups);
  for (let g = 0; g < groups; g++) {
    const part = input.data.subarray(g * size, (g + 1) * size);
    const middle = part.reduce((sum, x) => sum + x, 0) / size;
    mean[g] = middle;
    variance[g] = part.reduce((sum, x) => sum + (x - middle) ** 2, 0) / size;
  }
  return { mean, variance };
}
