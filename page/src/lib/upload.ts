/** Files up to this size are sent as they are, without being decoded here first. */
const PLAIN = 4 << 20;
const [MOST_BYTES, MOST_PIXELS, LONGEST] = [30 << 20, 36e6, 4096];

/** A picture file that the server takes: one that is too large is scaled down here. */
export async function scaledDown(file: Blob): Promise<Blob> {
  if (file.size <= PLAIN) return file;
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
  if (!bitmap || (file.size <= MOST_BYTES && bitmap.width * bitmap.height <= MOST_PIXELS)) return file; // the server states what is wrong
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(bitmap.width * scale), Math.round(bitmap.height * scale)];
  canvas.getContext("2d")!.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((done) => canvas.toBlob((blob) => done(blob ?? file), "image/jpeg", 0.95));
}
