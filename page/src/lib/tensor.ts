/**
 * Numbers of one image on their way through a network. Shapes have no batch axis:
 * (C, H, W) for maps, (K) for vectors; C channel, H height, W width, K unit of a vector.
 */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export type Pair = readonly [number, number];

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** A tensor of the given shape; raises RangeError where the numbers do not fill it exactly. */
export function tensor(shape: readonly number[], data: ArrayLike<number>): Tensor {
  if (data.length !== sizeOf(shape)) {
    throw new RangeError(`${data.length} numbers do not fill the shape (${shape.join(", ")}).`);
  }
  return { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

export function zeros(shape: readonly number[]): Tensor {
  return { shape, data: new Float32Array(sizeOf(shape)) };
}

/** (C, H, W) of any tensor; a vector of K numbers counts as K maps of one pixel. */
export function mapShape(shape: readonly number[]): [number, number, number] {
  return shape.length === 3 ? [shape[0], shape[1], shape[2]] : [sizeOf(shape), 1, 1];
}

/** One channel as a view on the same memory. */
export function plane(of: Tensor, channel: number): Float32Array {
  const [, height, width] = mapShape(of.shape);
  return of.data.subarray(channel * height * width, (channel + 1) * height * width);
}

export function largest(data: ArrayLike<number>): number {
  let found = 0;
  for (let i = 0; i < data.length; i++) {
    const value = Math.abs(data[i]);
    if (value > found) found = value;
  }
  return found;
}

export function argmax(data: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < data.length; i++) if (data[i] > data[best]) best = i;
  return best;
}
