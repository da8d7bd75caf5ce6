import { expect, it } from "vitest";
import { balancedPatches, candidatePatches, objectPatches } from "../src/judge/patches";
import type { Outcome } from "../src/judge/outcomes";

const point = (x: number, y: number) => ({ label: "", place: [x, y] });
const cells: Outcome = {
  image: "a.png",
  size: [100, 200],
  objects: [point(10, 10), point(50, 50)],
  found: [
    { ...point(11, 10), score: 0.8, object: 0 },
    { ...point(14, 10), score: 0.7, object: null },
    { ...point(90, 90), score: 0.2, object: null },
  ],
};
const missing: Outcome = { ...cells, size: null };

it("an object has the score of its detection, and a missed one 0", () => {
  expect(objectPatches([missing, cells]).map(({ image, x, score }) => [image, x, score])).toEqual([
    [1, 10, 0.8],
    [1, 50, 0],
  ]);
});

it("candidates lie far from every object", () => {
  expect(candidatePatches([cells], 12)).toEqual([{ image: 0, x: 90, y: 90, there: false, score: 0.2 }]);
});

it("half of the patches have an object, the others none within twice the radius", () => {
  const many: Outcome = { ...cells, objects: Array.from({ length: 12 }, (_, i) => point(10 * i + 5, 20)) };
  const patches = balancedPatches([many], 20, 6, "few");
  expect(patches.filter(({ there }) => there)).toHaveLength(10);
  for (const { x, y } of patches.filter(({ there }) => !there)) {
    for (const { place } of many.objects) expect(Math.hypot(place[0] - x, place[1] - y)).toBeGreaterThanOrEqual(12);
  }
});

it("too few objects or too little background is an error", () => {
  expect(() => balancedPatches([cells], 20, 6, "few")).toThrow("few");
  expect(() => balancedPatches([cells], 4, 300, "few")).toThrow("few");
});
