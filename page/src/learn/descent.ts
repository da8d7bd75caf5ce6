import { randomNumbers } from "./kernels";

/** Small squares of a photo and what the wanted kernel makes of each: what the learning kernel is shown. */
export interface Lesson {
  readonly patches: readonly Float32Array[];
  readonly answers: Float32Array;
}

/** One step of gradient descent on the mean squared error, for 9 weights. */
export interface Step {
  readonly weights: Float64Array;
  readonly loss: number;
  readonly gradient: Float64Array;
}

/** Every 3 x 3 square of a gray image (H, W), with the sum that `wanted` gives there. */
export function lesson(image: ArrayLike<number>, width: number, height: number, wanted: readonly number[]): Lesson {
  const patches: Float32Array[] = [];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      patches.push(
        Float32Array.from({ length: 9 }, (_, i) => image[(y + Math.floor(i / 3) - 1) * width + x + (i % 3) - 1]),
      );
    }
  }
  return { patches, answers: Float32Array.from(patches, (patch) => weigh(patch, wanted)) };
}

export function startWeights(seed: number): Float64Array {
  const random = randomNumbers(seed);
  return Float64Array.from({ length: 9 }, () => Math.round((random() * 2 - 1) * 100) / 100);
}

/** Loss = mean of (answer - wanted)^2; its gradient for weight i = mean of 2 (answer - wanted) patch_i. */
export function measure(weights: Float64Array, { patches, answers }: Lesson): Step {
  const gradient = new Float64Array(9);
  let loss = 0;
  patches.forEach((patch, n) => {
    const off = weigh(patch, weights) - answers[n];
    loss += off * off;
    for (let i = 0; i < 9; i++) gradient[i] += 2 * off * patch[i];
  });
  return { weights, loss: loss / patches.length, gradient: gradient.map((part) => part / patches.length) };
}

export function descend({ weights, gradient }: Step, rate: number): Float64Array {
  return weights.map((weight, i) => weight - rate * gradient[i]);
}

function weigh(patch: ArrayLike<number>, weights: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < 9; i++) sum += patch[i] * weights[i];
  return sum;
}
