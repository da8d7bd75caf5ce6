/**
 * The preprocessing of picture files, in the page: the same whole numbers as Pillow, which the model was trained with.
 *
 * First blocks are averaged (where the picture is at least six times as large as the result), then columns and rows are
 * resized, each time rounded to whole numbers, with weights of 22 bits. src/eyespot/exporting/_preprocessing.py computes
 * the same as an ONNX graph.
 */

export type Fit = "crop" | "pad" | "stretch";
/** (left, top, right, bottom) in the pixels of the picture. */
export type Box = readonly [number, number, number, number];

/** Whole numbers from 0 to 255, channel after channel: (C, H, W). */
export interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array;
}

const PAD_GRAY = 128;
const SCALE = 4194304;

/** The channels that a network takes, from (H, W, RGBA): the colors, or gray as Pillow computes it. */
export function planesOf(rgba: Uint8ClampedArray, height: number, width: number, channels: number): Planes {
  const count = height * width;
  const data = new Uint8Array(channels * count);
  for (let at = 0; at < count; at++) {
    const [red, green, blue] = [rgba[4 * at], rgba[4 * at + 1], rgba[4 * at + 2]];
    if (channels === 1) data[at] = (red * 19595 + green * 38470 + blue * 7471 + 32768) >> 16;
    else [data[at], data[count + at], data[2 * count + at]] = [red, green, blue];
  }
  return { channels, height, width, data };
}

/** A picture in the size that a network takes, and the part of it that is seen. */
export function fitted(picture: Planes, height: number, width: number, fit: Fit): { pixels: Uint8Array; region: Box } {
  const whole: Box = [0, 0, picture.width, picture.height];
  if (fit === "stretch") return { pixels: resized(picture, whole, height, width).data, region: whole };
  if (fit === "crop") {
    const scale = Math.min(picture.height / height, picture.width / width);
    const [left, right] = middle(picture.width, width * scale);
    const [top, bottom] = middle(picture.height, height * scale);
    return {
      pixels: resized(picture, [left, top, right, bottom], height, width).data,
      region: [left, top, right, bottom],
    };
  }
  const scale = Math.min(height / picture.height, width / picture.width);
  const rows = Math.max(Math.min(roundEven(picture.height * scale), height), 1);
  const columns = Math.max(Math.min(roundEven(picture.width * scale), width), 1);
  return { pixels: padded(resized(picture, whole, rows, columns), height, width), region: whole };
}

function middle(side: number, length: number): [number, number] {
  const begin = Math.max((side - length) / 2, 0);
  return [begin, Math.min(side, begin + length)];
}

/** Halves are rounded to the even number. */
function roundEven(value: number): number {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}

function padded(picture: Planes, height: number, width: number): Uint8Array {
  const found = new Uint8Array(picture.channels * height * width).fill(PAD_GRAY);
  const top = Math.floor((height - picture.height) / 2);
  const left = Math.floor((width - picture.width) / 2);
  for (let channel = 0; channel < picture.channels; channel++)
    for (let y = 0; y < picture.height; y++) {
      const from = (channel * picture.height + y) * picture.width;
      found.set(picture.data.subarray(from, from + picture.width), (channel * height + top + y) * width + left);
    }
  return found;
}

/** The part of a picture inside a box, resized. */
export function resized(picture: Planes, [left, top, right, bottom]: Box, height: number, width: number): Planes {
  const same = picture.height === height && picture.width === width && left === 0 && top === 0;
  if (same && right === width && bottom === height) return picture;
  const across = (right - left) / width;
  const down = (bottom - top) / height;
  const columns = Math.max(Math.trunc(across / 3), 1);
  const rows = Math.max(Math.trunc(down / 3), 1);
  let [small, x, y] = [picture, 0, 0];
  if (Math.max(columns, rows) > 1) {
    [x, y] = [Math.max(Math.trunc(left - across / 2), 0), Math.max(Math.trunc(top - down / 2), 0)];
    const end = Math.min(Math.ceil(right + across / 2), picture.width);
    small = averaged(picture, [x, y, end, Math.min(Math.ceil(bottom + down / 2), picture.height)], rows, columns);
  }
  const wide = (one: Planes): Planes => alongWidth(one, (left - x) / columns, (right - x) / columns, width);
  const tall = (one: Planes): Planes => alongHeight(one, (top - y) / rows, (bottom - y) / rows, height);
  const rowsFirst = height < small.height && (small.width - width) * 2 < small.height - height;
  return rowsFirst ? wide(tall(small)) : tall(wide(small));
}

/** The average of each block of `rows` by `columns` inside a box; the last ones may have fewer. */
function averaged(picture: Planes, [left, top, right, bottom]: Box, rows: number, columns: number): Planes {
  const [height, width] = [Math.ceil((bottom - top) / rows), Math.ceil((right - left) / columns)];
  const data = new Uint8Array(picture.channels * height * width);
  for (let channel = 0, to = 0; channel < picture.channels; channel++)
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++, to++) {
        const [y0, x0] = [top + row * rows, left + column * columns];
        const [y1, x1] = [Math.min(y0 + rows, bottom), Math.min(x0 + columns, right)];
        let sum = 0;
        for (let y = y0; y < y1; y++)
          for (let x = x0; x < x1; x++) sum += picture.data[(channel * picture.height + y) * picture.width + x];
        const held = (y1 - y0) * (x1 - x0);
        // Pillow divides by multiplying with 2^32 / (256 held), a whole number that it computes in float32.
        const inverse = Math.floor(Math.fround(4294967296 / Math.fround(held * 256)));
        data[to] = Math.floor(((sum + Math.floor(held / 2)) * inverse) / 16777216);
      }
  return { channels: picture.channels, height, width, data };
}

interface Taps {
  readonly start: number;
  readonly weights: readonly number[];
}

/** Where each of `out` results looks along a side, and its weights: Pillow's triangle filter. */
function tapsOf(begin: number, end: number, out: number, side: number): Taps[] {
  const first = Math.fround(begin);
  const scale = Math.fround(Math.fround(end) - first) / out;
  const support = Math.max(scale, 1);
  return Array.from({ length: out }, (_, place) => {
    const center = first + (place + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    const stop = Math.min(Math.trunc(center + support + 0.5), side);
    const weights: number[] = [];
    for (let at = start; at < stop; at++) weights.push(Math.max(1 - Math.abs((at - center + 0.5) / support), 0));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { start, weights: weights.map((weight) => Math.floor((weight / sum) * SCALE + 0.5)) };
  });
}

function alongWidth(picture: Planes, begin: number, end: number, width: number): Planes {
  const taps = tapsOf(begin, end, width, picture.width);
  const lines = picture.channels * picture.height;
  const data = new Uint8Array(lines * width);
  for (let line = 0; line < lines; line++)
    for (let x = 0; x < width; x++) data[line * width + x] = weighted(picture.data, line * picture.width, 1, taps[x]);
  return { ...picture, width, data };
}

function alongHeight(picture: Planes, begin: number, end: number, height: number): Planes {
  const taps = tapsOf(begin, end, height, picture.height);
  const { channels, width } = picture;
  const data = new Uint8Array(channels * height * width);
  for (let channel = 0, to = 0; channel < channels; channel++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, to++)
        data[to] = weighted(picture.data, channel * picture.height * width + x, width, taps[y]);
  return { ...picture, height, data };
}

function weighted(data: Uint8Array, from: number, step: number, { start, weights }: Taps): number {
  let sum = SCALE / 2;
  for (let tap = 0, at = from + start * step; tap < weights.length; tap++, at += step) sum += weights[tap] * data[at];
  return Math.floor(sum / SCALE);
}
