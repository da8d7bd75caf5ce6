import { tensor, type Tensor } from "./tensor";

/** A photo file as numbers from 0 to 1 (3, side, side): its short side is scaled, the middle is cut out. */
export async function readPhoto(file: Blob, side: number): Promise<Tensor> {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const cut = Math.min(bitmap.width, bitmap.height);
  const context = newContext(side);
  context.fillStyle = "white";
  context.fillRect(0, 0, side, side);
  context.drawImage(bitmap, (bitmap.width - cut) / 2, (bitmap.height - cut) / 2, cut, cut, 0, 0, side, side);
  bitmap.close();
  return readContext(context, side);
}

/** A picture drawn here, with edges in every direction: a moth with eyespots before a paling. */
export function samplePhoto(side: number): Tensor {
  const context = newContext(side);
  context.scale(side / 100, side / 100);
  context.fillStyle = "#cfd9dc";
  context.fillRect(0, 0, 100, 100);
  context.fillStyle = "#8b6f52";
  for (let x = 2; x < 100; x += 16) context.fillRect(x, 40, 9, 60);
  context.fillRect(0, 54, 100, 5);
  context.fillRect(0, 84, 100, 5);
  for (const way of [-1, 1]) wing(context, way);
  context.fillStyle = "#2b2320";
  context.beginPath();
  context.ellipse(50, 50, 3.4, 21, 0, 0, 2 * Math.PI);
  context.fill();
  return readContext(context, side);
}

function wing(context: CanvasRenderingContext2D, way: number): void {
  const disc = (x: number, y: number, radius: number, color: string): void => {
    context.fillStyle = color;
    context.beginPath();
    context.arc(50 + way * x, y, radius, 0, 2 * Math.PI);
    context.fill();
  };
  context.fillStyle = "#d99a2b";
  context.beginPath();
  context.moveTo(50, 42);
  context.lineTo(50 + way * 44, 14);
  context.lineTo(50 + way * 37, 54);
  context.lineTo(50 + way * 28, 84);
  context.lineTo(50, 60);
  context.fill();
  disc(28, 38, 9.5, "#f4e6c4");
  disc(28, 38, 7.5, "#20262e");
  disc(28, 38, 4.5, "#2f6fb0");
  disc(29.5, 36.5, 1.6, "#ffffff");
  disc(22, 65, 5, "#20262e");
  disc(22, 65, 2.5, "#f4e6c4");
}

/** The brightness of a color image as one channel (1, H, W), with the weights that Pillow uses. */
export function toGray(image: Tensor): Tensor {
  const [, height, width] = image.shape;
  const size = height * width;
  const gray = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    gray[i] = 0.299 * image.data[i] + 0.587 * image.data[size + i] + 0.114 * image.data[2 * size + i];
  }
  return { shape: [1, height, width], data: gray };
}

function newContext(side: number): CanvasRenderingContext2D {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  return canvas.getContext("2d", { willReadFrequently: true })!;
}

function readContext(context: CanvasRenderingContext2D, side: number): Tensor {
  const bytes = context.getImageData(0, 0, side, side).data;
  const size = side * side;
  const values = new Float32Array(3 * size);
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) values[c * size + i] = bytes[4 * i + c] / 255;
  }
  return tensor([3, side, side], values);
}
