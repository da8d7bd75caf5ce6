import { describe, expect, it } from "vitest";
import {
  countOf,
  figuresOf,
  kindsOf,
  mistakesOf,
  NONE,
  precisionByRecall,
  toggled,
  type Outcome,
} from "../src/judge/outcomes";

const box = (label: string) => ({ label, place: [0, 0, 1, 1] });
const image: Outcome = {
  image: "a.png",
  size: [10, 10],
  objects: [box("a"), box("a"), box("b")],
  found: [
    { ...box("a"), score: 0.9, object: 0 },
    { ...box("a"), score: 0.6, object: null },
    { ...box("a"), score: 0.4, object: 1 },
    { ...box("b"), score: 0.3, object: null },
  ],
};
const counts = (threshold: number, label = ""): number[] =>
  Object.values(kindsOf(image, threshold, label)).map(({ length }) => length);

it("a threshold decides what is found, missed and false", () => {
  expect(counts(0.5)).toEqual([1, 2, 1]);
  expect(counts(0.4)).toEqual([2, 1, 1]);
  expect(counts(0)).toEqual([2, 1, 2]);
  expect(counts(1)).toEqual([0, 3, 0]);
  expect(counts(0.5, "b")).toEqual([0, 1, 0]);
});

it("precision, recall and F1 follow from the counts, with Wilson intervals", () => {
  const figures = figuresOf([kindsOf(image, 0.5), kindsOf(image, 0.4)]);
  expect([figures.found, figures.missed, figures.false]).toEqual([3, 3, 2]);
  expect(figures.precision?.[0]).toBe(0.6);
  expect(figures.precision?.[1]).toBeCloseTo(0.2307, 4);
  expect(figures.recall?.[0]).toBe(0.5);
  expect(figures.f1).toBeCloseTo(6 / 11);
  expect(figuresOf([kindsOf(image, 1)])).toMatchObject({ precision: null, f1: 0 });
});

it("precision by recall goes through every score", () => {
  expect(precisionByRecall([image])).toEqual([
    [1 / 3, 1],
    [1 / 3, 1 / 2],
    [2 / 3, 2 / 3],
    [2 / 3, 2 / 4],
  ]);
  expect(precisionByRecall([image], "b")).toEqual([[0, 0]]);
  expect(precisionByRecall([])).toEqual([]);
});

describe("corrections of annotations", () => {
  const mistakes = mistakesOf(image, kindsOf(image, 0.5));
  it("name missed objects and false detections by their numbers", () => {
    expect(mistakes.map(({ kind, number, label }) => [kind, number, label])).toEqual([
      ["remove", 1, "a"],
      ["remove", 2, "b"],
      ["add", 1, "a"],
    ]);
  });
  it("are made and taken back", () => {
    const mistake = { ...mistakes[0], kind: "add" as const, number: 3 };
    const once = toggled(NONE, mistake);
    expect(once).toEqual({ add: [3], remove: [] });
    expect(countOf(once)).toBe(1);
    expect(toggled(once, mistake)).toEqual(NONE);
  });
});
