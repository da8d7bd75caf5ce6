import { mapShape, zeros, type Tensor } from "../tensor";

export type Sign = "+" | "−" | "·" | "/";

export function apply(sign: Sign, left: number, right: number): number {
  return sign === "+" ? left + right : sign === "−" ? left - right : sign === "·" ? left * right : left / right;
}

/** Two tensors, or a tensor and a number, place by place; a side of length 1 counts for all places along it. */
export function combine(left: Tensor | number, right: Tensor | number, sign: Sign, shape: readonly number[]): Tensor {
  const result = zeros(shape);
  const [channels, height, width] = mapShape(shape);
  const [a, b] = [reader(left, shape), reader(right, shape)];
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) result.data[at++] = apply(sign, a(c, y, x), b(c, y, x));
    }
  }
  return result;
}

/** How to read an operand at a place of the result. */
export function reader(of: Tensor | number, shape: readonly number[]): (c: number, y: number, x: number) => number {
  if (typeof of === "number") return () => of;
  // A tensor of the network may still have its axis for N, of length 1, in front.
  const sides = of.shape.length > shape.length ? of.shape.slice(-shape.length) : of.shape;
  const full = [...new Array<number>(Math.max(0, shape.length - sides.length)).fill(1), ...sides];
  const [channels, height, width] = full.length === 3 ? full : [full[0] ?? 1, 1, 1];
  return (c, y, x) =>
    of.data[((channels === 1 ? 0 : c) * height + (height === 1 ? 0 : y)) * width + (width === 1 ? 0 : x)];
}

/** Put `value` around each map: left, right, top, bottom; negative numbers cut off. */
export function pad(input: Tensor, sides: readonly number[], value: number, shape: readonly number[]): Tensor {
  const [, height, width] = mapShape(input.shape);
  const [channels, outHeight, outWidth] = mapShape(shape);
  const result = zeros(shape);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = -sides[2]; y < outHeight - sides[2]; y++) {
      for (let x = -sides[0]; x < outWidth - sides[0]; x++) {
        const inside = y >= 0 && y < height && x >= 0 && x < width;
        result.data[at++] = inside ? input.data[(c * height + y) * width + x] : value;
      }
    }
  }
  return result;
}

/** Take a part out: for each axis (start, stop, step). */
export function crop(
  input: Tensor,
  ranges: readonly (readonly [number, number, number])[],
  shape: readonly number[],
): Tensor {
  const [, height, width] = mapShape(input.shape);
  const [channels, outHeight, outWidth] = mapShape(shape);
  const [channel, row, column] = [ranges[0], ranges[1] ?? [0, 1, 1], ranges[2] ?? [0, 1, 1]];
  const result = zeros(shape);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++) {
        const from = ((channel[0] + c * channel[2]) * height + row[0] + y * row[2]) * width + column[0] + x * column[2];
        result.data[at++] = input.data[from];
      }
    }
  }
  return result;
}

/** Where a number of a shuffled image comes from: r x r channels become r x r times as many pixels. */
export function shuffled(factor: number, [channel, y, x]: readonly [number, number, number]): [number, number, number] {
  const cell = (y % factor) * factor + (x % factor);
  return [channel * factor * factor + cell, Math.floor(y / factor), Math.floor(x / factor)];
}

/** The other way round: r x r times as many pixels become r x r channels. */
export function unshuffled(
  factor: number,
  [channel, y, x]: readonly [number, number, number],
): [number, number, number] {
  const [source, cell] = [Math.floor(channel / (factor * factor)), channel % (factor * factor)];
  return [source, y * factor + Math.floor(cell / factor), x * factor + (cell % factor)];
}

/** Every number of the result taken from where `from` says that it comes from. */
export function rearrange(
  input: Tensor,
  shape: readonly number[],
  from: (place: readonly [number, number, number]) => [number, number, number],
): Tensor {
  const [, rows, columns] = mapShape(input.shape);
  const [channels, height, width] = mapShape(shape);
  const result = zeros(shape);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [channel, row, column] = from([c, y, x]);
        result.data[at++] = input.data[(channel * rows + row) * columns + column];
      }
    }
  }
  return result;
}
