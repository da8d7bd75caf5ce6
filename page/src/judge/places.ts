import type { Point } from "../lib/frame";

/** Whether a point is inside a closed outline: a ray from it crosses the outline an odd number of times. */
export function isInside([x, y]: Point, outline: readonly Point[]): boolean {
  return outline.reduce((inside, [x1, y1], i) => {
    const [x2, y2] = outline[(i + 1) % outline.length];
    return y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1) ? !inside : inside;
  }, false);
}

/** The place that an arrow key leads to: the nearest one in its direction, at most 45 degrees off; else the same. */
export function nextPlace(places: readonly Point[], from: number, [right, down]: Point): number {
  let [best, nearest] = [from, Infinity];
  places.forEach(([x, y], i) => {
    const [across, along] = [x - places[from][0], y - places[from][1]];
    const ahead = across * right + along * down;
    const aside = Math.abs(across * down) + Math.abs(along * right);
    const distance = Math.hypot(across, along);
    if (ahead > 0 && aside <= ahead && distance < nearest) [best, nearest] = [i, distance];
  });
  return best;
}
