import { drawImage } from "../lib/draw";
import type { ImageSpec } from "../lib/manifest";

/** Pixels (C, H, W) as the address of a PNG file, so that they are drawn exactly as generated images are. */
export function pngOf(pixels: Uint8Array, { channels, width, height }: ImageSpec): string {
  const canvas = document.createElement("canvas");
  drawImage(
    canvas,
    Float32Array.from(pixels, (one) => one / 255),
    channels,
    width,
    height,
  );
  return canvas.toDataURL();
}
