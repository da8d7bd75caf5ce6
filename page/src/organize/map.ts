import type { Place, PlaceCount } from "./api";

/** The part of the world that a map shows: degrees from west to east and from south to north. */
export interface View {
  readonly west: number;
  readonly east: number;
  readonly south: number;
  readonly north: number;
}

export interface Circle extends PlaceCount {
  readonly x: number;
  readonly y: number;
}

/** Degrees as text, as the server reads them. */
export const degrees = (value: number): string => String(Math.round(value * 1e5) / 1e5);

/** A view of all places with a margin, in the shape of the window (width / height), at least 0.02 degrees high. */
export function viewOf(places: readonly Place[], shape: number): View {
  const [longitudes, latitudes] = [places.map(({ longitude }) => longitude), places.map(({ latitude }) => latitude)];
  const ends = (values: readonly number[]): [number, number] => values.reduce(([low, high], one) => [Math.min(low, one), Math.max(high, one)], [Infinity, -Infinity]);
  const [[west, east], [south, north]] = [ends(longitudes), ends(latitudes)];
  const height = Math.max(0.02, 1.2 * (north - south), (1.2 * (east - west)) / shape);
  return around((west + east) / 2, (south + north) / 2, height, shape);
}

export function around(longitude: number, latitude: number, height: number, shape: number): View {
  return { west: longitude - (height * shape) / 2, east: longitude + (height * shape) / 2, south: latitude - height / 2, north: latitude + height / 2 };
}

/** The view scaled by a factor (below 1: closer) while the point at these shares of its width and height stays. */
export function zoomed({ west, east, south, north }: View, factor: number, x = 0.5, y = 0.5): View {
  const [width, height] = [(east - west) * factor, (north - south) * factor];
  if (height > 400 || height < 0.002) return { west, east, south, north };
  const [longitude, latitude] = [west + (east - west) * x, north - (north - south) * y];
  return { west: longitude - width * x, east: longitude + width * (1 - x), south: latitude - height * (1 - y), north: latitude + height * y };
}

export function panned(view: View, x: number, y: number): View {
  const [across, down] = [(view.east - view.west) * x, (view.north - view.south) * y];
  return { west: view.west - across, east: view.east - across, south: view.south + down, north: view.north + down };
}

/** Circles for the places in view: those in one square of `cell` pixels become one, at the place with most photos. */
export function circles(places: readonly PlaceCount[], view: View, width: number, height: number, cell = 36): readonly Circle[] {
  const found = new Map<string, Circle & { most: number }>();
  for (const place of places) {
    const x = ((place.longitude - view.west) / (view.east - view.west)) * width;
    const y = ((view.north - place.latitude) / (view.north - view.south)) * height;
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
