/** The part of a map that is shown: its corner and its side lengths, in the units of the places. */
export interface View {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export type Point = readonly [x: number, y: number];

/** A view of all places with a margin, in the shape of the window (width / height). */
export function fitted(places: readonly Point[], shape: number): View {
  const ends = (axis: 0 | 1): [number, number] => [Math.min(...places.map((one) => one[axis])), Math.max(...places.map((one) => one[axis]))];
  const [[west, east], [north, south]] = [ends(0), ends(1)];
  const height = Math.max(1e-6, 1.1 * (south - north), (1.1 * (east - west)) / shape);
  return { left: (west + east - height * shape) / 2, top: (north + south - height) / 2, width: height * shape, height };
}

/** The view scaled by a factor (below 1: closer), while the point at these shares of its sides stays. */
export function zoomed({ left, top, width, height }: View, factor: number, x = 0.5, y = 0.5): View {
  return { left: left + width * x * (1 - factor), top: top + height * y * (1 - factor), width: width * factor, height: height * factor };
}

export function panned(view: View, x: number, y: number): View {
  return { ...view, left: view.left - view.width * x, top: view.top - view.height * y };
}

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
