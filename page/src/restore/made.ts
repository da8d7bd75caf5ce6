import type { ImageAnswer } from "../lib/server";

/** An answer that is an image, with the addresses of both images. */
export interface Made {
  readonly answer: ImageAnswer;
  readonly before: string;
  readonly image: string;
}

/** A kind of noise: the range and the usual amount, and the step between amounts. */
interface Amount {
  readonly low: number;
  readonly high: number;
  readonly step: number;
  readonly usual: number;
}

/** Noise that the server adds, by its name: a deviation on the scale 0 to 255, counts of light, or a share of the pixels. */
export const NOISES = {
  gaussian: { low: 1, high: 100, step: 1, usual: 25 },
  poisson: { low: 1, high: 200, step: 1, usual: 30 },
  bernoulli: { low: 0.05, high: 0.95, step: 0.05, usual: 0.5 },
  text: { low: 0.05, high: 0.5, step: 0.05, usual: 0.25 },
  impulse: { low: 0.05, high: 0.95, step: 0.05, usual: 0.5 },
} as const satisfies Record<string, Amount>;
export type Noise = keyof typeof NOISES;

/** A color that is known at a place of the image. */
export interface ColorHint {
  readonly row: number;
  readonly column: number;
  /** "#rrggbb". */
  readonly color: string;
}

/** The hints with one more; it replaces one at the same place. */
export function withHint(hints: readonly ColorHint[], hint: ColorHint): readonly ColorHint[] {
  return [...hints.filter(({ row, column }) => row !== hint.row || column !== hint.column), hint];
}

/** Hints as the server reads them, for an image that is `scale` times as large as the one they were picked on. */
export function hintText(hints: readonly ColorHint[], scale: number): string {
  const at = (place: number): number => Math.ceil((place + 0.5) * scale) - 1; // inside, also at the last pixel
  return hints.map(({ row, column, color }) => `${at(row)},${at(column)},${color.slice(1)}`).join(";");
}
