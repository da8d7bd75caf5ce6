import { interpolateBrBG, interpolateRdBu } from "d3-scale-chromatic";

/**
 * Color tables. Signed ones have 255 entries: number 127 is exactly zero, and both ends are equally far from it.
 * Positive numbers are red and negative ones blue, as in the drawings of `eyespot explain` (explanations/_drawing.py).
 * RdBu and BrBG are told apart by all common kinds of color-blind eyes.
 */
export type TableName = "activation" | "weight" | "gray" | "heat";
export const STEPS = 255;
const ZERO = 127;

/** Red, green, blue, each 0 to 255. */
export type Color = readonly [number, number, number];

const DARK_ENDS: Record<"activation" | "weight", [Color, Color, Color]> = {
  activation: [
    [110, 190, 255],
    [30, 33, 38],
    [255, 132, 92],
  ],
  weight: [
    [231, 172, 84],
    [30, 33, 38],
    [78, 205, 186],
  ],
};

/** The color of a table at `at` from 0 to 1. On a dark page zero is dark, so that strong numbers stand out there too. */
export function colorAt(name: TableName, at: number, dark = false): Color {
  if (name === "gray") return [at * 255, at * 255, at * 255];
  if (name === "heat") return mix(dark ? [30, 33, 38] : [255, 255, 255], dark ? [255, 196, 87] : [153, 52, 4], at);
  if (dark) return threeway(DARK_ENDS[name], at);
  return parseRgb(name === "activation" ? interpolateRdBu(1 - at) : interpolateBrBG(at));
}

function threeway([low, middle, high]: [Color, Color, Color], at: number): Color {
  return at < 0.5 ? mix(low, middle, at * 2) : mix(middle, high, at * 2 - 1);
}

function mix(from: Color, to: Color, at: number): Color {
  return [0, 1, 2].map((i) => from[i] + (to[i] - from[i]) * at) as unknown as Color;
}

function parseRgb(text: string): Color {
  return text.match(/\d+/g)!.slice(0, 3).map(Number) as unknown as Color;
}

const tables = new Map<string, Uint32Array>();

/** The table as pixels for ImageData (little-endian ABGR), made once. */
export function colorTable(name: TableName, dark = false): Uint32Array {
  const key = `${name} ${dark}`;
  let table = tables.get(key);
  if (!table) {
    table = new Uint32Array(STEPS);
    for (let i = 0; i < STEPS; i++) {
      const [red, green, blue] = colorAt(name, i / (STEPS - 1), dark).map(Math.round);
      table[i] = ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    }
    tables.set(key, table);
  }
  return table;
}

/** Which entry of a signed table shows a value, when `range` is shown at the ends. */
export function signedStep(value: number, range: number): number {
  const step = Math.round((value / (range || 1)) * ZERO) + ZERO;
  return step < 0 ? 0 : step > STEPS - 1 ? STEPS - 1 : step;
}

/** Colors of values beyond the range, below and above it: those of no entry of a table of activations. */
const BEYOND: readonly [Color, Color] = [
  [0, 130, 50],
  [255, 214, 0],
];

export function beyondColor(value: number): Color {
  return BEYOND[value < 0 ? 0 : 1];
}

/** A value's color for CSS. */
export function signedCss(value: number, range: number, name: TableName, dark: boolean): string {
  return `rgb(${colorAt(name, signedStep(value, range) / (STEPS - 1), dark)
    .map(Math.round)
    .join(" ")})`;
}

/** Black or white, whichever is easier to read on a color (relative luminance of WCAG 2). */
export function inkOn(color: Color): "#000" | "#fff" {
  const [red, green, blue] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
}
