import { expect, test } from "vitest";
import { centered, inkPixels } from "../src/lib/drawing";

/** A bar of ink somewhere in a drawing of 112 x 112. */
function bar(top: number, left: number, rows: number, columns: number): Float32Array {
  const ink = new Float32Array(112 * 112);
  for (let y = top; y < top + rows; y++) ink.fill(1, y * 112 + left, y * 112 + left + columns);
  return ink;
}

test("a drawing fills 20 of 28 pixels with its longer side and lies in the middle, wherever it was drawn", () => {
  for (const ink of [bar(5, 7, 60, 12), bar(50, 90, 30, 6)]) {
    const digit = centered(ink, 112, 28, 28);
    const rows = Array.from({ length: 28 }, (_, y) => digit.subarray(y * 28, y * 28 + 28).reduce((a, b) => a + b, 0));
    expect(rows.filter((sum) => sum > 0).length).toBe(20);
    expect(rows.reduce((sum, mass, y) => sum + mass * (y + 0.5), 0) / rows.reduce((a, b) => a + b, 0)).toBeCloseTo(
      14,
      1,
    );
    expect(rows.indexOf(rows.find((sum) => sum > 0)!)).toBe(4);
  }
});

test("nothing drawn is an empty picture", () => {
  expect(Math.max(...centered(new Float32Array(100), 10, 8, 8))).toBe(0);
});

test("ink is light on dark or dark on light, the same in every channel", () => {
  expect([...inkPixels(Float32Array.of(0, 1, 0.5), 1, true)]).toEqual([0, 255, 128]);
  expect([...inkPixels(Float32Array.of(0, 1), 3, false)]).toEqual([255, 0, 255, 0, 255, 0]);
});
