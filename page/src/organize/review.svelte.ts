import { stored, store } from "../lib/storage";
import type { CopyGroup } from "./api";

/** What a person decided for a group: the photo to keep, -1 to leave all where they are. */
export const LEAVE_ALL = -1;

export const keyOf = ({ kind, best, others }: CopyGroup): string =>
  `${kind} ${[best, ...others.map(({ photo }) => photo)].sort((a, b) => a - b).join(",")}`;
export const membersOf = ({ best, others }: CopyGroup): readonly number[] => [
  best,
  ...others.map(({ photo }) => photo),
];

/** Photos that the decisions put into the folder of copies: all of a group but the one to keep. */
export function copiesAside(
  groups: readonly CopyGroup[],
  decisions: Readonly<Record<string, number>>,
): readonly number[] {
  const kept = new Set(Object.values(decisions));
  const aside = groups.flatMap((group) => {
    const keep = decisions[keyOf(group)] ?? LEAVE_ALL;
    return keep === LEAVE_ALL ? [] : membersOf(group).filter((photo) => photo !== keep);
  });
  return [...new Set(aside)].filter((photo) => !kept.has(photo)).sort((a, b) => a - b);
}

/** The decisions of one collection; they stay in this browser. */
export class Review {
  groups = $state.raw<readonly CopyGroup[] | null>(null);
  decisions = $state.raw<Readonly<Record<string, number>>>({});
  readonly aside = $derived(copiesAside(this.groups ?? [], this.decisions));
  #name: string;

  constructor(collection: string, count: number) {
    this.#name = `copies-${collection}-${count}`;
    try {
      this.decisions = JSON.parse(stored(this.#name) ?? "{}") as Record<string, number>;
    } catch {
      this.decisions = {};
    }
  }

  decide(group: CopyGroup, keep: number | null): void {
    const { [keyOf(group)]: _, ...rest } = this.decisions;
    this.decisions = keep === null ? rest : { ...rest, [keyOf(group)]: keep };
    store(this.#name, JSON.stringify(this.decisions));
  }
}
