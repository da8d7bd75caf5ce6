/** The receptive field of one number after each layer: how many numbers of the input it depends on along one side. */
export interface Grown {
  readonly size: number;
  /** How far apart in the input two neighbors of this layer are. */
  readonly jump: number;
}

/** Layers of one kernel and stride; each layer's dilation is the one before times `growth`. */
export function grow(layers: number, kernel: number, stride: number, growth: number): Grown[] {
  const found: Grown[] = [{ size: 1, jump: 1 }];
  for (let layer = 0; layer < layers; layer++) {
    const { size, jump } = found[layer];
    found.push({ size: size + (kernel - 1) * growth ** layer * jump, jump: jump * stride });
  }
  return found;
}

/** Which numbers of each layer, from the last back to the input, the number 0 of the last one depends on. */
export function dependsOn(layers: number, kernel: number, stride: number, growth: number): number[][] {
  const found = [[0]];
  for (let layer = layers - 1; layer >= 0; layer--) {
    const taps = Array.from({ length: kernel }, (_, k) => k * growth ** layer);
    found.push([...new Set(found.at(-1)!.flatMap((at) => taps.map((tap) => at * stride + tap)))].sort((a, b) => a - b));
  }
  return found;
}
