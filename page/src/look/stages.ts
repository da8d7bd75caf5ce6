import type { Call } from "../lib/manifest";

/** Networks of more calls than this begin with their stages collapsed, each to the column of its last call. */
export const DEEP = 40;
/** A part of a network that holds a larger share of its calls is no stage but is divided further. */
const MOST = 0.5;

export interface Stage {
  readonly name: string;
  /** The ids of its calls, one after another. */
  readonly calls: readonly number[];
}

/** The stages of a network, by the names of its modules: "stem", "stage1", "stage2" and so on. */
export function stagesOf(calls: readonly Call[]): Stage[] {
  const keys = stageNames(calls.map(({ name }) => name.split(".")), 1, calls.length * MOST);
  const stages: { name: string; calls: number[] }[] = [];
  calls.forEach(({ id }, i) => {
    if (stages.at(-1)?.name === keys[i]) stages.at(-1)!.calls.push(id);
    else stages.push({ name: keys[i], calls: [id] });
  });
  return stages;
}

/** For each dotted name the first part after those that too many names share. */
function stageNames(names: readonly (readonly string[])[], depth: number, most: number): string[] {
  const counts = new Map<string, number>();
  const keyOf = (parts: readonly string[]): string => parts.slice(0, depth).join(".");
  for (const parts of names) counts.set(keyOf(parts), (counts.get(keyOf(parts)) ?? 0) + 1);
  const deeper = (parts: readonly string[]): boolean => counts.get(keyOf(parts))! > most && parts.length > depth + 1;
  const inside = names.some(deeper) ? stageNames(names, depth + 1, most) : [];
  return names.map((parts, i) => (deeper(parts) ? inside[i] : (parts[depth - 1] ?? parts.at(-1)!)));
}

/** The calls that have a column: all of an open stage, the last of a collapsed one. */
export function shownCalls(calls: readonly Call[], stages: readonly Stage[], isOpen: (stage: Stage) => boolean): Call[] {
  return stages.flatMap((stage) => (stage.calls.length < 2 || isOpen(stage) ? stage.calls : stage.calls.slice(-1))).map((id) => calls[id]);
}
