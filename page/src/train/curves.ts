/** Curves of several runs on one axis: epochs, one quantity of the log, smoothed. */
import { short } from "../lib/numbers";
import type { LogLine } from "./api";
import { imagesAt } from "./pace";

export interface Series {
  readonly epochs: readonly number[];
  readonly values: readonly number[];
}

/** The numbers at an axis of uPlot, which knows the browser's language and not that of the page. */
export const asTexts = (_plot: unknown, values: readonly number[]): string[] => values.map((value) => short(value));

/** What the logs hold, as "part name"; standard errors are left out. The loss on training images is in every line. */
export function quantitiesOf(logs: readonly (readonly LogLine[])[]): readonly string[] {
  const found = new Set<string>(["training loss"]);
  for (const line of logs.flat()) {
    for (const part of ["training", "validation"] as const) {
      for (const [name, value] of Object.entries(line[part] ?? {}))
        if (typeof value === "number" && !name.endsWith(" error")) found.add(`${part} ${name}`);
    }
  }
  return [...found];
}

/** One quantity over the epochs, where the log has it; `count` is the number of images of an epoch. */
export function seriesOf(lines: readonly LogLine[], quantity: string, batch: number, count: number): Series {
  const [part, ...rest] = quantity.split(" ");
  const name = rest.join(" ");
  const known = lines.flatMap((line) => {
    const value = quantity === "training loss" ? line.loss : line[part as "training" | "validation"]?.[name];
    return typeof value === "number" ? [[imagesAt(line, batch) / count, value] as const] : [];
  });
  return { epochs: known.map(([epoch]) => epoch), values: known.map(([, value]) => value) };
}

/** Exponential moving average, corrected for its start: 0 leaves the values as they are, near 1 smooths most. */
export function smoothed(values: readonly number[], weight: number): readonly number[] {
  let [mean, share] = [0, 0];
  return values.map((value) => {
    mean = weight * mean + (1 - weight) * value;
    share = weight * share + (1 - weight);
    return mean / share;
  });
}

/** The last value at or before an epoch; null before the first. */
export function valueAt({ epochs }: Series, values: readonly number[], epoch: number): number | null {
  const place = epochs.findLastIndex((one) => one <= epoch + 1e-9);
  return place < 0 ? null : values[place];
}

/** All series on one axis, as the chart takes them: null where a series has no value at an epoch. */
export function joined(series: readonly Series[], values: readonly (readonly number[])[]): (number | null)[][] {
  const epochs = [...new Set(series.flatMap((one) => one.epochs))].sort((a, b) => a - b);
  const places = series.map((one) => new Map(one.epochs.map((epoch, i) => [epoch, i])));
  return [
    epochs,
    ...places.map((place, run) => epochs.map((epoch) => (place.has(epoch) ? values[run][place.get(epoch)!] : null))),
  ];
}
