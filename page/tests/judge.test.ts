import { expect, test } from "vitest";
import { badness, confusionOf, ordered, paired, passes, readTable } from "../src/judge/table";

const columns = ["image", "target", "answer", "label", "probability", "right"];
const table = readTable({
  columns,
  count: 4,
  rows: [
    ["a", "2", "2", "2", 0.9, true],
    ["b", "2", "10", "10", 0.8, false],
    ["c", "10", "unknown", "2", 0.4, false],
    ["d", "10", "10", "10", 0.6, true],
  ],
});

test("counts are by what an image is and what was answered, and classes in the order of their numbers", () => {
  expect(confusionOf(table)).toEqual({
    classes: ["2", "10"],
    counts: [
      [1, 1],
      [1, 1],
    ],
  });
});

test("a sure wrong answer is worst, a sure right one best", () => {
  expect(ordered(table, "worst", null).map(({ image }) => image)).toEqual(["b", "c", "d", "a"]);
  expect(ordered(table, "row", null).map(({ image }) => image)).toEqual(["a", "b", "c", "d"]);
});

test("unsure is what was not answered by its likeliest class", () => {
  expect(table.filter((one) => passes(one, "unsure")).map(({ image }) => image)).toEqual(["c"]);
  expect(table.filter((one) => passes(one, "wrong")).map(({ image }) => image)).toEqual(["b", "c"]);
  expect(table.filter((one) => passes(one, "right")).map(({ image }) => image)).toEqual(["a", "d"]);
});

test("another run is paired by image, and its differences come first", () => {
  const other = readTable({
    columns,
    count: 2,
    rows: [
      ["d", "10", "2", "2", 0.5, false],
      ["a", "2", "2", "2", 0.9, true],
    ],
  });
  const beside = paired(table, other);
  expect([...beside.keys()]).toEqual([0, 3]);
  expect(ordered(table, "row", beside).map(({ image }) => image)).toEqual(["d", "a", "b", "c"]);
});

test("numbers are judged by how far they are off, and confuse no classes", () => {
  const steered = readTable({
    columns: ["image", "target", "answer", "error"],
    rows: [
      ["a", 1, -1, -2],
      ["b", 1, 2, 1],
    ],
    count: 2,
  });
  expect(steered.map(badness)).toEqual([2, 1]);
  expect(steered[0].label).toBe("-1");
  expect(steered.some(({ unsure }) => unsure)).toBe(false);
  expect(confusionOf(steered).classes).toEqual([]);
});
