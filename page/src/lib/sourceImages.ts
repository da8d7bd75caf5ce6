import type { ImageSource } from "./server";
import { source, type ImageEntry } from "./source";

/** So many images of a model are known by name. */
const MOST = 10_000;

/** The part of a source that is looked through: the one that the network has not seen in training, where there is one. */
export function partOf({ parts }: ImageSource): string {
  return ["test", "validation", "train"].find((name) => parts[name] > 0) ?? "all";
}

const names = new Map<number, Promise<ReadonlyMap<string, number>>>();

/** A model's images by name; a name that two images have stands for neither, so that no wrong one is opened. */
export function idsByName(model: number): Promise<ReadonlyMap<string, number>> {
  if (!names.has(model)) names.set(model, source.rows(model, 0, MOST).then(unambiguous));
  return names.get(model)!;
}

function unambiguous(rows: readonly ImageEntry[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { name } of rows) counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Map(rows.filter(({ name }) => counts.get(name) === 1).map(({ id, name }) => [name, id]));
}
