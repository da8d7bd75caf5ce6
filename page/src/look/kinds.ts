import type { Call } from "../lib/manifest";
import type { SandboxName } from "../learn/sandboxes";

/** The sandboxes that explain every call of a kind. */
const SANDBOXES_OF: Readonly<Record<string, readonly SandboxName[]>> = {
  input: ["image"],
  conv: ["convolution", "turned", "kernels", "learning", "filters"],
  max_pool: ["pooling"],
  average_pool: ["pooling"],
  adaptive_max_pool: ["pooling"],
  adaptive_average_pool: ["pooling"],
  relu: ["activation"],
  tanh: ["activation"],
  elementwise: ["activation"],
  flatten: ["flatten"],
  dense: ["dense", "neurons"],
  softmax: ["dense"],
  dropout: ["dropout"],
  batch_norm: ["normalization"],
  group_norm: ["normalization"],
  add: ["skip"],
};

/** The sandboxes that explain what a call does, with the settings that it has. */
export function sandboxesOf(call: Call): SandboxName[] {
  const found = [...(SANDBOXES_OF[call.kind] ?? [])];
  if (call.kind !== "conv") return found;
  found.push(differs(call, "padding", 0) ? "padding" : "usage");
  if (differs(call, "stride", 1)) found.push("stride");
  found.push("hyperparameters", "receptive");
  const isSeparable =
    ((call.settings.groups as number) ?? 1) > 1 || call.weights.weight.shape.slice(2).every((side) => side === 1);
  if (isSeparable) found.push("separable");
  if (call.inputs[0] === 0 && call.weights.weight.shape[1] === 3) found.push("color");
  return found;
}

/** The first call of a network that does what a sandbox shows; of convolutions any, where none has its setting. */
export function sameIn(calls: readonly Call[], sandbox: SandboxName): Call | undefined {
  const ofConvolutions = ["padding", "usage", "stride", "color", "separable"].includes(sandbox);
  return (
    calls.find((call) => sandboxesOf(call).includes(sandbox)) ??
    calls.find(({ kind }) => ofConvolutions && kind === "conv")
  );
}

function differs({ settings }: Call, name: string, from: number): boolean {
  return ((settings[name] as number[] | undefined) ?? []).some((side) => side !== from);
}

/** Kernel, stride, padding and the like, as far as they say something: ", 3 × 3, stride 2". */
export function settingsText(call: Call): string {
  const { settings, kind } = call;
  const parts: string[] = [];
  const pair = (value: unknown): string => (value as number[]).join(" × ");
  if (settings.kernel) parts.push(pair(settings.kernel));
  if (differs(call, "stride", 1)) parts.push(`stride ${pair(settings.stride)}`);
  if (differs(call, "padding", 0)) parts.push(`padding ${pair(settings.padding)}`);
  if (differs(call, "dilation", 1)) parts.push(`dilation ${pair(settings.dilation)}`);
  if (((settings.groups as number) ?? 1) > 1) parts.push(`groups ${settings.groups as number}`);
  if (kind === "elementwise") parts.push(settings.function as string);
  if (kind === "dropout") parts.push(`p ${settings.share as number}`);
  if (settings.mode && kind === "upsample") parts.push(settings.mode as string);
  return parts.length ? `, ${parts.join(", ")}` : "";
}
