/** Which part of the shorter side a drawing fills: 20 of 28 pixels, as in the handwritten digits of MNIST. */
const SHARE = 20 / 28;
/** Each pixel is the mean of so many times so many points of the drawing. */
const POINTS = 4;

/**
 * A drawing (side x side shares of ink, 0 to 1) as MNIST's digits were made (LeCun et al. 1998): scaled so that its longer
 * side fills 20 of 28 pixels, and moved so that its center of mass lies in the middle. Gives height x width shares of ink.
 */
export function centered(ink: Float32Array, side: number, height: number, width: number): Float32Array {
  const result = new Float32Array(height * width);
  const { top, bottom, left, right, row, column } = extent(ink, side);
  if (bottom < top) return result;
  const step = Math.max(bottom - top + 1, right - left + 1) / (SHARE * Math.min(height, width));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0;
      for (let i = 0; i < POINTS * POINTS; i++) {
        const down = (y + (Math.floor(i / POINTS) + 0.5) / POINTS - height / 2) * step + row;
        const across = (x + ((i % POINTS) + 0.5) / POINTS - width / 2) * step + column;
        const [sourceRow, sourceColumn] = [Math.floor(down), Math.floor(across)];
        if (sourceRow >= 0 && sourceRow < side && sourceColumn >= 0 && sourceColumn < side)
          sum += ink[sourceRow * side + sourceColumn];
      }
      result[y * width + x] = sum / (POINTS * POINTS);
    }
  }
  return result;
}

/** The box around the ink and its center of mass; bottom < top where there is none. */
function extent(
  ink: Float32Array,
  side: number,
): { top: number; bottom: number; left: number; right: number; row: number; column: number } {
  let [top, bottom, left, right] = [side, -1, side, -1];
  let [mass, rows, columns] = [0, 0, 0];
  for (let i = 0; i < ink.length; i++) {
    if (ink[i] === 0) continue;
    const [row, column] = [Math.floor(i / side), i % side];
    [top, bottom, left, right] = [
      Math.min(top, row),
      Math.max(bottom, row),
      Math.min(left, column),
      Math.max(right, column),
    ];
    mass += ink[i];
    rows += ink[i] * (row + 0.5);
    columns += ink[i] * (column + 0.5);
  }
  return { top, bottom, left, right, row: rows / mass, column: columns / mass };
}

/** Ink on paper as uint8 pixels (C, H, W): light on dark, or dark on light. */
export function inkPixels(ink: Float32Array, channels: number, lightOnDark: boolean): Uint8Array {
  const pixels = new Uint8Array(channels * ink.length);
  for (let i = 0; i < pixels.length; i++) {
    const share = ink[i % ink.length];
    pixels[i] = Math.round(255 * (lightOnDark ? share : 1 - share));
  }
  return pixels;
}
