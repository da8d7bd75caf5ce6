import { expect, test } from "vitest";
import { beyondColor, colorAt, inkOn, type Color, type TableName } from "../src/lib/colors";
import signed from "./signed-colors.json";

/** How colors look to eyes without one kind of cones (Machado, Oliveira and Fernandes 2009), on linear light. */
const BLIND: Record<string, readonly number[]> = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};
/** Colors this far apart (CIE 1976) are told apart at a glance; about 2 can just be seen. */
const APART = 20;

function linear(color: Color): number[] {
  return color.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
}

function lab(color: Color, eyes: readonly number[]): number[] {
  const seen = linear(color);
  const [r, g, b] = [0, 3, 6].map((row) =>
    Math.min(1, Math.max(0, eyes[row] * seen[0] + eyes[row + 1] * seen[1] + eyes[row + 2] * seen[2])),
  );
  const [x, y, z] = [
    (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
    0.2126 * r + 0.7152 * g + 0.0722 * b,
    (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
  ].map((part) => (part > 0.008856 ? Math.cbrt(part) : 7.787 * part + 16 / 116));
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const distance = (a: Color, b: Color, eyes: readonly number[]): number => {
  const [one, other] = [lab(a, eyes), lab(b, eyes)];
  return Math.hypot(...one.map((part, i) => part - other[i]));
};

for (const [name, eyes] of Object.entries(BLIND)) {
  for (const table of ["activation", "weight"] as TableName[]) {
    for (const dark of [false, true]) {
      test(`plus, zero and minus of ${table} are told apart with ${name}${dark ? ", dark" : ""}`, () => {
        for (const strength of [0.25, 0.5]) {
          const [low, zero, high] = [0.5 - strength, 0.5, 0.5 + strength].map((at) => colorAt(table, at, dark));
          expect(distance(low, high, eyes)).toBeGreaterThan(APART);
          expect(distance(low, zero, eyes)).toBeGreaterThan(APART);
          expect(distance(high, zero, eyes)).toBeGreaterThan(APART);
        }
      });
    }
  }
}

test("numbers on any color of a table have the contrast of level AA", () => {
  const light = (color: Color): number =>
    linear(color).reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  for (const table of ["activation", "weight", "gray", "heat"] as TableName[]) {
    for (const dark of [false, true]) {
      for (let step = 0; step <= 100; step++) {
        const ground = light(colorAt(table, step / 100, dark));
        const ink = inkOn(colorAt(table, step / 100, dark)) === "#000" ? 0 : 1;
        expect((Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05)).toBeGreaterThan(4.5);
      }
    }
  }
});

test("signed numbers have the colors that eyespot explain draws: positive red, negative blue", () => {
  for (const [at, drawn] of Object.entries(signed)) {
    colorAt("activation", Number(at)).forEach((part, i) => expect(Math.abs(part - drawn[i])).toBeLessThan(16));
  }
  for (const dark of [false, true]) {
    const [[lowRed, , lowBlue], [highRed, , highBlue]] = [
      colorAt("activation", 0.2, dark),
      colorAt("activation", 0.8, dark),
    ];
    expect(lowBlue).toBeGreaterThan(lowRed);
    expect(highRed).toBeGreaterThan(highBlue);
  }
});

for (const [name, eyes] of Object.entries(BLIND)) {
  test(`values beyond the range are told apart from its ends with ${name}`, () => {
    for (const dark of [false, true]) {
      expect(distance(beyondColor(1), colorAt("activation", 1, dark), eyes)).toBeGreaterThan(APART);
      expect(distance(beyondColor(-1), colorAt("activation", 0, dark), eyes)).toBeGreaterThan(APART);
      expect(distance(beyondColor(1), colorAt("activation", 0.5, dark), eyes)).toBeGreaterThan(APART);
    }
    expect(distance(beyondColor(1), beyondColor(-1), eyes)).toBeGreaterThan(APART);
  });
}
