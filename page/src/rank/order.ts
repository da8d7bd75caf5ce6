/** Images that were ranked, and those that could not be. */
export interface Ranked {
  readonly name: string;
  readonly picture: string;
  /** The share of the training images that are rated lower; null where it failed. */
  readonly rank: number | null;
  readonly error: string;
}

/** The highest rank first, failed ones last; equal ranks by name. */
export function ordered(found: readonly Ranked[]): readonly Ranked[] {
  return found.toSorted((a, b) => (b.rank ?? -1) - (a.rank ?? -1) || a.name.localeCompare(b.name));
}

/** A table of the order, for a file. */
export function csvOf(found: readonly Ranked[]): string {
  const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = ordered(found).map(({ name, rank, error }, i) =>
    [String(i + 1), quoted(name), rank === null ? "" : String(rank), quoted(error)].join(","),
  );
  return ["place,image,rank,error", ...rows].join("\n") + "\n";
}
