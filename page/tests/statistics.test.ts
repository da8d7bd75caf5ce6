import { expect, test } from "vitest";
import { scoreText } from "../src/judge/runs";
import {
  calibrationOf,
  classFigures,
  compared,
  mcnemar,
  outcomeOf,
  rejectionOf,
  tagFigures,
  wilson,
} from "../src/judge/statistics";
import { confusionOf, paired, passes, readTable } from "../src/judge/table";

const judged = (rows: [string, string, number][]) =>
  readTable({
    columns: ["image", "target", "label", "probability", "right"],
    count: rows.length,
    rows: rows.map(([target, label, probability], i) => [`${i}`, target, label, probability, target === label]),
  });
const table = judged([
  ["a", "a", 0.9],
  ["a", "b", 0.8],
  ["b", "b", 0.5],
  ["b", "b", 0.7],
  ["b", "a", 0.4],
]);

test("figures of a class are counted in its row and column", () => {
  const [a, b] = classFigures(confusionOf(table));
  expect(a).toMatchObject({ label: "a", count: 2, precision: 1 / 2, recall: 1 / 2, f1: 1 / 2 });
  expect(b).toMatchObject({ label: "b", count: 3, precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 });
});

test("a class that was never predicted has no precision, and one without images no recall", () => {
  const [a, b] = classFigures(confusionOf(judged([["a", "b", 0.9]])));
  expect([a.precision, a.recall, b.precision, b.recall, b.interval]).toEqual([null, 0, 0, null, null]);
});

test("Wilson's interval is that of the textbook", () => {
  const [low, high] = wilson(8, 10);
  expect(low).toBeCloseTo(0.49016, 4);
  expect(high).toBeCloseTo(0.94332, 4);
  expect(wilson(0, 5)[0]).toBeCloseTo(0, 12);
});

test("the calibration error is the mean gap of the bins", () => {
  // Each answer has a bin of its own: gaps 0.1, 0.8, 0.5, 0.3, 0.4.
  expect(calibrationOf(table)!.error).toBeCloseTo((0.1 + 0.8 + 0.5 + 0.3 + 0.4) / 5, 12);
  expect(calibrationOf(table)!.bins.reduce((sum, { count }) => sum + count, 0)).toBe(5);
  expect(calibrationOf([])).toBeNull();
});

test("rejecting the least sure answers leaves the error of the others", () => {
  const points = rejectionOf(table);
  expect(points[0]).toEqual({ rejected: 0, error: 2 / 5 });
  expect(points.at(-1)!.rejected).toBeCloseTo(0.8, 12);
  expect(points.at(-1)!.error).toBe(0);
});

test("two runs are compared by the images that only one has right", () => {
  const other = judged([
    ["a", "b", 0.9],
    ["a", "a", 0.8],
    ["b", "b", 0.5],
    ["b", "a", 0.7],
    ["b", "a", 0.4],
  ]);
  const beside = paired(table, other);
  expect(compared(table, beside)).toEqual({ first: 2, second: 1, p: 1 });
  expect(table.filter((one) => passes(one, "onlyFirst", beside)).map(({ row }) => row)).toEqual([0, 3]);
  expect(table.filter((one) => passes(one, "onlySecond", beside)).map(({ row }) => row)).toEqual([1]);
  expect(mcnemar(0, 6)).toBeCloseTo(2 / 64, 12);
  expect(mcnemar(0, 0)).toBe(1);
});

test("tags are counted from a threshold on, without the images of which they are not known", () => {
  const tagged = readTable({
    columns: ["image", "target:cat", "target:dog", "answer", "probabilities:cat", "probabilities:dog"],
    count: 4,
    rows: [
      ["0", 1, 0, "cat", 0.9, 0.1],
      ["1", 1, 1, "", 0.3, 0.6],
      ["2", 0, null, "cat|dog", 0.7, 0.8],
      ["3", 0, 0, "", 0.2, 0.2],
    ],
  });
  expect(tagged.map(({ target }) => target)).toEqual(["cat", "cat, dog", "", ""]);
  expect(tagged[2].label).toBe("cat, dog");
  expect(tagFigures("cat", tagged, 0.5)).toMatchObject({
    hits: 1,
    missed: 1,
    false: 1,
    precision: 0.5,
    recall: 0.5,
    f1: 0.5,
  });
  expect(tagFigures("cat", tagged, 0.3)).toMatchObject({ hits: 2, missed: 0, false: 1 });
  expect(tagFigures("dog", tagged, 0.7)).toMatchObject({ hits: 0, missed: 1, false: 0, precision: null });
  expect([outcomeOf(tagged[2], "cat", 0.5), outcomeOf(tagged[2], "dog", 0.5)]).toEqual(["false", null]);
});

test("a share is written in percent, a number with its unit, both with the interval", () => {
  expect(scoreText({ metric: "accuracy", score: 0.5, interval: [0.25, 0.75] })).toBe("50.0 % (25.0 % – 75.0 %)");
  expect(scoreText({ metric: "mean_absolute_error", unit: "degrees", score: 2.5, interval: [2, 3] })).toBe(
    "2.5 degrees (2 degrees – 3 degrees)",
  );
  expect(scoreText({ metric: "accuracy" })).toBeNull();
});
