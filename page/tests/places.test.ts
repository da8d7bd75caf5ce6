import { expect, test } from "vitest";
import { isInside, nextPlace } from "../src/judge/places";
import type { Point } from "../src/lib/frame";

const places: readonly Point[] = [
  [0, 0],
  [10, 0],
  [0, 4],
  [10, 4],
];

test("a lasso holds what is inside its outline, also where it is bent inward", () => {
  const outline: readonly Point[] = [
    [0, 0],
    [10, 0],
    [10, 10],
    [5, 2],
    [0, 10],
  ];
  expect(
    [
      [5, 1],
      [1, 5],
      [5, 5],
      [11, 1],
    ].map((one) => isInside(one as unknown as Point, outline)),
  ).toEqual([true, true, false, false]);
});

test("arrow keys go to the nearest image in their direction", () => {
  expect([
    nextPlace(places, 0, [1, 0]),
    nextPlace(places, 0, [0, 1]),
    nextPlace(places, 0, [-1, 0]),
    nextPlace(places, 3, [0, -1]),
  ]).toEqual([1, 2, 0, 1]);
});
