/** The part of a plane that is shown: its corner and its side lengths, in the units of the points. */
export interface View {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export type Point = readonly [x: number, y: number];

/** A view of all points with a margin, in the shape of the window (width / height), at least `least` high. */
export function fitted(points: readonly Point[], shape: number, least = 1e-6): View {
  const ends = (axis: 0 | 1): [number, number] =>
    points.reduce<[number, number]>(
      ([low, high], one) => [Math.min(low, one[axis]), Math.max(high, one[axis])],
      [Infinity, -Infinity],
    );
  const [[west, east], [north, south]] = [ends(0), ends(1)];
  return around(
    [(west + east) / 2, (north + south) / 2],
    Math.max(least, 1.1 * (south - north), (1.1 * (east - west)) / shape),
    shape,
  );
}

/** A view of a height around a point, in the shape of the window. */
export function around([x, y]: Point, height: number, shape: number): View {
  return { left: x - (height * shape) / 2, top: y - height / 2, width: height * shape, height };
}

/** The view scaled by a factor (below 1: closer), while the point at these shares of its sides stays; within limits. */
export function zoomed(
  view: View,
  factor: number,
  [x, y]: Point = [0.5, 0.5],
  [least, most]: Point = [0, Infinity],
): View {
  const { left, top, width, height } = view;
  if (height * factor < least || height * factor > most) return view;
  return {
    left: left + width * x * (1 - factor),
    top: top + height * y * (1 - factor),
    width: width * factor,
    height: height * factor,
  };
}

/** The view moved by these shares of its sides. */
export function panned(view: View, x: number, y: number): View {
  return { ...view, left: view.left - view.width * x, top: view.top - view.height * y };
}
