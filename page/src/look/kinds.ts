import type { Call } from "../lib/manifest";
import type { SandboxName } from "../learn/sandboxes";

/** The sandbox that explains a kind of call, where there is one. */
const SANDBOX_OF: Readonly<Record<string, SandboxName>> = {
  input: "image",
  conv: "convolution",
  max_pool: "pooling",
  average_pool: "pooling",
  adaptive_max_pool: "pooling",
  adaptive_average_pool: "pooling",
  relu: "activation",
  tanh: "activation",
  elementwise: "activation",
  flatten: "flatten",
  dense: "dense",
  softmax: "dense",
  dropout: "dropout",
};

export function sandboxOf(call: Call): SandboxName | null {
  return SANDBOX_OF[call.kind] ?? null;
}

/** The kinds of calls that a sandbox explains, so that it can link into a network. */
export function kindsOf(sandbox: SandboxName): string[] {
  const shown: Partial<Record<SandboxName, SandboxName>> = {
    turned: "convolution", usage: "convolution", padding: "convolution", stride: "convolution", kernels: "convolution",
    learning: "convolution", colour: "convolution", filters: "convolution", neurons: "dense",
  };
  const wanted = shown[sandbox] ?? sandbox;
  return Object.entries(SANDBOX_OF).filter(([, name]) => name === wanted).map(([kind]) => kind);
}

/** Kernel, stride, padding and the like, as far as they say something: ", 3 × 3, stride 2". */
export function settingsText({ settings, kind }: Call): string {
  const parts: string[] = [];
  const pair = (value: unknown): string => (value as number[]).join(" × ");
  const differs = (name: string, from: number): boolean => ((settings[name] as number[] | undefined) ?? []).some((side) => side !== from);
  if (settings.kernel) parts.push(pair(settings.kernel));
  if (differs("stride", 1)) parts.push(`stride ${pair(settings.stride)}`);
  if (differs("padding", 0)) parts.push(`padding ${pair(settings.padding)}`);
  if (differs("dilation", 1)) parts.push(`dilation ${pair(settings.dilation)}`);
  if (((settings.groups as number) ?? 1) > 1) parts.push(`groups ${settings.groups as number}`);
  if (kind === "elementwise") parts.push(settings.function as string);
  if (kind === "dropout") parts.push(`p ${settings.share as number}`);
  if (settings.mode && kind === "upsample") parts.push(settings.mode as string);
  return parts.length ? `, ${parts.join(", ")}` : "";
}
