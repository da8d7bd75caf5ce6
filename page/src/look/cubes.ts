import type { Place } from "../lib/explanation";
import type { Call } from "../lib/manifest";
import { mapShape, type Tensor } from "../lib/tensor";

/** More cubes than this in one call cannot be told apart; then one stands for a block of numbers. */
const MOST = 2500;
/** Distance from one call to the next, and the largest extent of a call. */
const APART = 36;
const EXTENT = 76;

/** The cubes of one call: `block` x `block` numbers of a map are one cube. */
export interface Slab {
  readonly call: Call;
  readonly block: number;
  readonly rows: number;
  readonly columns: number;
  readonly count: number;
  readonly side: number;
  /** x, y, z for each cube. */
  readonly positions: Float32Array;
}

export function slabOf(call: Call, index: number): Slab {
  const [channels, height, width] = mapShape(call.shape);
  let block = 1;
  while (channels * Math.ceil(height / block) * Math.ceil(width / block) > MOST && block < Math.max(height, width))
    block += 1;
  const [rows, columns] = [Math.ceil(height / block), Math.ceil(width / block)];
  const across = Math.ceil(Math.sqrt((channels * rows) / columns));
  const down = Math.ceil(channels / across);
  const gap = rows * columns === 1 ? 0.3 : 2;
  const [tall, wide] = [down * (rows + gap) - gap, across * (columns + gap) - gap];
  const side = Math.min(1.6, EXTENT / Math.max(tall, wide));
  const positions = new Float32Array(channels * rows * columns * 3);
  for (let i = 0; i < channels * rows * columns; i++) {
    const [channel, y, x] = [Math.floor(i / (rows * columns)), Math.floor(i / columns) % rows, i % columns];
    const [row, column] = [Math.floor(channel / across), channel % across];
    positions[3 * i] = index * APART;
    positions[3 * i + 1] = (tall / 2 - (row * (rows + gap) + y + 0.5)) * side;
    positions[3 * i + 2] = (column * (columns + gap) + x + 0.5 - wide / 2) * side;
  }
  return { call, block, rows, columns, count: channels * rows * columns, side, positions };
}

/** The number that a cube stands for: of its block, the one furthest from zero. */
export function placeOf(slab: Slab, cube: number, tensor: Tensor): Place {
  const { block, rows, columns, call } = slab;
  const [, height, width] = mapShape(call.shape);
  const [channel, top, left] = [
    Math.floor(cube / (rows * columns)),
    (Math.floor(cube / columns) % rows) * block,
    (cube % columns) * block,
  ];
  let best = { y: top, x: left, size: -1 };
  for (let y = top; y < Math.min(height, top + block); y++) {
    for (let x = left; x < Math.min(width, left + block); x++) {
      const size = Math.abs(tensor.data[(channel * height + y) * width + x]);
      if (size > best.size) best = { y, x, size };
    }
  }
  return { call: call.id, channel, y: best.y, x: best.x };
}

export function cubeOf({ block, rows, columns }: Slab, { channel, y, x }: Place): number {
  return (channel * rows + Math.floor(y / block)) * columns + Math.floor(x / block);
}
