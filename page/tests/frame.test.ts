import { expect, test } from "vitest";
import { fitted, panned, zoomed, type Point } from "../src/lib/frame";

const places: readonly Point[] = [
  [0, 0],
  [10, 0],
  [0, 4],
  [10, 4],
];

test("a view holds all places with a margin, in the shape of the window", () => {
  const view = fitted(places, 2);
  expect([view.left, view.width, view.height].map((value) => Number(value.toFixed(6)))).toEqual([-0.5, 11, 5.5]);
  expect(fitted([[3, 3]], 1).width).toBeGreaterThan(0);
});

test("zooming keeps the point under the pointer, and moving follows it", () => {
  const view = fitted(places, 2);
  const closer = zoomed(view, 0.5, [0.25, 0.75]);
  expect(closer.left + closer.width * 0.25).toBeCloseTo(view.left + view.width * 0.25);
  expect(closer.top + closer.height * 0.75).toBeCloseTo(view.top + view.height * 0.75);
  expect(zoomed(view, 0.5, undefined, [4, 100])).toEqual(view);
  expect(zoomed(view, 1e9, undefined, [0, 400])).toEqual(view);
  expect(panned(view, 0.5, 0).left).toBeCloseTo(view.left - view.width / 2);
});
