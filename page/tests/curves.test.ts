import { expect, it } from "vitest";
import { point } from "../src/lib/point.svelte";
import type { LogLine } from "../src/train/api";
import { asTexts, joined, quantitiesOf, seriesOf, smoothed, valueAt } from "../src/train/curves";

const line = (step: number, more: Partial<LogLine> = {}): LogLine => ({
  step,
  steps: 4,
  epoch: 0,
  seconds: 0,
  rate: 0,
  loss: 10 / step,
  ...more,
});
const lines = [
  line(1),
  line(2, { validation: { accuracy: 0.5, "accuracy error": 0.1, loss: 3 } }),
  line(4, { validation: { accuracy: 0.75, loss: null } }),
];

it("the quantities of a log are those with numbers, without standard errors", () => {
  expect(quantitiesOf([lines])).toEqual(["training loss", "validation accuracy", "validation loss"]);
  expect(quantitiesOf([])).toEqual(["training loss"]);
});

it("a series has the epochs at which there is a value", () => {
  expect(seriesOf(lines, "training loss", 8, 16)).toEqual({ epochs: [0.5, 1, 2], values: [10, 5, 2.5] });
  expect(seriesOf(lines, "validation loss", 8, 16)).toEqual({ epochs: [1], values: [3] });
});

it("smoothing is an average of the values so far, which starts at the first", () => {
  expect(smoothed([4, 2, 6], 0)).toEqual([4, 2, 6]);
  const [first, second] = smoothed([4, 2], 0.5);
  expect(first).toBe(4);
  expect(second).toBeCloseTo((0.25 * 4 + 0.5 * 2) / 0.75);
  expect(smoothed([3, 3, 3], 0.9).every((value) => Math.abs(value - 3) < 1e-12)).toBe(true);
});

it("the value at an epoch is the last one so far", () => {
  const series = seriesOf(lines, "training loss", 8, 16);
  expect([0.4, 0.5, 1.9, 9].map((epoch) => valueAt(series, series.values, epoch))).toEqual([null, 10, 5, 2.5]);
});

it("series of different epochs are joined on one axis", () => {
  const two = [
    { epochs: [1, 2], values: [5, 6] },
    { epochs: [2, 3], values: [7, 8] },
  ];
  expect(
    joined(
      two,
      two.map(({ values }) => values),
    ),
  ).toEqual([
    [1, 2, 3],
    [5, 6, null],
    [null, 7, 8],
  ]);
});

it("numbers at an axis have a decimal comma in German", () => {
  point.comma = true;
  expect(asTexts(null, [0.25, 0.30000000000000004, 12])).toEqual(["0,25", "0,3", "12"]);
  point.comma = false;
});
