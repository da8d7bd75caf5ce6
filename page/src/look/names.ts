import { texts } from "../lib/language.svelte";
import type { Call } from "../lib/manifest";
import { percent, short } from "../lib/numbers";
import { argmax, type Tensor } from "../lib/tensor";
import { session } from "./session.svelte";

/** What an output stands for. */
export function labelOf(unit: number): string {
  return session.network?.manifest.labels[unit] ?? texts().look.output(unit);
}

const shortNames = new WeakMap<readonly Call[], readonly string[]>();

/** As much of the end of a call's path as tells it from all others. */
export function shortName(call: Call): string {
  if (call.kind === "input") return texts().look.image;
  const { calls } = session.network!.manifest;
  if (!shortNames.has(calls)) shortNames.set(calls, shortest(calls.map(({ name }) => name)));
  return shortNames.get(calls)![call.id];
}

/** The shortest endings of dotted names that are all different. */
export function shortest(names: readonly string[]): string[] {
  const parts = names.map((name) => name.split("."));
  return parts.map((own, i) => {
    for (let take = 1; take < own.length; take++) {
      const ending = own.slice(-take).join(".");
      if (parts.every((other, j) => j === i || other.slice(-take).join(".") !== ending)) return ending;
    }
    return names[i];
  });
}

/** A unit in short: the label of an answer, the color of an image's channel, else its number. */
export function unitName(call: Call, channel: number): string {
  const { calls, manifest } = session.network!;
  const answers = call.id >= calls.length - 2 && call.shape.length === 1 && manifest.labels.length === call.shape[0];
  if (answers) return labelOf(channel);
  if (call.kind === "input" && call.shape[0] === 3) return texts().look.colors[channel];
  return String(channel + 1);
}

/** A unit with its call: "conv2, unit 3", "head, cat", "image, red". */
export function unitTitle(call: Call, channel: number): string {
  const name = unitName(call, channel);
  return /^\d+$/.test(name) ? texts().look.unitOf(shortName(call), name) : `${shortName(call)}, ${name}`;
}

export function sizeText(shape: readonly number[]): string {
  return shape.length === 3 ? `${shape[0]} @ ${shape[1]} × ${shape[2]}` : String(shape[0]);
}

/** What is answered first and how sure it is: "cat", "97.4 %"; null for a picture. */
export function answerOf(tensors: readonly Tensor[]): { label: string; value: string } | null {
  const { calls, manifest } = session.network!;
  const values = tensors.at(-1)?.data;
  if (manifest.labels.length === 0 || !values) return null;
  const best = argmax(values);
  return {
    label: labelOf(best),
    value: calls.at(-1)!.kind === "softmax" ? percent(values[best]) : short(values[best]),
  };
}

/** What an epoch is called; epoch 0 is before the training, null the finished network. */
export function epochName(epoch: number | null): string {
  const text = texts().look.epochs;
  return epoch === null ? text.finished : epoch === 0 ? text.untrained : text.epoch(epoch);
}
