import { expect, test } from "vitest";
import { convolution, places, PLAIN } from "../src/lib/layers/convolution";
import { pool } from "../src/lib/layers/pooling";
import { tensor } from "../src/lib/tensor";

const IMAGE = [1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0];
const KERNEL = [1, 0, 1, 0, 1, 0, 1, 0, 1];

function convolve(kernel: number[], stride: number, padding: number): number[][] {
  const result = convolution(tensor([1, 5, 5], IMAGE), tensor([1, 1, 3, 3], kernel), null, {
    ...PLAIN,
    stride: [stride, stride],
    padding: [padding, padding],
  });
  const [, height, width] = result.shape;
  return Array.from({ length: height }, (_, y) => [...result.data.subarray(y * width, (y + 1) * width)]);
}

test("the lecture's example gives 4 3 4, 2 4 3, 2 3 4", () => {
  expect(convolve(KERNEL, 1, 0)).toEqual([
    [4, 3, 4],
    [2, 4, 3],
    [2, 3, 4],
  ]);
});

test("stride 2 takes every second place, and stride 3 leaves one although 5 is not divisible by it", () => {
  expect(convolve(KERNEL, 2, 0)).toEqual([
    [4, 4],
    [2, 4],
  ]);
  expect(convolve(KERNEL, 3, 0)).toEqual([[4]]);
});

test("padding 1 keeps the size at stride 1", () => {
  expect(convolve(KERNEL, 1, 1)).toEqual([
    [2, 2, 3, 1, 1],
    [1, 4, 3, 4, 1],
    [1, 2, 4, 3, 3],
    [1, 2, 3, 4, 1],
    [0, 2, 2, 1, 1],
  ]);
  expect(convolve(KERNEL, 2, 1)).toEqual([
    [2, 3, 1],
    [1, 4, 3],
    [0, 2, 1],
  ]);
});

test("an asymmetric kernel is not turned", () => {
  expect(convolve([0, 1, 0, 0, 0, 0, 0, 0, 0], 1, 0)).toEqual([
    [1, 1, 0],
    [1, 1, 1],
    [0, 1, 1],
  ]);
  expect(convolve([0, 0, 1, 0, 0, 0, 0, 0, 0], 1, 0)).toEqual([
    [1, 0, 0],
    [1, 1, 0],
    [1, 1, 1],
  ]);
});

test("a window that does not fit finds no place", () => {
  expect([places(5, 3), places(5, 3, 2), places(5, 3, 3), places(2, 3), places(7, 3, 1, 0, 2)]).toEqual([
    3, 2, 1, 0, 3,
  ]);
});

test("pooling gathers four numbers into their largest, their mean or their sum", () => {
  const four = tensor([1, 2, 2], [1, 2, 3, 6]);
  const window = {
    kernel: [2, 2],
    stride: [2, 2],
    padding: [0, 0],
    dilation: [1, 1],
    ceil: false,
    countPadding: true,
    divisor: null,
  } as const;
  expect(["max", "average", "sum"].map((how) => pool(four, how as "max", window).data[0])).toEqual([6, 3, 12]);
});

test("numbers that do not fill their shape are refused", () => {
  expect(() => tensor([2, 2], [1, 2, 3])).toThrow("3 numbers do not fill the shape (2, 2).");
});
