import { expect, test } from "vitest";
import { descend, lesson, measure, startWeights } from "../src/learn/descent";
import { dependsOn, grow } from "../src/learn/receptive";
import { edgeKernel, KERNELS, randomNumbers } from "../src/learn/kernels";
import {
  frameAt,
  LECTURE_IMAGE,
  LECTURE_KERNEL,
  padded,
  shrinking,
  slide,
  turned,
  under,
  usage,
} from "../src/learn/sliding";
import { english } from "../src/texts/english";
import { german } from "../src/texts/german";

const walk = { side: 5, kernel: 3, stride: 1, padding: 0 };

test("the nine products of every place are those of the lecture", () => {
  const products = (place: number): string =>
    under(LECTURE_IMAGE, 5, frameAt(walk, place))
      .map((value, i) => value * LECTURE_KERNEL[i])
      .join("");
  expect(Array.from({ length: 9 }, (_, place) => products(place))).toEqual([
    "101010001",
    "100010001",
    "100010101",
    "001000001",
    "101010001",
    "100010100",
    "001000001",
    "001010100",
    "101010100",
  ]);
});

test("the lecture's kernel does not change when it is turned, another one does", () => {
  expect(turned(LECTURE_KERNEL)).toEqual(LECTURE_KERNEL);
  expect(slide(LECTURE_IMAGE, turned([1, 2, 0, 0, 0, -1, 0, 0, 0]), walk)).not.toEqual(
    slide(LECTURE_IMAGE, [1, 2, 0, 0, 0, -1, 0, 0, 0], walk),
  );
});

test("padding puts zeros around the image", () => {
  expect(padded([1, 2, 3, 4], 2, 1)).toEqual([0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0]);
});

test("a window that hangs out of the image sees zeros there", () => {
  expect(under([1, 2, 3, 4], 2, { top: 1, left: 1, rows: 2, columns: 2 })).toEqual([4, 0, 0, 0]);
});

test("a corner is used once, an edge three times, the middle nine times; padding 1 makes the corner four", () => {
  const uses = usage(walk);
  expect([uses[0], uses[2], uses[12]]).toEqual([1, 3, 9]);
  expect(usage({ ...walk, padding: 1 })[0]).toBe(4);
});

test("an image of 9 x 9 is one pixel after four layers, and never shrinks with padding 1", () => {
  expect(shrinking({ ...walk, side: 9 })).toEqual([9, 7, 5, 3, 1]);
  expect(shrinking({ ...walk, side: 9, padding: 1 })).toEqual([9]);
  expect(shrinking({ ...walk, side: 8, kernel: 5 })).toEqual([8, 4]);
});

test("gradient descent on one weight follows its gradient by hand", () => {
  const one = { patches: [Float32Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0)], answers: Float32Array.of(6) };
  const step = measure(new Float64Array(9).fill(1), one);
  expect(step.loss).toBe(16);
  expect(step.gradient[0]).toBe(-16);
  expect(descend(step, 0.125)[0]).toBe(3);
});

test("a lesson holds every place of the image and the wanted answer there", () => {
  const image = Array.from({ length: 12 }, (_, i) => i);
  const { patches, answers } = lesson(image, 4, 3, KERNELS.vertical);
  expect([...patches[1]]).toEqual([1, 2, 3, 5, 6, 7, 9, 10, 11]);
  expect([...answers]).toEqual([8, 8]);
});

test("the same seed gives the same numbers, between 0 and 1", () => {
  const draw = (seed: number): number[] => Array.from({ length: 100 }, randomNumbers(seed));
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  expect(draw(3).every((value) => value >= 0 && value < 1)).toBe(true);
  expect(startWeights(1).every((value) => Math.abs(value) <= 1)).toBe(true);
});

test("an edge kernel at 0 and 90 degrees is Sobel, and answers brightness at no angle", () => {
  expect(edgeKernel(0)).toEqual(KERNELS.vertical);
  edgeKernel(90).forEach((value, i) => expect(value).toBeCloseTo(KERNELS.horizontal[i]));
  expect(edgeKernel(37).reduce((sum, value) => sum + value, 0)).toBeCloseTo(0);
});

test("English and German have the same sandboxes with texts in every entry", () => {
  const leaves = (value: unknown, path = ""): string[] =>
    typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, part]) => (Array.isArray(value) ? [path] : leaves(part, `${path}.${key}`)))
      : [`${path}${value === "" ? " (empty)" : ""}`];
  expect([...new Set(leaves({ ...german, sentences: [] }))]).toEqual([...new Set(leaves(english))]);
  expect(leaves(german).filter((path) => path.endsWith("(empty)"))).toEqual([]);
});

test("the receptive field grows by (k - 1) times dilation and jump, and is what the last number depends on", () => {
  expect(grow(3, 3, 1, 1).map(({ size }) => size)).toEqual([1, 3, 5, 7]);
  expect(grow(3, 3, 2, 1)).toEqual([
    { size: 1, jump: 1 },
    { size: 3, jump: 2 },
    { size: 7, jump: 4 },
    { size: 15, jump: 8 },
  ]);
  for (const [layers, kernel, stride, growth] of [
    [3, 3, 1, 1],
    [4, 3, 2, 1],
    [3, 2, 1, 2],
    [2, 5, 2, 2],
  ]) {
    const input = dependsOn(layers, kernel, stride, growth).at(-1)!;
    expect(input.at(-1)! - input[0] + 1).toBe(grow(layers, kernel, stride, growth).at(-1)!.size);
  }
});
