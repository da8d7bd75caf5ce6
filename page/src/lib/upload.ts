/** Files up to this size are sent as they are, without being decoded here first. */
const PLAIN = 4 << 20;
const [MOST_BYTES, MOST_PIXELS, LONGEST] = [30 << 20, 36e6, 4096];

/** A picture file that the server takes: one that is too large is scaled down here. */
export async function scaledDown(file: Blob, mostPixels = MOST_PIXELS): Promise<Blob> {
  if (file.size <= PLAIN) return file;
  const bitmap = await readBitmap(file);
  if (!bitmap || (file.size <= MOST_BYTES && bitmap.width * bitmap.height <= mostPixels)) return file; // the server states what is wrong
  return scaled(bitmap, Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height)), file);
}

/** A picture of at most `longest` pixels a side, and by how much it is smaller than the file. */
export async function previewOf(file: Blob, longest: number): Promise<{ picture: Blob; scale: number }> {
  const bitmap = await readBitmap(file);
  const scale = bitmap ? Math.min(1, longest / Math.max(bitmap.width, bitmap.height)) : 1;
  return bitmap && scale < 1 ? { picture: await scaled(bitmap, scale, file), scale } : { picture: file, scale: 1 };
}

const readBitmap = (file: Blob): Promise<ImageBitmap | null> =>
  createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);

async function scaled(bitmap: ImageBitmap, scale: number, file: Blob): Promise<Blob> {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(bitmap.width * scale), Math.round(bitmap.height * scale)];
  canvas.getContext("2d")!.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((done) => canvas.toBlob((blob) => done(blob ?? file), "image/jpeg", 0.95));
}
