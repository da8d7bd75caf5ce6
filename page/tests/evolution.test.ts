import { expect, test } from "vitest";
import { figuresOf } from "../src/lib/figures";
import type { Call } from "../src/lib/manifest";
import { Network } from "../src/lib/network";
import { pathOf, sameVersion } from "../src/lib/version";
import { kernelsOf, spreadOver } from "../src/look/mosaic";

test("kernels lie side by side with a line between them", () => {
  const call = {
    id: 0,
    name: "conv",
    kind: "conv",
    inputs: [],
    settings: {},
    shape: [2, 4, 4],
    formula: "",
    multiplyAdds: 0,
    field: null,
    weights: { weight: { name: "w", shape: [2, 3, 1, 2], offset: 0 } },
  } as Call;
  const network = new Network(
    { calls: [call] } as never,
    Float32Array.from({ length: 12 }, (_, i) => i + 1),
  );
  expect(kernelsOf(network, call, 1)).toEqual({
    rows: 3,
    columns: 5,
    values: Float32Array.from([7, 8, 0, 9, 10, 0, 0, 0, 0, 0, 11, 12, 0, 0, 0]),
  });
  expect(kernelsOf(network, { ...call, kind: "relu" }, 1)).toBeNull();
});

test("of many stages the first and the last are always there", () => {
  expect(spreadOver([1, 2, 3], 5)).toEqual([1, 2, 3]);
  expect(
    spreadOver(
      Array.from({ length: 101 }, (_, i) => i),
      5,
    ),
  ).toEqual([0, 25, 50, 75, 100]);
});

test("figures of numbers that were counted by hand", () => {
  const { low, high, mean, zeros, bins } = figuresOf([0, 0, 1, 3]);
  expect([low, high, mean, zeros]).toEqual([0, 3, 1, 0.5]);
  expect([bins[0], bins[8], bins.at(-1), bins.reduce((sum, count) => sum + count)]).toEqual([2, 1, 1, 4]);
  expect(figuresOf([5, 5]).bins[0]).toBe(2);
});

test("an epoch is asked for by name, the finished network by none", () => {
  expect(pathOf({ model: 2, epoch: null }, "weights")).toBe("models/2/weights");
  expect(pathOf({ model: 2, epoch: 3 }, "explain", { by: "lrp" })).toBe("models/2/explain?by=lrp&epoch=3");
  expect([
    sameVersion(null, { model: 0, epoch: null }),
    sameVersion({ model: 0, epoch: 1 }, { model: 0, epoch: 1 }),
  ]).toEqual([false, true]);
});
