import { texts } from "./language.svelte";
import type { ImageSpec } from "./manifest";
import { fitted, planesOf, type Fit } from "./resize";
import type { Preparation } from "./source";

/** A preview has at most so many pixels a side. */
const PREVIEW = 256;

/** A picture file as the network takes it: decoded by the browser, upright, on white, resized as in eyespot. */
export async function readPicture(file: Blob, images: ImageSpec, fit: Fit): Promise<Preparation> {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" }).catch(() => null);
  if (!bitmap) throw new Error(texts().unreadablePicture);
  const { width, height } = bitmap;
  const rgba = drawn(bitmap, width, height).getContext("2d")!.getImageData(0, 0, width, height).data;
  const scale = Math.min(1, PREVIEW / Math.max(width, height));
  const small = drawn(bitmap, Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  const found = fitted(planesOf(rgba, height, width, images.channels), images.height, images.width, fit);
  return {
    ...found,
    original: small.toDataURL("image/png").split(",")[1],
    size: [height, width, isGray(rgba) ? 1 : 3],
    fit,
  };
}

function drawn(bitmap: ImageBitmap, width: number, height: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  return canvas;
}

function isGray(rgba: Uint8ClampedArray): boolean {
  for (let at = 0; at < rgba.length; at += 4) if (rgba[at] !== rgba[at + 1] || rgba[at] !== rgba[at + 2]) return false;
  return true;
}
