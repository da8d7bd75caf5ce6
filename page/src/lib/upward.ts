import { pooling, sliding } from "./calls";
import { shuffled, unshuffled } from "./layers/arranging";
import type { Place } from "./explanation";
import type { Call } from "./manifest";
import type { Network } from "./network";
import { mapShape, type Pair, type Tensor } from "./tensor";

/** A number further up that reads this one, and how much this one gives to it, where it is multiplied by a weight. */
export interface Use {
  readonly place: Place;
  readonly gives: number | null;
}

/** For each call that reads the number: the numbers that use it, those that get most from it first, at most `most`. */
export function usesOf(
  network: Network,
  tensors: readonly Tensor[],
  place: Place,
  most = 5,
): { call: Call; uses: Use[] }[] {
  return network.readers[place.call].map((id) => {
    const call = network.calls[id];
    const operand = call.inputs.indexOf(place.call);
    const channels = readingChannels(network, call, operand, place);
    const [y, x] = readingPlace(network, call, place);
    const uses = channels.map((channel) => ({
      place: { call: id, channel, y, x },
      gives: given(network, tensors, call, channel, place, y, x),
    }));
    uses.sort((a, b) => Math.abs(b.gives ?? 0) - Math.abs(a.gives ?? 0));
    return { call, uses: uses.slice(0, most) };
  });
}

function readingChannels(network: Network, call: Call, operand: number, place: Place): number[] {
  const count = mapShape(call.shape)[0];
  const range = (from: number, length: number): number[] => Array.from({ length }, (_, i) => from + i);
  const before = mapShape(network.calls[place.call].shape);
  switch (call.kind) {
    case "conv": {
      const each = count / (call.settings.groups as number);
      return range(Math.floor(place.channel / call.weights.weight.shape[1]) * each, each);
    }
    case "conv_transposed": {
      const each = call.weights.weight.shape[1];
      return range(Math.floor(place.channel / (before[0] / (call.settings.groups as number))) * each, each);
    }
    case "dense":
    case "softmax":
      return range(0, count);
    case "concatenate":
      return [
        place.channel +
          call.inputs.slice(0, operand).reduce((sum, id) => sum + mapShape(network.calls[id].shape)[0], 0),
      ];
    case "flatten":
    case "reshape": {
      const [, height, width] = mapShape(call.shape);
      return [Math.floor(flatIndex(before, place) / (height * width))];
    }
    case "pixel_shuffle":
    case "pixel_unshuffle":
      return [rearranged(call, place)[0]];
    case "slice": {
      const [start, stop, step] = (call.settings.ranges as number[][])[0];
      return place.channel >= start && place.channel < stop && (place.channel - start) % step === 0
        ? [(place.channel - start) / step]
        : [];
    }
    default:
      return [Math.min(place.channel, count - 1)];
  }
}

/** Of the places that use the number, the one in whose window it lies nearest to the middle. */
function readingPlace(network: Network, call: Call, { call: from, channel, y, x }: Place): Pair {
  const before = mapShape(network.calls[from].shape);
  const [, height, width] = mapShape(call.shape);
  const clamp = (rows: number, columns: number): Pair => [
    Math.min(height - 1, Math.max(0, Math.round(rows))),
    Math.min(width - 1, Math.max(0, Math.round(columns))),
  ];
  switch (call.kind) {
    case "conv": {
      const { stride, padding, dilation } = sliding(call.settings);
      const [, , rows, columns] = call.weights.weight.shape;
      const middle = (at: number, k: number, axis: 0 | 1): number =>
        (at + padding[axis] - (dilation[axis] * (k - 1)) / 2) / stride[axis];
      return clamp(middle(y, rows, 0), middle(x, columns, 1));
    }
    case "conv_transposed": {
      const { stride, padding } = sliding(call.settings);
      return clamp(y * stride[0] - padding[0], x * stride[1] - padding[1]);
    }
    case "max_pool":
    case "average_pool": {
      const { stride, padding } = pooling(call.settings);
      return clamp(Math.floor((y + padding[0]) / stride[0]), Math.floor((x + padding[1]) / stride[1]));
    }
    case "flatten":
    case "reshape": {
      const rest = flatIndex(before, { call: from, channel, y, x }) % (height * width);
      return [Math.floor(rest / width), rest % width];
    }
    case "pixel_shuffle":
    case "pixel_unshuffle": {
      const [, row, column] = rearranged(call, { call: from, channel, y, x });
      return [row, column];
    }
    case "pad": {
      const sides = call.settings.pad as number[];
      return clamp(y + sides[2], x + sides[0]);
    }
    case "slice": {
      const ranges = call.settings.ranges as number[][];
      return clamp(
        (y - (ranges[1]?.[0] ?? 0)) / (ranges[1]?.[2] ?? 1),
        (x - (ranges[2]?.[0] ?? 0)) / (ranges[2]?.[2] ?? 1),
      );
    }
    default:
      return before[1] === height && before[2] === width
        ? [y, x]
        : clamp(Math.floor(((y + 0.5) * height) / before[1]), Math.floor(((x + 0.5) * width) / before[2]));
  }
}

function given(
  network: Network,
  tensors: readonly Tensor[],
  call: Call,
  channel: number,
  place: Place,
  y: number,
  x: number,
): number | null {
  const [, height, width] = mapShape(tensors[place.call].shape);
  const value = tensors[place.call].data[(place.channel * height + place.y) * width + place.x];
  if (call.kind === "dense") {
    const { weight } = network.weightsOf(call);
    return value * weight.data[channel * weight.shape[1] + place.channel];
  }
  if (call.kind !== "conv") return null;
  const { weight } = network.weightsOf(call);
  const [, perGroup, rows, columns] = weight.shape;
  const { stride, padding, dilation } = sliding(call.settings);
  const r = (place.y - y * stride[0] + padding[0]) / dilation[0];
  const s = (place.x - x * stride[1] + padding[1]) / dilation[1];
  if (!Number.isInteger(r) || !Number.isInteger(s) || r < 0 || s < 0 || r >= rows || s >= columns) return 0;
  return value * weight.data[((channel * perGroup + (place.channel % perGroup)) * rows + r) * columns + s];
}

/** Shuffling one way is where the other way comes from. */
function rearranged({ kind, settings }: Call, { channel, y, x }: Place): [number, number, number] {
  return (kind === "pixel_shuffle" ? unshuffled : shuffled)(settings.factor as number, [channel, y, x]);
}

function flatIndex([, height, width]: readonly number[], { channel, y, x }: Place): number {
  return (channel * height + y) * width + x;
}
