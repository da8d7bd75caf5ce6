import { canRun, runCall, type Weights } from "./calls";
import type { Call, Manifest } from "./manifest";
import { largest, mapShape, plane, tensor, zeros, type Tensor } from "./tensor";

export const multiplyAdds = ({ calls }: Manifest): number => calls.reduce((sum, call) => sum + call.multiplyAdds, 0);

/** A network that can be run in the page: its manifest with all weights. Edited weights make a new one. */
export class Network {
  readonly manifest: Manifest;
  readonly calls: readonly Call[];
  /** For each call, the calls that read it. */
  readonly readers: readonly (readonly number[])[];
  readonly #weights: readonly Weights[];

  constructor(manifest: Manifest, blob: Float32Array, weights?: readonly Weights[]) {
    this.manifest = manifest;
    this.calls = manifest.calls;
    this.readers = manifest.calls.map(({ id }) =>
      manifest.calls.filter(({ inputs }) => inputs.includes(id)).map((call) => call.id),
    );
    this.#weights = weights ?? manifest.calls.map((call) => readWeights(call, blob));
  }

  weightsOf(call: Call): Weights {
    return this.#weights[call.id];
  }

  /** The same network with one number of one weight changed. */
  edited(call: Call, role: string, index: number, value: number): Network {
    const weights = this.#weights.slice();
    const old = weights[call.id][role];
    const data = old.data.slice();
    data[index] = value;
    weights[call.id] = { ...weights[call.id], [role]: { shape: old.shape, data } };
    return new Network(this.manifest, new Float32Array(), weights);
  }

  /** What the network receives for uint8 pixels (C, H, W): weighted sums of the colors, (sum - mean) / std; float32 at each step as PyTorch. */
  normalize(pixels: Uint8Array): Tensor {
    const { height, width, mean, std, weights } = this.manifest.images;
    const size = height * width;
    const shares = Float32Array.from(pixels, (value) => value / 255);
    const seen = weights ? sums(shares, weights, size) : shares;
    const result = zeros([mean.length, height, width]);
    for (let i = 0; i < seen.length; i++) {
      const c = Math.floor(i / size);
      result.data[i] = Math.fround(seen[i] - Math.fround(mean[c])) / Math.fround(std[c]);
    }
    return result;
  }

  /** A number that the network receives as the brightness that it stands for, from 0 to 1. */
  brightness(value: number, channel: number): number {
    const { mean, std } = this.manifest.images;
    return value * std[channel] + mean[channel];
  }
}

/** For each row of weights, the weighted sum of the colors of each pixel, and the row's last number. */
function sums(shares: Float32Array, weights: readonly (readonly number[])[], size: number): Float32Array {
  const result = new Float32Array(weights.length * size);
  weights.forEach((row, c) => {
    for (let i = 0; i < size; i++) {
      let sum = row[row.length - 1];
      for (let color = 0; color < row.length - 1; color++) sum += row[color] * shares[color * size + i];
      result[c * size + i] = sum;
    }
  });
  return result;
}

function readWeights(call: Call, blob: Float32Array): Weights {
  return Object.fromEntries(
    Object.entries(call.weights).map(([role, { shape, offset }]) => {
      const count = shape.reduce((product, side) => product * side, 1);
      return [role, tensor(shape, blob.subarray(offset, offset + count))];
    }),
  );
}

/** Gives the output of a call that the page cannot compute, for the pixels that are looked at. */
export type Ask = (call: Call) => Promise<Tensor>;

/** More multiply-adds than this between two breaths would make the page feel stuck. */
const BREATH = 20e6;

/** Everything that the network makes of one image: a tensor for each call in order, up to the call `last`. */
export async function runNetwork(
  network: Network,
  input: Tensor,
  ask: Ask,
  begin: readonly Tensor[] = [],
  last = network.calls.length - 1,
): Promise<Tensor[]> {
  const tensors = begin.length ? begin.slice() : [input];
  let work = 0;
  for (const call of network.calls.slice(tensors.length, last + 1)) {
    work += call.multiplyAdds;
    if (work > BREATH) {
      await new Promise((resume) => setTimeout(resume));
      work = 0;
    }
    const inputs = call.inputs.map((id) => tensors[id]);
    tensors.push(canRun(call) ? runCall(call, inputs, network.weightsOf(call)) : await ask(call));
  }
  return tensors;
}

export type Scale = "unit" | "layer" | "network";

/**
 * What the ends of the colors stand for, for one channel, one call, or all calls after the image: the largest distance
 * from zero, or, where `most` values shall be colored, one that `MOST` of those that are not zero do not exceed.
 */
export function rangeOf(scale: Scale, tensors: readonly Tensor[], call: number, channel: number, most = false): number {
  const reach = most ? mostOf : reachOf;
  if (scale === "network") return Math.max(...tensors.slice(1).map(reach));
  const of = tensors[call];
  if (scale === "layer" || of.shape.length !== 3) return reach(of);
  return most ? quantile(plane(of, channel), MOST) : channelReaches(of)[channel];
}

/** The share of the values that are not zero that keep their color where few are far from zero. */
export const MOST = 0.99;
const mosts = new WeakMap<Tensor, number>();

function mostOf(of: Tensor): number {
  let found = mosts.get(of);
  if (found === undefined) mosts.set(of, (found = quantile(of.data, MOST)));
  return found;
}

/** Values are counted by their exponent and the first 7 bits of their mantissa: each bin is at most 1 % wide. */
const DROPPED_BITS = 16;

/**
 * A distance from zero that at least a share of the values that are not zero does not exceed, at most 1 % above the
 * smallest one; 0 where all are zero. Sorting millions of values would take too long.
 */
export function quantile(data: Float32Array, share: number): number {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const counts = new Uint32Array(1 << (31 - DROPPED_BITS));
  let zeros = 0;
  let top = 0; // distances from zero are in the order of their bits
  for (let i = 0; i < bits.length; i++) {
    const distance = bits[i] & 0x7fffffff;
    if (distance === 0) zeros += 1;
    if (distance > top) top = distance;
    counts[distance >>> DROPPED_BITS] += 1;
  }
  let wanted = share * (data.length - zeros);
  counts[0] -= zeros;
  if (wanted === 0) return 0;
  let bin = 0;
  while ((wanted -= counts[bin]) > 1e-9) bin += 1;
  const [edge, most] = new Float32Array(Uint32Array.of(((bin + 1) << DROPPED_BITS) - 1, top).buffer);
  return Math.min(edge, most);
}

/** Largest distance from zero in a tensor. */
export function reachOf(of: Tensor): number {
  return largest(channelReaches(of));
}

const reaches = new WeakMap<Tensor, Float32Array>();

/** The same for each channel; found once, because every tile, legend and number asks for it. */
function channelReaches(of: Tensor): Float32Array {
  let found = reaches.get(of);
  if (!found) {
    found = Float32Array.from({ length: mapShape(of.shape)[0] }, (_, c) => largest(plane(of, c)));
    reaches.set(of, found);
  }
  return found;
}

/** The channels of a call, the most active (sum of squares) first. */
export function byActivity(of: Tensor): number[] {
  const [channels, height, width] = mapShape(of.shape);
  const size = height * width;
  const energy = Array.from({ length: channels }, (_, c) => {
    let sum = 0;
    for (let i = c * size; i < (c + 1) * size; i++) sum += of.data[i] * of.data[i];
    return sum;
  });
  return energy.map((_, c) => c).sort((a, b) => energy[b] - energy[a] || a - b);
}
