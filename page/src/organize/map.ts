import type { Point, View } from "../lib/frame";
import type { Place, PlaceCount } from "./api";

export interface Circle extends PlaceCount {
  readonly x: number;
  readonly y: number;
}

/** The heights of a view in degrees between which the map can be enlarged. */
export const LIMITS: Point = [0.002, 400];

/** Degrees as text, as the server reads them. */
export const degrees = (value: number): string => String(Math.round(value * 1e5) / 1e5);

/** The point of a place on a plane whose second axis goes down, as on the screen. */
export const pointOf = ({ longitude, latitude }: Place): Point => [longitude, -latitude];

/** Circles for the places in view: those in one square of `cell` pixels become one, at the place with most photos. */
export function circles(
  places: readonly PlaceCount[],
  view: View,
  width: number,
  height: number,
  cell = 36,
): readonly Circle[] {
  const found = new Map<string, Circle & { most: number }>();
  for (const place of places) {
    const [across, down] = pointOf(place);
    const x = ((across - view.left) / view.width) * width;
    const y = ((down - view.top) / view.height) * height;
    if (x < 0 || x > width || y < 0 || y > height) continue;
    const key = `${Math.floor(x / cell)} ${Math.floor(y / cell)}`;
    const known = found.get(key);
    const top = known && known.most >= place.count ? known : { ...place, x, y, most: place.count };
    found.set(key, { ...top, count: (known?.count ?? 0) + place.count });
  }
  return [...found.values()];
}

/** Degrees at which lines are drawn: steps of 1, 2 or 5 times a power of ten, about `wanted` of them. */
export function ticks(low: number, high: number, wanted = 5): readonly number[] {
  const raw = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((one) => one * power >= raw)! * power;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.max(0, Math.floor(high / step) - first + 1) }, (_, i) => (first + i) * step);
}
