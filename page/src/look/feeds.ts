import type { Call } from "../lib/manifest";
import { mapShape } from "../lib/tensor";

/** One unit of the network: a call and a channel of it. */
export type Unit = readonly [call: number, channel: number];

/** Which units of its inputs a unit reads: what is linked in the overview. Long vectors are left out. */
export function feeds(call: Call, channel: number, calls: readonly Call[]): Unit[] {
  const channelsOf = (id: number): number => mapShape(calls[id].shape)[0];
  const all = (id: number): Unit[] => Array.from({ length: channelsOf(id) }, (_, c) => [id, c] as const);
  const [first] = call.inputs;
  switch (call.kind) {
    case "input":
      return [];
    case "conv":
      return groupOf(call, channel, call.weights.weight.shape[1], channelsOf(first));
    case "conv_transposed":
      return groupOf(call, channel, channelsOf(first) / (call.settings.groups as number), channelsOf(first));
    case "dense":
    case "softmax":
      return calls[first].shape[0] > 64 ? [] : all(first);
    case "concatenate": {
      let inside = channel;
      for (const id of call.inputs) {
        if (inside < channelsOf(id)) return [[id, inside]];
        inside -= channelsOf(id);
      }
      return [];
    }
    case "flatten":
    case "reshape":
      return sameOrder(call, channel, calls[first]);
    case "slice": {
      const [start, , step] = (call.settings.ranges as number[][])[0];
      return [[first, start + channel * step]];
    }
    case "pixel_shuffle":
    case "pixel_unshuffle": {
      const cells = (call.settings.factor as number) ** 2;
      if (call.kind === "pixel_unshuffle") return [[first, Math.floor(channel / cells)]];
      return Array.from({ length: cells }, (_, i) => [first, channel * cells + i] as const);
    }
    case "opaque":
      return call.inputs.flatMap((id) => (channelsOf(id) > 64 ? [] : all(id)));
    default:
      return call.inputs.map((id) => [id, Math.min(channel, channelsOf(id) - 1)] as const);
  }
}

/** The same, where the calls `hidden` have no column: what these read in turn. */
export function feedsThrough(call: Call, channel: number, calls: readonly Call[], hidden: ReadonlySet<number>): Unit[] {
  return feeds(call, channel, calls).flatMap(([id, from]) =>
    hidden.has(id) ? feedsThrough(calls[id], from, calls, hidden) : [[id, from] as const],
  );
}

function groupOf(call: Call, channel: number, each: number, inputs: number): Unit[] {
  const outputs = mapShape(call.shape)[0];
  const first = Math.floor(channel / (outputs / (inputs / each))) * each;
  return Array.from({ length: each }, (_, c) => [call.inputs[0], first + c] as const);
}

function sameOrder(call: Call, channel: number, source: Call): Unit[] {
  const [, height, width] = mapShape(call.shape);
  const [, rows, columns] = mapShape(source.shape);
  return [[source.id, Math.floor((channel * height * width) / (rows * columns))]];
}
