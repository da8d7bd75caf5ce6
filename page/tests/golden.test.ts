import { expect, test } from "vitest";
import { convolution, PLAIN, transposedConvolution } from "../src/lib/layers/convolution";
import { upsample } from "../src/lib/layers/joining";
import { activate, batchNorm, groupNorm } from "../src/lib/layers/pointwise";
import { adaptivePool, pool, type Gather, type Pooling } from "../src/lib/layers/pooling";
import { dense, softmax } from "../src/lib/layers/vectors";
import { tensor, type Pair, type Tensor } from "../src/lib/tensor";
import golden from "./golden.json";

type Stored = { shape: number[]; data: number[] };
type Case = { input: Stored; output: Stored; state: Record<string, Stored> };
type Layer = (input: Tensor, state: Record<string, Tensor>) => Tensor;

const convolve =
  (sliding: object): Layer =>
  (x, { weight, bias }) =>
    convolution(x, weight, bias?.data ?? null, { ...PLAIN, ...sliding });
const transpose =
  (sliding: object, extra?: Pair): Layer =>
  (x, { weight, bias }) =>
    transposedConvolution(x, weight, bias.data, { ...PLAIN, ...sliding }, extra);
const gather =
  (how: Gather, side: number, options: Partial<Pooling>): Layer =>
  (x) =>
    pool(x, how, {
      kernel: [side, side],
      stride: [side, side],
      padding: [0, 0],
      dilation: [1, 1],
      ceil: false,
      countPadding: true,
      divisor: null,
      ...options,
    });
const function_ =
  (name: string, slope?: number): Layer =>
  (x) =>
    activate(x, name, slope);

const LAYERS: Record<keyof typeof golden, Layer> = {
  convolution: convolve({}),
  "convolution, stride 2, padding 1": convolve({ stride: [2, 2], padding: [1, 1] }),
  "convolution, dilation 2": convolve({ dilation: [2, 2], padding: [2, 2] }),
  "convolution, groups": convolve({ groups: 2 }),
  "convolution, oblong": convolve({ stride: [2, 1], padding: [0, 2] }),
  transposed: transpose({ stride: [2, 2] }),
  "transposed, everything": transpose({ stride: [2, 2], padding: [1, 1], groups: 2 }, [1, 1]),
  max: gather("max", 2, {}),
  "max, ceil": gather("max", 3, { stride: [2, 2], ceil: true }),
  "max, padding and dilation": gather("max", 3, { stride: [1, 1], padding: [1, 1], dilation: [2, 2] }),
  average: gather("average", 3, { stride: [2, 2], padding: [1, 1] }),
  "average, padding not counted": gather("average", 3, { stride: [2, 2], padding: [1, 1], countPadding: false }),
  "average, ceil": gather("average", 2, { ceil: true }),
  "adaptive average": (x) => adaptivePool(x, "average", [3, 2]),
  "adaptive max": (x) => adaptivePool(x, "max", [3, 2]),
  "batch norm": (x, { running_mean, running_var, weight, bias }) =>
    batchNorm(x, {
      mean: running_mean.data,
      variance: running_var.data,
      scale: weight.data,
      shift: bias.data,
      epsilon: 1e-5,
    }),
  "group norm": (x, { weight, bias }) => groupNorm(x, 2, weight.data, bias.data, 1e-5),
  nearest: (x) => upsample(x, [5, 4], "nearest"),
  bilinear: (x) => upsample(x, [6, 4], "bilinear"),
  dense: (x, { weight, bias }) => dense(x, weight, bias.data),
  softmax: softmax,
  leaky_relu: function_("leaky_relu", 0.1),
  elu: function_("elu", 0.5),
  tanh: function_("tanh"),
  sigmoid: function_("sigmoid"),
  silu: function_("silu"),
  relu6: function_("relu6"),
};

test.each(Object.entries(golden as Record<string, Case>))(
  "%s gives what PyTorch gives",
  (name, { input, output, state }) => {
    const read = ({ shape, data }: Stored): Tensor => tensor(shape, data);
    const parameters = Object.fromEntries(Object.entries(state).map(([key, value]) => [key, read(value)]));
    const result = LAYERS[name as keyof typeof golden](read(input), parameters);
    expect(result.shape).toEqual(output.shape);
    result.data.forEach((value, i) => expect(value).toBeCloseTo(output.data[i], 5));
  },
);
