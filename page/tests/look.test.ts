import { expect, test } from "vitest";
import { cubeOf, placeOf, slabOf } from "../src/look/cubes";
import { feeds } from "../src/look/feeds";
import { anchor, FIRST_TILES, GAP, layOut, lookOf, stripOf, TILE } from "../src/look/layout";
import { explain } from "../src/lib/explain";
import type { Call } from "../src/lib/manifest";
import { Network, runNetwork } from "../src/lib/network";
import { readManifest } from "../src/lib/manifest";
import { mapShape, tensor, type Tensor } from "../src/lib/tensor";
import { usesOf } from "../src/lib/upward";
import stored from "./networks.json";

const CASES = stored as unknown as Record<string, { manifest: unknown; weights: number[]; pixels: number[] }>;
const call = (id: number, shape: number[], more: Partial<Call> = {}): Call => ({
  id,
  name: `c${id}`,
  kind: "relu",
  inputs: id ? [id - 1] : [],
  settings: {},
  weights: {},
  shape,
  formula: "",
  multiplyAdds: 0,
  field: null,
  ...more,
});

async function run(name: string): Promise<{ network: Network; tensors: Tensor[] }> {
  const { manifest, weights, pixels } = CASES[name];
  const network = new Network(readManifest(manifest), Float32Array.from(weights));
  return {
    network,
    tensors: await runNetwork(network, network.normalize(Uint8Array.from(pixels)), () => Promise.reject(new Error())),
  };
}

test("maps and short vectors are tiles, long vectors strips, the labeled answer bars", () => {
  expect([
    lookOf(call(0, [3, 8, 8]), false),
    lookOf(call(1, [10]), false),
    lookOf(call(1, [100]), false),
    lookOf(call(1, [10]), true),
  ]).toEqual(["tiles", "tiles", "strip", "bars"]);
});

test("columns stand beside each other and do not overlap", () => {
  const columns = layOut(
    [call(0, [3, 8, 8]), call(1, [8, 8, 8]), call(2, [512]), call(3, [10])],
    true,
    1000,
    new Set(),
    () => [],
  );
  columns.slice(1).forEach((column, i) => expect(column.x).toBeGreaterThan(columns[i].x + columns[i].width + 20));
});

test("of many channels the most active come first until all are asked for", () => {
  const order = (): number[] => Array.from({ length: 40 }, (_, i) => 39 - i);
  const [column] = layOut([call(0, [40, 4, 4])], false, 1000, new Set(), order);
  expect([column.channels[0], column.channels.length, column.hidden]).toEqual([39, FIRST_TILES, 40 - FIRST_TILES]);
  const [open] = layOut([call(0, [40, 4, 4])], false, 1000, new Set([0]), order);
  expect([open.channels[0], open.channels.length, open.hidden]).toEqual([0, 40, 0]);
  expect(anchor(column, 39, "left", () => 0)).toEqual([column.x, TILE / 2]);
  expect(anchor(column, 38, "right", () => 0)).toEqual([column.x + TILE, TILE + GAP + TILE / 2]);
  expect(anchor(column, 0, "left", () => 0)).toBeNull();
});

test("a long vector has a cell for each of its numbers", () => {
  for (const count of [25, 120, 1690, 9216]) {
    const { rows, columns } = stripOf(count);
    expect(rows * columns).toBeGreaterThanOrEqual(count);
    expect(rows * (columns - 1)).toBeLessThan(count);
  }
});

test.each(Object.keys(CASES))(
  "in %s the links of a unit lead to the channels that its numbers are made of",
  async (name) => {
    const { network, tensors } = await run(name);
    for (const one of network.calls.slice(1)) {
      const [channels, height, width] = mapShape(one.shape);
      for (let channel = 0; channel < channels; channel++) {
        const read = explain(network, tensors, { call: one.id, channel, y: height >> 1, x: width >> 1 }).groups.flatMap(
          ({ terms }) => terms,
        );
        const linked = new Set(feeds(one, channel, network.calls).map(String));
        if (linked.size === 0) continue;
        for (const { from } of read)
          if (from) expect(linked, `${one.name} ${channel}`).toContain(`${from.call},${from.channel}`);
      }
    }
  },
);

test.each(Object.keys(CASES))("in %s every number that is used upward is one of the terms there", async (name) => {
  const { network, tensors } = await run(name);
  for (const one of network.calls) {
    const [channels, height, width] = mapShape(one.shape);
    const place = { call: one.id, channel: channels - 1, y: height >> 1, x: width >> 1 };
    for (const { uses } of usesOf(network, tensors, place)) {
      for (const use of uses) {
        const terms = explain(network, tensors, use.place).groups.flatMap((group) => group.terms);
        const found = terms.find(({ from }) => from && from.call === one.id && from.channel === place.channel);
        expect(found, `${one.name} to ${network.calls[use.place.call].name}`).toBeDefined();
        const here = terms.find(
          ({ from }) =>
            from &&
            JSON.stringify(from) === JSON.stringify({ call: one.id, channel: place.channel, y: place.y, x: place.x }),
        );
        if (use.gives !== null && here) expect(use.gives).toBeCloseTo(here.value * here.weight!, 6);
      }
    }
  }
});

test("a cube stands for the number of its block that is furthest from zero", () => {
  const one = call(0, [1, 80, 80]);
  const slab = slabOf(one, 0);
  expect(slab.block).toBe(2);
  expect(slab.count).toBe(1600);
  const values = new Float32Array(6400);
  values[81] = -5;
  const place = placeOf(slab, 0, tensor([1, 80, 80], values));
  expect(place).toEqual({ call: 0, channel: 0, y: 1, x: 1 });
  expect(cubeOf(slab, place)).toBe(0);
  expect(cubeOf(slab, { call: 0, channel: 0, y: 79, x: 2 })).toBe(39 * 40 + 1);
});
