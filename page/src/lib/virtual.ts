/** Which tiles of a long grid are in sight, so that only these exist in the page. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** Pixels of a side of a tile: at least those asked for, so that a row is filled. */
  readonly side: number;
  /** Pixels from one tile to the next. */
  readonly pitch: number;
}

export function gridOf(count: number, width: number, tile: number, gap: number): Grid {
  const columns = Math.max(1, Math.floor((width + gap) / (tile + gap)));
  const side = Math.max(1, Math.floor((width + gap) / columns - gap));
  return { columns, rows: Math.ceil(count / columns), side, pitch: side + gap };
}

/** The first row that is drawn and the one after the last: those in sight, and `spare` rows above and below. */
export function rowsInSight({ rows, pitch }: Grid, top: number, height: number, spare = 2): readonly [number, number] {
  const first = Math.max(0, Math.min(rows, Math.floor(top / pitch)) - spare);
  return [first, Math.min(rows, Math.ceil((top + height) / pitch) + spare)];
}

/** Where a key leads to from a tile; null for keys that lead nowhere. */
export function moved(at: number, key: string, count: number, columns: number, page: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -columns,
    ArrowDown: columns,
    PageUp: -columns * page,
    PageDown: columns * page,
    Home: -at,
    End: count - 1 - at,
  };
  if (!(key in steps)) return null;
  const to = at + steps[key];
  if (key.startsWith("Page")) return Math.max(0, Math.min(count - 1, to));
  return to >= 0 && to < count ? to : at;
}
