import { sliding } from "../lib/calls";
import { addPlane } from "../lib/layers/convolution";
import type { Call } from "../lib/manifest";
import type { Network } from "../lib/network";
import type { Tensor } from "../lib/tensor";

/** What one input channel alone gives to one unit of a convolution, at all places (H, W): no bias, no other channel. */
export function channelMap(
  network: Network,
  tensors: readonly Tensor[],
  call: Call,
  unit: number,
  channel: number,
): Float64Array {
  const [, height, width] = call.shape;
  const { weight } = network.weightsOf(call);
  const sums = new Float64Array(height * width);
  addPlane(
    sums,
    height,
    width,
    tensors[call.inputs[0]],
    channel,
    weight,
    unit,
    channel % weight.shape[1],
    sliding(call.settings),
  );
  return sums;
}
