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
  const keys = stageNames(
    calls.map(({ name }) => name.split(".")),
    1,
    calls.length * MOST,
  );
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

const WEIGHTED = ["conv", "conv_transposed", "dense"];
const NORMS = ["batch_norm", "group_norm", "layer_norm"];
const ACTIVATIONS = ["relu", "tanh", "elementwise"];

/** Weights with the normalization and the activation that alone read them, as the ids of these two or three calls. */
export function groupsOf(calls: readonly Call[]): number[][] {
  const readers = calls.map(() => 0);
  for (const { inputs } of calls) for (const input of inputs) readers[input] += 1;
  const follows = (id: number, kinds: readonly string[]): boolean =>
    id < calls.length &&
    kinds.includes(calls[id].kind) &&
    calls[id].inputs.length === 1 &&
    calls[id].inputs[0] === id - 1 &&
    readers[id - 1] === 1;
  return calls
    .filter(({ kind }) => WEIGHTED.includes(kind))
    .map(({ id }) => {
      const group = [id];
      for (const kinds of [NORMS, ACTIVATIONS]) if (follows(group.at(-1)! + 1, kinds)) group.push(group.at(-1)! + 1);
      return group;
    })
    .filter((group) => group.length > 1);
}

/**
 * The calls whose numbers are in sight: those with a column, by the names of the open stages and the first calls of split
 * groups, and what the view of a unit of the call `unit` shows, if one is open (its stage and its group are open then too).
 */
export function callsInSight(
  calls: readonly Call[],
  open: readonly string[],
  split: readonly number[],
  unit: Call | null,
): Call[] {
  const holds = (ids: readonly number[]): boolean => unit !== null && ids.slice(0, -1).includes(unit.id);
  const closed = groupsOf(calls).filter((group) => !split.includes(group[0]) && !holds(group));
  const shown = shownCalls(calls, stagesOf(calls), (stage) => open.includes(stage.name) || holds(stage.calls), closed);
  return unit ? [...new Set([...shown, ...neededFor(calls, unit)])].sort((a, b) => a.id - b.id) : shown;
}

/** The calls whose numbers the view of a unit needs: its own, those that it reads, and those that these read and only rearrange. */
export function neededFor(calls: readonly Call[], unit: Call): Call[] {
  const read = unit.inputs.map((id) => calls[id]);
  return [...read.flatMap(({ inputs }) => inputs.map((id) => calls[id])), ...read, unit];
}

/** The calls that have a column: all of an open stage but those inside closed groups; the last of a collapsed one. */
export function shownCalls(
  calls: readonly Call[],
  stages: readonly Stage[],
  isOpen: (stage: Stage) => boolean,
  closed: readonly (readonly number[])[] = [],
): Call[] {
  const inside = new Set(closed.flatMap((group) => group.slice(0, -1)));
  const kept = (stage: Stage): readonly number[] =>
    stage.calls.length < 2 || isOpen(stage) ? stage.calls.filter((id) => !inside.has(id)) : stage.calls.slice(-1);
  return stages.flatMap(kept).map((id) => calls[id]);
}
