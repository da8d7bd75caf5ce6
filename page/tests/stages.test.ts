import { expect, test } from "vitest";
import type { Call } from "../src/lib/manifest";
import { callsInSight, groupsOf, neededFor, shownCalls, stagesOf } from "../src/look/stages";

const NAMES = [
  "input",
  "stages.stem.conv",
  "stages.stem.relu",
  "stages.stage1.block1.conv",
  "stages.stage1.block1.relu",
  "stages.stage1.block2.conv",
  "stages.stage2.block1.conv",
  "head.pool",
  "head.dense",
  "softmax",
];
const calls = NAMES.map((name, id) => ({ id, name }) as Call);

test("stages are the parts of the names below what most of them share", () => {
  expect(stagesOf(calls).map(({ name, calls }) => [name, ...calls])).toEqual([
    ["input", 0],
    ["stem", 1, 2],
    ["stage1", 3, 4, 5],
    ["stage2", 6],
    ["head", 7, 8],
    ["softmax", 9],
  ]);
});

test("names without dots are stages of one call", () => {
  expect(
    stagesOf(["input", "conv1", "relu1"].map((name, id) => ({ id, name }) as Call)).map(({ name }) => name),
  ).toEqual(["input", "conv1", "relu1"]);
});

test("a collapsed stage has the column of its last call, an open one all of them", () => {
  const shown = shownCalls(calls, stagesOf(calls), ({ name }) => name === "stage1");
  expect(shown.map(({ id }) => id)).toEqual([0, 2, 3, 4, 5, 6, 8, 9]);
  const kinds = ["input", "conv", "relu", "conv", "relu", "conv", "conv", "pool", "dense", "softmax"];
  const linked = calls.map(
    (call, id) => ({ ...call, kind: kinds[id], inputs: id > 0 ? [id - 1] : [] }) as unknown as Call,
  );
  expect(callsInSight(linked, ["stage1"], [], null).map(({ id }) => id)).toEqual([0, 2, 4, 5, 6, 8, 9]);
  expect(callsInSight(linked, ["stage1"], [3], null).map(({ id }) => id)).toEqual([0, 2, 3, 4, 5, 6, 8, 9]);
  // Of an open unit also what it reads, and what that may only rearrange: 2 and 1.
  expect(callsInSight(linked, [], [], linked[3]).map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5, 6, 8, 9]);
  expect(neededFor(linked, linked[3]).map(({ id }) => id)).toEqual([1, 2, 3]);
  expect(neededFor(linked, linked[0]).map(({ id }) => id)).toEqual([0]);
});

test("normalization and activation are one group with the weights that they alone read", () => {
  const kinds = ["input", "conv", "batch_norm", "relu", "conv", "batch_norm", "add", "relu", "conv", "relu", "dense"];
  const inputs = [[], [0], [1], [2], [3], [4], [5, 3], [6], [7], [8], [8]];
  const all = kinds.map((kind, id) => ({ id, kind, inputs: inputs[id], name: `part.${kind}${id}` }) as unknown as Call);
  // The activation after the addition belongs to none, and the last convolution is read by two.
  expect(groupsOf(all)).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
  const stages = [{ name: "all", calls: all.map(({ id }) => id) }];
  expect(shownCalls(all, stages, () => true, groupsOf(all)).map(({ id }) => id)).toEqual([0, 3, 5, 6, 7, 8, 9, 10]);
  expect(shownCalls(all, stages, () => false, groupsOf(all)).map(({ id }) => id)).toEqual([10]);
});
