import { expect, test } from "vitest";
import { fitted, isInside, nextPlace, panned, zoomed, type Point } from "../src/judge/places";

const places: readonly Point[] = [[0, 0], [10, 0], [0, 4], [10, 4]];

test("a view holds all places with a margin, in the shape of the window", () => {
  const view = fitted(places, 2);
  expect([view.left, view.width, view.height].map((value) => Number(value.toFixed(6)))).toEqual([-0.5, 11, 5.5]);
  expect(fitted([[3, 3]], 1).width).toBeGreaterThan(0);
});

test("zooming keeps the point under the pointer, and moving follows it", () => {
  const view = fitted(places, 2);
  const closer = zoomed(view, 0.5, 0.25, 0.75);
  expect(closer.left + closer.width * 0.25).toBeCloseTo(view.left + view.width * 0.25);
  expect(closer.top + closer.height * 0.75).toBeCloseTo(view.top + view.height * 0.75);
  expect(panned(view, 0.5, 0).left).toBeCloseTo(view.left - view.width / 2);
});

test("a lasso holds what is inside its outline, also where it is bent inward", () => {
  const outline: readonly Point[] = [[0, 0], [10, 0], [10, 10], [5, 2], [0, 10]];
  expect([[5, 1], [1, 5], [5, 5], [11, 1]].map((one) => isInside(one as unknown as Point, outline))).toEqual([true, true, false, false]);
});

test("arrow keys go to the nearest image in their direction", () => {
  expect([nextPlace(places, 0, [1, 0]), nextPlace(places, 0, [0, 1]), nextPlace(places, 0, [-1, 0]), nextPlace(places, 3, [0, -1])]).toEqual([1, 2, 0, 1]);
});
