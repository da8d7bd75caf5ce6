import type { Call } from "../lib/manifest";
import type { Network } from "../lib/network";

/** Kernels beside each other as one map, with an empty line between them. */
export interface Mosaic {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** Kernels of more channels than this would be too small to see. */
const MOST_KERNELS = 64;

/** All kernels of a unit of a convolution side by side, in the order of the channels; null where it has none. */
export function kernelsOf(network: Network, call: Call, unit: number): Mosaic | null {
  if (call.kind !== "conv") return null;
  const { shape, data } = network.weightsOf(call).weight;
  const [, kernels, height, width] = shape;
  if (kernels > MOST_KERNELS || height * width === 1) return null;
  const across = Math.ceil(Math.sqrt(kernels));
  const down = Math.ceil(kernels / across);
  const [rows, columns] = [down * (height + 1) - 1, across * (width + 1) - 1];
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < kernels * height * width; i++) {
    const kernel = Math.floor(i / (height * width));
    const row = Math.floor(kernel / across) * (height + 1) + (Math.floor(i / width) % height);
    const column = (kernel % across) * (width + 1) + (i % width);
    values[row * columns + column] = data[unit * kernels * height * width + i];
  }
  return { values, rows, columns };
}

/** At most `most` of some items, evenly over all, the first and the last among them. */
export function spreadOver<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return items.slice();
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]);
}
