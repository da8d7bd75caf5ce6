import { zeros, type Tensor } from "../tensor";

/** weight (K, N) times input (N) plus bias (K). */
export function dense(input: Tensor, weight: Tensor, bias: Float32Array | null): Tensor {
  const [outputs, inputs] = weight.shape;
  const result = zeros([outputs]);
  for (let k = 0; k < outputs; k++) {
    let sum = bias ? bias[k] : 0;
    for (let n = 0; n < inputs; n++) sum += weight.data[k * inputs + n] * input.data[n];
    result.data[k] = sum;
  }
  return result;
}

/** exp(x) / sum of exp(x) over all numbers; the largest is taken off first, which changes nothing but cannot overflow. */
export function softmax(input: Tensor): Tensor {
  const highest = input.data.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = Float64Array.from(input.data, (x) => Math.exp(x - highest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return { shape: input.shape, data: Float32Array.from(powers, (x) => x / sum) };
}
