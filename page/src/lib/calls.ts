import { convolution, transposedConvolution } from "./layers/convolution";
import { combine, crop, pad, rearrange, shuffled, unshuffled } from "./layers/arranging";
import { concatenate, upsample } from "./layers/joining";
import { activate, ACTIVATIONS, batchNorm, groupNorm, slopeOf } from "./layers/pointwise";
import { adaptivePool, pool, type Pooling } from "./layers/pooling";
import { dense, softmax } from "./layers/vectors";
import type { Call, Settings } from "./manifest";
import { sizeOf, type Pair, type Tensor } from "./tensor";

export type Weights = Readonly<Record<string, Tensor>>;
type Run = (inputs: readonly Tensor[], call: Call, weights: Weights) => Tensor;

/** What the page computes itself, by the kind of a call. Anything else comes from PyTorch, through the server. */
const RUNS: Readonly<Record<string, Run>> = {
  conv: ([x], call, { weight, bias }) => convolution(x, weight, bias?.data ?? null, sliding(call.settings), call.shape),
  conv_transposed: ([x], { settings }, { weight, bias }) =>
    transposedConvolution(x, weight, bias?.data ?? null, sliding(settings), settings.output_padding as Pair),
  max_pool: ([x], call) => pool(x, "max", pooling(call.settings)),
  average_pool: ([x], call) => pool(x, "average", pooling(call.settings)),
  adaptive_max_pool: ([x], call) => adaptivePool(x, "max", call.settings.output as Pair),
  adaptive_average_pool: ([x], call) => adaptivePool(x, "average", call.settings.output as Pair),
  batch_norm: ([x], { settings }, { mean, variance, weight, bias }) =>
    batchNorm(x, {
      mean: mean.data,
      variance: variance.data,
      scale: weight?.data ?? null,
      shift: bias?.data ?? null,
      epsilon: settings.epsilon as number,
    }),
  group_norm: ([x], { settings }, { weight, bias }) =>
    groupNorm(x, settings.groups as number, weight?.data ?? null, bias?.data ?? null, settings.epsilon as number),
  dense: ([x], _call, { weight, bias }) => dense(x, weight, bias?.data ?? null),
  relu: ([x]) => activate(x, "relu"),
  tanh: ([x]) => activate(x, "tanh"),
  elementwise: ([x], { settings }) => activate(x, settings.function as string, slopeOf(settings)),
  softmax: ([x]) => softmax(x),
  add: combining("+"),
  subtract: combining("−"),
  multiply: combining("·"),
  divide: combining("/"),
  concatenate: (inputs) => concatenate(inputs),
  upsample: ([x], { settings }) => upsample(x, settings.output as Pair, settings.mode as "nearest" | "bilinear"),
  pad: ([x], { settings, shape }) => pad(x, settings.pad as number[], settings.value as number, shape),
  slice: ([x], { settings, shape }) => crop(x, settings.ranges as [number, number, number][], shape),
  pixel_shuffle: ([x], { settings, shape }) =>
    rearrange(x, shape, (place) => shuffled(settings.factor as number, place)),
  pixel_unshuffle: ([x], { settings, shape }) =>
    rearrange(x, shape, (place) => unshuffled(settings.factor as number, place)),
  flatten: reshaped,
  reshape: reshaped,
  dropout: reshaped,
  identity: reshaped,
};

/** Whether the page can compute this call exactly as PyTorch does. */
export function canRun(call: Call): boolean {
  const { kind, settings, shape } = call;
  if (!(kind in RUNS)) return false;
  if (kind === "elementwise")
    return (settings.function as string) in ACTIVATIONS && Object.keys(call.weights).length === 0;
  if (kind === "softmax") return shape.length === 1;
  if (kind === "concatenate") return settings.dim === 1;
  if (kind === "upsample")
    return settings.mode === "nearest" || (settings.mode === "bilinear" && !settings.align_corners);
  if (kind === "pad") return settings.mode === "constant" && (settings.pad as number[]).length === 4;
  if (kind === "dense") return shape.length === 1;
  return true;
}

export function runCall(call: Call, inputs: readonly Tensor[], weights: Weights): Tensor {
  return RUNS[call.kind](inputs, call, weights);
}

export function sliding(settings: Settings): { stride: Pair; padding: Pair; dilation: Pair; groups: number } {
  const { stride, padding, dilation, groups } = settings;
  return { stride: stride as Pair, padding: padding as Pair, dilation: dilation as Pair, groups: groups as number };
}

export function pooling(settings: Settings): Pooling {
  const { kernel, stride, padding, dilation, ceil_mode, count_padding, divisor } = settings;
  return {
    kernel: kernel as Pair,
    stride: stride as Pair,
    padding: padding as Pair,
    dilation: (dilation as Pair) ?? [1, 1],
    ceil: Boolean(ceil_mode),
    countPadding: count_padding !== false,
    divisor: (divisor as number | null) ?? null,
  };
}

/** Each side of an arithmetic call is an input, a tensor of the network ("constant"), or a plain number. */
function combining(sign: "+" | "−" | "·" | "/"): Run {
  return (inputs, { settings, shape }, weights) => {
    const left = inputs.slice();
    const side = (given: unknown): Tensor | number =>
      given === "input" ? left.shift()! : given === "constant" ? weights.constant : (given as number);
    return combine(side(settings.left), side(settings.right), sign, shape);
  };
}

function reshaped([x]: readonly Tensor[], { shape }: Call): Tensor {
  if (sizeOf(shape) !== x.data.length)
    throw new RangeError(`${x.data.length} numbers do not fill (${shape.join(", ")}).`);
  return { shape, data: x.data };
}
