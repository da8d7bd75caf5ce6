import { expect, test } from "vitest";
import { colorAt, colorTable, inkOn, signedStep, STEPS } from "../src/lib/colors";
import { count, decimal, decimals, fixed, parse, percent, short } from "../src/lib/numbers";
import { point } from "../src/lib/point.svelte";

test("numbers side by side get the same digits after the point", () => {
  expect([12.34567, 0.1, -3].map((value) => fixed(value, 12.34567))).toEqual(["12.346", "0.100", "−3.000"]);
});

test("no digit is shown beyond what the largest number beside it allows", () => {
  expect(decimals(1234567)).toBe(0);
  expect(decimals(0.9)).toBe(5);
  expect(fixed(0.00001234, 1)).toBe("0.0000");
});

test("a number alone has no zeros that say nothing", () => {
  expect([4, 0.5, -1.25, 1 / 3, 0, 100].map((value) => short(value))).toEqual([
    "4",
    "0.5",
    "−1.25",
    "0.3333",
    "0",
    "100",
  ]);
});

test("very small and very large numbers are told by their power of ten", () => {
  expect([fixed(0.00001234), fixed(-123456789)]).toEqual(["1.2340×10⁻⁵", "−1.2346×10⁸"]);
});

test("a rounded zero has no sign", () => {
  expect(fixed(-0.00001, 1)).toBe("0.0000");
});

test("what is not a number is said", () => {
  expect([fixed(NaN), fixed(-Infinity)]).toEqual(["not a number", "−∞"]);
});

test("counts and shares", () => {
  expect(count(3_000_000_000)).toBe("3\u202f000\u202f000\u202f000");
  expect([percent(0.97123), percent(0.001), percent(1)]).toEqual(["97.1 %", "0.10 %", "100.00 %"]);
});

test("a comma or a real minus sign may be typed", () => {
  expect([parse("1,5"), parse("−2"), parse(""), parse("x")]).toEqual([1.5, -2, NaN, NaN]);
});

test("signed colors are symmetric around zero", () => {
  expect([signedStep(0, 1), signedStep(1, 1), signedStep(-1, 1), signedStep(9, 1), signedStep(0, 0)]).toEqual([
    127, 254, 0, 254, 127,
  ]);
});

test("a color table is opaque and holds red, green and blue in memory order", () => {
  const table = colorTable("gray");
  expect(table.length).toBe(STEPS);
  expect([...new Uint8Array(table.buffer, 4 * 254, 4)]).toEqual([255, 255, 255, 255]);
  expect([...new Uint8Array(table.buffer, 0, 4)]).toEqual([0, 0, 0, 255]);
});

test("positive and negative ends differ in more than red and green, for eyes that confuse these", () => {
  for (const name of ["activation", "weight"] as const) {
    for (const dark of [false, true]) {
      const [low, high] = [colorAt(name, 0, dark), colorAt(name, 1, dark)];
      expect(Math.abs(low[2] - high[2])).toBeGreaterThan(40);
    }
  }
});

test("ink is readable on every color of every table", () => {
  const luminance = (color: readonly number[]): number => {
    const [r, g, b] = color.map((part) =>
      part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (let i = 0; i < STEPS; i++) {
    const color = colorAt("activation", i / (STEPS - 1));
    const [ink, ground] = [inkOn(color) === "#000" ? 0 : 1, luminance(color)];
    expect((Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05)).toBeGreaterThan(4.5);
  }
});

test("in German a comma stands where English has the point, and what is typed is read with either", () => {
  point.comma = true;
  expect([
    fixed(-3.5, 12.34567),
    short(1.25),
    short(1.5),
    short(100),
    percent(0.505),
    decimal(2, 1),
    fixed(0.00001234),
  ]).toEqual(["−3,500", "1,25", "1,5", "100", "50,5 %", "2,0", "1,2340×10⁻⁵"]);
  expect([parse(short(-0.5)), parse("0.5")]).toEqual([-0.5, 0.5]);
  point.comma = false;
});
