import { beyondColor, colorTable, signedStep, STEPS, type Color, type TableName } from "./colors";

/** Wait until the next frame, with all that has changed so far, is on screen. */
export const onScreen = (): Promise<void> => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));

/**
 * Draw one map of signed numbers (H, W) at its native size; CSS scales it up with sharp edges. Where they are `marked`,
 * numbers beyond the range have colors of their own.
 */
export function drawSigned(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  width: number,
  height: number,
  range: number,
  name: TableName,
  dark: boolean,
  marked = false,
): void {
  const table = colorTable(name, dark);
  const [below, above] = [-1, 1].map((sign) => packed(beyondColor(sign)));
  paint(canvas, width, height, (pixels) => {
    for (let i = 0; i < pixels.length; i++) {
      const value = values[i];
      pixels[i] = marked && value > range ? above : marked && value < -range ? below : table[signedStep(value, range)];
    }
  });
}

/** A color as a pixel of ImageData (little-endian ABGR). */
function packed([red, green, blue]: Color): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** Draw shares from 0 to 1 (H, W), 0 at one end of the table and 1 at the other. */
export function drawShares(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  width: number,
  height: number,
  name: TableName,
  dark: boolean,
): void {
  const table = colorTable(name, dark);
  paint(canvas, width, height, (pixels) => {
    for (let i = 0; i < pixels.length; i++) pixels[i] = table[Math.round(clamp(values[i]) * (STEPS - 1))];
  });
}

/** Draw an image (C, H, W) of values from 0 to 1, with C = 1 gray or C = 3 red, green and blue. */
export function drawImage(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  channels: number,
  width: number,
  height: number,
): void {
  const bytes = new Uint8Array(channels * width * height);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.round(clamp(values[i]) * 255); // `from` takes ten times as long
  drawPixels(canvas, bytes, channels, width, height);
}

/** Draw an image of uint8 pixels (C, H, W). A page has many of them: nothing is computed but their order. */
export function drawPixels(
  canvas: HTMLCanvasElement,
  bytes: Uint8Array,
  channels: number,
  width: number,
  height: number,
): void {
  const size = width * height;
  const [green, blue] = channels === 3 ? [size, 2 * size] : [0, 0];
  paint(canvas, width, height, (pixels) => {
    for (let i = 0; i < size; i++)
      pixels[i] = ((255 << 24) | (bytes[blue + i] << 16) | (bytes[green + i] << 8) | bytes[i]) >>> 0;
  });
}

function clamp(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

function paint(canvas: HTMLCanvasElement, width: number, height: number, fill: (pixels: Uint32Array) => void): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(width, height);
  fill(new Uint32Array(image.data.buffer));
  context.putImageData(image, 0, 0);
}
