import type { Explanation, Group, Place, Term } from "./explanation";
import { reader, shuffled, unshuffled, type Sign } from "./layers/arranging";
import { adaptiveRange, windowCount } from "./layers/pooling";
import { sources } from "./layers/joining";
import { ACTIVATIONS, groupStatistics, slopeOf } from "./layers/pointwise";
import { pooling, sliding, type Weights } from "./calls";
import type { Call } from "./manifest";
import type { Network } from "./network";
import { mapShape, type Pair, type Tensor } from "./tensor";

/** Say how the number at `place` came about. */
export function explain(network: Network, tensors: readonly Tensor[], place: Place): Explanation {
  const call = network.calls[place.call];
  const make = EXPLAINS[call.kind];
  if (!make) return { form: "opaque", groups: [] };
  return make(new View(network, tensors, call), place);
}

/** One call with its inputs, read by place. */
class View {
  readonly weights: Weights;

  constructor(
    readonly network: Network,
    readonly tensors: readonly Tensor[],
    readonly call: Call,
  ) {
    this.weights = network.weightsOf(call);
  }

  shape(operand = 0): [number, number, number] {
    return mapShape(this.tensors[this.call.inputs[operand]].shape);
  }

  term(
    operand: number,
    channel: number,
    y: number,
    x: number,
    weight: number | null = null,
    weightIndex: number | null = null,
  ): Term {
    const call = this.call.inputs[operand];
    const [channels, height, width] = mapShape(this.tensors[call].shape);
    if (y < 0 || x < 0 || y >= height || x >= width || channel >= channels)
      return { from: null, value: 0, weight, weightIndex };
    const value = this.tensors[call].data[(channel * height + y) * width + x];
    return { from: { call, channel, y, x }, value, weight, weightIndex };
  }

  one(channel: number, y: number, x: number): Group[] {
    return [{ channel, columns: 1, terms: [this.term(0, channel, y, x)] }];
  }

  /** All terms of a vector; those of a flattened map come back in its rows, one group for each channel. */
  vector(weightOf: (i: number) => [number | null, number | null]): Group[] {
    const source = this.network.calls[this.call.inputs[0]];
    const before = source.kind === "flatten" ? this.tensors[source.inputs[0]].shape : this.tensors[source.id].shape;
    const [channels, height, width] = before.length === 3 ? mapShape(before) : [1, 1, before[0]];
    const size = height * width;
    return Array.from({ length: channels }, (_, channel) => ({
      channel,
      columns: width,
      terms: Array.from({ length: size }, (_, i) =>
        this.term(0, channel * size + i, 0, 0, ...weightOf(channel * size + i)),
      ),
    }));
  }
}

type Explain = (view: View, place: Place) => Explanation;

function explainConvolution(view: View, { channel, y, x }: Place): Explanation {
  const { stride, padding, dilation, groups } = sliding(view.call.settings);
  const { weight, bias } = view.weights;
  const [outputs, perGroup, rows, columns] = weight.shape;
  const first = Math.floor(channel / (outputs / groups)) * perGroup;
  return {
    form: "sum",
    divisor: 1,
    bias: bias ? bias.data[channel] : null,
    groups: Array.from({ length: perGroup }, (_, c) => ({
      channel: first + c,
      columns,
      terms: Array.from({ length: rows * columns }, (_, i) => {
        const [r, s] = [Math.floor(i / columns), i % columns];
        const at = (channel * perGroup + c) * rows * columns + i;
        return view.term(
          0,
          first + c,
          y * stride[0] - padding[0] + r * dilation[0],
          x * stride[1] - padding[1] + s * dilation[1],
          weight.data[at],
          at,
        );
      }),
    })),
  };
}

