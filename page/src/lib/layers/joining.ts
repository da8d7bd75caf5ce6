import { mapShape, sizeOf, zeros, type Pair, type Tensor } from "../tensor";

/** Channels of all inputs one after another; the maps must be of one size. */
export function concatenate(inputs: readonly Tensor[]): Tensor {
  const channels = inputs.reduce((sum, input) => sum + input.shape[0], 0);
  const shape = [channels, ...inputs[0].shape.slice(1)];
  const data = new Float32Array(sizeOf(shape));
  let at = 0;
  for (const input of inputs) {
    data.set(input.data, at);
    at += input.data.length;
  }
  return { shape, data };
}

/** Larger maps: each pixel repeated ("nearest"), or mixed from its four neighbors ("bilinear", corners not aligned). */
export function upsample(input: Tensor, output: Pair, mode: "nearest" | "bilinear"): Tensor {
  const [channels, height, width] = mapShape(input.shape);
  const result = zeros([channels, output[0], output[1]]);
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < output[0]; y++) {
      for (let x = 0; x < output[1]; x++) {
        let sum = 0;
        for (const [row, vertical] of sources(y, height, output[0], mode)) {
          for (const [column, horizontal] of sources(x, width, output[1], mode)) {
            sum += vertical * horizontal * input.data[(c * height + row) * width + column];
          }
        }
        result.data[at++] = sum;
      }
    }
  }
  return result;
}

/** Which inputs along one side an output is mixed from, and with what weight. */
export function sources(at: number, side: number, outputs: number, mode: "nearest" | "bilinear"): [number, number][] {
  if (mode === "nearest") return [[Math.min(side - 1, Math.floor((at * side) / outputs)), 1]];
  const place = Math.max(0, ((at + 0.5) * side) / outputs - 0.5);
  const low = Math.floor(place);
  const high = Math.min(side - 1, low + 1);
  return high === low
    ? [[low, 1]]
    : [
        [low, 1 - (place - low)],
        [high, place - low],
      ];
}
