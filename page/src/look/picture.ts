import { drawImage, drawSigned } from "../lib/draw";
import type { Call } from "../lib/manifest";
import { mapShape, plane } from "../lib/tensor";
import { session } from "./session.svelte";

/** Whether a call is a picture: the image itself, or the answer of a network that gives one; its gradients are none. */
export function isPicture(call: Call, tensors = session.tensors): boolean {
  const { manifest, calls } = session.network!;
  if (tensors !== session.tensors) return false;
  return call.kind === "input" || (manifest.picture === true && call.id === calls.length - 1);
}

/** Draw one channel of a call: a picture as brightness, anything else in signed colors. */
export function drawChannel(
  canvas: HTMLCanvasElement,
  call: Call,
  channel: number,
  dark: boolean,
  tensors = session.tensors,
): void {
  const [, height, width] = mapShape(call.shape);
  const values = plane(tensors[call.id], channel);
  if (!isPicture(call, tensors)) {
    return drawSigned(
      canvas,
      values,
      width,
      height,
      session.range(tensors, call.id, channel),
      "activation",
      dark,
      session.most,
    );
  }
  const network = session.network!;
  const asSeen = call.kind === "input";
  drawImage(canvas, asSeen ? values.map((value) => network.brightness(value, channel)) : values, 1, width, height);
}