/** Only the kernel cells that meet a pixel at this place; the others write elsewhere. */
function explainTransposed(view: View, { channel, y, x }: Place): Explanation {
  const { stride, padding, dilation, groups } = sliding(view.call.settings);
  const { weight, bias } = view.weights;
  const [channels, perGroup, rows, columns] = weight.shape;
  const each = channels / groups;
  const first = Math.floor(channel / perGroup) * each;
  const meets = (at: number, k: number, axis: 0 | 1): number => {
    const from = at + padding[axis] - k * dilation[axis];
    return from % stride[axis] === 0 ? from / stride[axis] : -1;
  };
  return {
    form: "sum",
    divisor: 1,
    bias: bias ? bias.data[channel] : null,
    groups: Array.from({ length: each }, (_, c) => {
      const terms: Term[] = [];
      for (let r = 0; r < rows; r++) {
        for (let s = 0; s < columns; s++) {
          const [row, column] = [meets(y, r, 0), meets(x, s, 1)];
          const at = (((first + c) * perGroup + (channel % perGroup)) * rows + r) * columns + s;
          const term = view.term(0, first + c, row, column, weight.data[at], at);
          if (term.from) terms.push(term);
        }
      }
      return { channel: first + c, columns: Math.max(1, Math.round(Math.sqrt(terms.length))), terms };
    }),
  };
}

function windowTerms(view: View, { channel, y, x }: Place): Group {
  const { kernel, stride, padding, dilation } = pooling(view.call.settings);
  const [, height, width] = view.shape();
  const terms: Term[] = [];
  let columns = 0;
  for (let r = 0; r < kernel[0]; r++) {
    for (let s = 0; s < kernel[1]; s++) {
      const [row, column] = [
        y * stride[0] - padding[0] + r * dilation[0],
        x * stride[1] - padding[1] + s * dilation[1],
      ];
      // What hangs over the far edge (ceil_mode) is no part of the window; near padding is shown.
      if (row >= height + padding[0] || column >= width + padding[1]) continue;
      if (r === 0) columns += 1;
      terms.push(view.term(0, channel, row, column));
    }
  }
  return { channel, columns, terms };
}

function adaptiveTerms(view: View, { channel, y, x }: Place): Group {
  const output = view.call.settings.output as Pair;
  const [, height, width] = view.shape();
  const [top, bottom] = adaptiveRange(height, output[0], y);
  const [left, right] = adaptiveRange(width, output[1], x);
  const terms: Term[] = [];
  for (let row = top; row < bottom; row++)
    for (let column = left; column < right; column++) terms.push(view.term(0, channel, row, column));
  return { channel, columns: right - left, terms };
}

function largestOf(group: Group): Explanation {
  const inside = group.terms.filter(({ from }) => from);
  const winner = inside.reduce((best, term) => (term.value > best.value ? term : best), inside[0]);
  return { form: "max", groups: [group], winner };
}

function explainNorm(view: View, place: Place, mean: number, variance: number): Explanation {
  const { weight, bias } = view.weights;
  return {
    form: "norm",
    mean,
    variance,
    epsilon: view.call.settings.epsilon as number,
    scale: weight ? weight.data[place.channel] : 1,
    shift: bias ? bias.data[place.channel] : 0,
    groups: view.one(place.channel, place.y, place.x),
  };
}

function explainGroupNorm(view: View, place: Place): Explanation {
  const groups = view.call.settings.groups as number;
  const { mean, variance } = groupStatistics(view.tensors[view.call.inputs[0]], groups);
  const group = Math.floor((place.channel * groups) / view.shape()[0]);
  return explainNorm(view, place, mean[group], variance[group]);
}

function explainArithmetic(sign: Sign): Explain {
  return (view, { channel, y, x }) => {
    const { settings, shape, inputs } = view.call;
    let operand = 0;
    const side = (given: unknown): Group => {
      if (given === "input") {
        const at = operand++;
        const [channels, height, width] = mapShape(view.tensors[inputs[at]].shape);
        const read = channels === 1 ? 0 : channel;
        return { channel: read, columns: 1, terms: [view.term(at, read, height === 1 ? 0 : y, width === 1 ? 0 : x)] };
      }
      const value = given === "constant" ? reader(view.weights.constant, shape)(channel, y, x) : (given as number);
      return { channel, columns: 1, terms: [{ from: null, value, weight: null, weightIndex: null }] };
    };
    return { form: "arithmetic", sign, groups: [side(settings.left), side(settings.right)] };
  };
}

function explainUpsample(view: View, { channel, y, x }: Place): Explanation {
  const mode = view.call.settings.mode as "nearest" | "bilinear";
  const [, height, width] = view.shape();
  const [, outHeight, outWidth] = mapShape(view.call.shape);
  const columns = sources(x, width, outWidth, mode);
  const terms = sources(y, height, outHeight, mode).flatMap(([row, vertical]) =>
    columns.map(([column, horizontal]) =>
      view.term(0, channel, row, column, mode === "nearest" ? null : vertical * horizontal),
    ),
  );
  if (mode === "nearest") return { form: "copy", groups: [{ channel, columns: 1, terms }] };
  return { form: "sum", bias: null, divisor: 1, groups: [{ channel, columns: columns.length, terms }] };
}

