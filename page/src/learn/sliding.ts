import { convolution, places, PLAIN } from "../lib/layers/convolution";
import { tensor } from "../lib/tensor";

/** The example that the lecture works through: every sum of it can be checked by hand. */
export const LECTURE_SIDE = 5;
export const LECTURE_IMAGE: readonly number[] = [
  1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0,
];
export const LECTURE_KERNEL: readonly number[] = [1, 0, 1, 0, 1, 0, 1, 0, 1];

/** A square window that walks over a square image. */
export interface Walk {
  readonly side: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
}

export interface Frame {
  readonly top: number;
  readonly left: number;
  readonly rows: number;
  readonly columns: number;
}

export function outputSide({ side, kernel, stride, padding }: Walk): number {
  return places(side, kernel, stride, padding);
}

/** The image with its ring of zeros. */
export function padded(values: readonly number[], side: number, padding: number): number[] {
  const wide = side + 2 * padding;
  const result = new Array<number>(wide * wide).fill(0);
  values.forEach((value, i) => {
    result[(Math.floor(i / side) + padding) * wide + (i % side) + padding] = value;
  });
  return result;
}

/** All sums of products, row by row. */
export function slide(values: readonly number[], kernel: readonly number[], walk: Walk): number[] {
  const image = tensor([1, walk.side, walk.side], values);
  const weight = tensor([1, 1, walk.kernel, walk.kernel], kernel);
  const pair = (n: number): [number, number] => [n, n];
  const sliding = { ...PLAIN, stride: pair(walk.stride), padding: pair(walk.padding) };
  return [...convolution(image, weight, null, sliding).data];
}

/** Where the window lies, counted in the padded image, when it makes the output number `place`. */
export function frameAt(walk: Walk, place: number): Frame {
  const across = outputSide(walk);
  return {
    top: Math.floor(place / across) * walk.stride,
    left: (place % across) * walk.stride,
    rows: walk.kernel,
    columns: walk.kernel,
  };
}

/** The numbers under the window, row by row; what lies outside counts as 0. */
export function under(values: readonly number[], columns: number, frame: Frame): number[] {
  const rows = values.length / columns;
  const found: number[] = [];
  for (let row = frame.top; row < frame.top + frame.rows; row++) {
    for (let column = frame.left; column < frame.left + frame.columns; column++) {
      found.push(row < rows && column < columns ? values[row * columns + column] : 0);
    }
  }
  return found;
}

/** How often each pixel lies under the window on its whole way, row by row. */
export function usage(walk: Walk): number[] {
  const along = new Array<number>(walk.side).fill(0);
  for (let place = 0; place < outputSide(walk); place++) {
    for (let k = 0; k < walk.kernel; k++) {
      const at = place * walk.stride - walk.padding + k;
      if (at >= 0 && at < walk.side) along[at] += 1;
    }
  }
  return along.flatMap((down) => along.map((across) => down * across));
}

/** The side of the image after each layer, until it is 1, or does not change, or the window no longer fits. */
export function shrinking(walk: Walk): number[] {
  const sides = [walk.side];
  for (let side = outputSide(walk); side > 0 && side < sides[sides.length - 1]; side = outputSide({ ...walk, side }))
    sides.push(side);
  return sides;
}

export function turned(kernel: readonly number[]): number[] {
  return [...kernel].reverse();
}
