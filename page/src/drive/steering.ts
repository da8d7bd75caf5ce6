/** The person's steering from the arrow keys that are held; null where none is: then the model steers. */
export function steeringOf(keys: ReadonlySet<string>, limit: number): number | null {
  const [left, right] = [keys.has("ArrowLeft"), keys.has("ArrowRight")];
  if (left && right) return 0;
  return left ? -limit : right ? limit : null;
}

/** A path as the points of an SVG polyline in a square of `side`, with the same scale in both directions; north is up. */
export function pointsOf(
  path: readonly (readonly [number, number])[],
  frame: readonly (readonly [number, number])[],
  side: number,
): string {
  const [xs, ys] = [frame.map(([x]) => x), frame.map(([, y]) => y)];
  const [left, bottom] = [Math.min(...xs), Math.min(...ys)];
  const scale = (side - 12) / Math.max(Math.max(...xs) - left, Math.max(...ys) - bottom, 1e-9);
  return path
    .map(([x, y]) => `${(6 + (x - left) * scale).toFixed(1)},${(side - 6 - (y - bottom) * scale).toFixed(1)}`)
    .join(" ");
}