function explainConcatenated(view: View, { channel, y, x }: Place): Explanation {
  let [operand, inside] = [0, channel];
  while (inside >= view.shape(operand)[0]) inside -= view.shape(operand++)[0];
  return { form: "copy", groups: [{ channel: inside, columns: 1, terms: [view.term(operand, inside, y, x)] }] };
}

/** A reshape keeps the order of the numbers: the place is only counted anew. */
function explainReshaped(view: View, { channel, y, x }: Place): Explanation {
  const [, height, width] = mapShape(view.call.shape);
  const at = (channel * height + y) * width + x;
  const [, rows, columns] = view.shape();
  return {
    form: "copy",
    groups: view.one(Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns),
  };
}

/** A function of one number; that of a function that the page does not know is not explained. */
const FUNCTION: Explain = (view, { channel, y, x }) => {
  const name = view.call.kind === "elementwise" ? (view.call.settings.function as string) : view.call.kind;
  if (!(name in ACTIVATIONS)) return { form: "opaque", groups: [] };
  return { form: "function", name, slope: slopeOf(view.call.settings), groups: view.one(channel, y, x) };
};

const EXPLAINS: Readonly<Record<string, Explain>> = {
  conv: explainConvolution,
  conv_transposed: explainTransposed,
  max_pool: (view, place) => largestOf(windowTerms(view, place)),
  adaptive_max_pool: (view, place) => largestOf(adaptiveTerms(view, place)),
  average_pool: (view, place) => {
    const [, height, width] = view.shape();
    const how = pooling(view.call.settings);
    const divisor = how.divisor ?? windowCount(height, width, place.y, place.x, how);
    return { form: "sum", bias: null, divisor, groups: [windowTerms(view, place)] };
  },
  adaptive_average_pool: (view, place) => {
    const group = adaptiveTerms(view, place);
    return { form: "sum", bias: null, divisor: group.terms.length, groups: [group] };
  },
  batch_norm: (view, place) =>
    explainNorm(view, place, view.weights.mean.data[place.channel], view.weights.variance.data[place.channel]),
  group_norm: explainGroupNorm,
  dense: (view, { channel }) => {
    const { weight, bias } = view.weights;
    const inputs = weight.shape[1];
    const groups = view.vector((i) => [weight.data[channel * inputs + i], channel * inputs + i]);
    return { form: "sum", divisor: 1, bias: bias ? bias.data[channel] : null, groups };
  },
  relu: FUNCTION,
  tanh: FUNCTION,
  elementwise: FUNCTION,
  softmax: (view, { channel }) => ({ form: "softmax", index: channel, groups: view.vector(() => [null, null]) }),
  add: explainArithmetic("+"),
  subtract: explainArithmetic("−"),
  multiply: explainArithmetic("·"),
  divide: explainArithmetic("/"),
  concatenate: explainConcatenated,
  upsample: explainUpsample,
  flatten: explainReshaped,
  reshape: explainReshaped,
  dropout: explainReshaped,
  identity: explainReshaped,
  slice: (view, { channel, y, x }) => {
    const ranges = view.call.settings.ranges as [number, number, number][];
    const at = (axis: number, place: number): number => (ranges[axis] ? ranges[axis][0] + place * ranges[axis][2] : 0);
    return { form: "copy", groups: view.one(at(0, channel), at(1, y), at(2, x)) };
  },
  pixel_shuffle: (view, { channel, y, x }) => ({
    form: "copy",
    groups: view.one(...shuffled(view.call.settings.factor as number, [channel, y, x])),
  }),
  pixel_unshuffle: (view, { channel, y, x }) => ({
    form: "copy",
    groups: view.one(...unshuffled(view.call.settings.factor as number, [channel, y, x])),
  }),
  pad: (view, { channel, y, x }) => {
    const sides = view.call.settings.pad as number[];
    const term = view.term(0, channel, y - sides[2], x - sides[0]);
    const value = term.from ? term.value : (view.call.settings.value as number);
    return { form: "copy", groups: [{ channel, columns: 1, terms: [{ ...term, value }] }] };
  },
};
