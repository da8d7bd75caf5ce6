/** What is computed from a table of predictions, by the formulas of the report (tasks/statistics.py). */
import type { Confusion, Prediction } from "./table";

export interface ClassFigures {
  readonly label: string;
  readonly count: number;
  /** null where the class was never predicted, or has no image. */
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number;
  /** The 95 % interval of the recall. */
  readonly interval: readonly [number, number] | null;
}

export function classFigures({ classes, counts }: Confusion): ClassFigures[] {
  return classes.map((label, i) => {
    const [right, count] = [counts[i][i], counts[i].reduce((sum, one) => sum + one, 0)];
    const predicted = counts.reduce((sum, row) => sum + row[i], 0);
    return {
      label,
      count,
      precision: predicted ? right / predicted : null,
      recall: count ? right / count : null,
      f1: count + predicted ? (2 * right) / (count + predicted) : 0,
      interval: count ? wilson(right, count) : null,
    };
  });
}

/** The 95 % interval of a share, after Wilson (1927). */
export function wilson(right: number, count: number): [number, number] {
  const z = 1.959963984540054;
  const [share, square] = [right / count, (z * z) / count];
  const middle = share + square / 2;
  const reach = z * Math.sqrt((share * (1 - share)) / count + square / (4 * count));
  return [Math.max(0, (middle - reach) / (1 + square)), Math.min(1, (middle + reach) / (1 + square))];
}

export interface CalibrationBin {
  readonly count: number;
  readonly confidence: number;
  readonly accuracy: number;
}

/** Expected calibration error (Naeini et al. 2015) and its bins of equal width; null without confidences. */
export function calibrationOf(
  table: readonly Prediction[],
  bins = 15,
): { error: number; bins: CalibrationBin[] } | null {
  const judged = table.filter(({ right, probability }) => right !== null && probability !== null);
  if (judged.length === 0) return null;
  const found: CalibrationBin[] = [];
  for (let bin = 0; bin < bins; bin++) {
    const inside = judged.filter(
      ({ probability }) => Math.min(bins - 1, Math.max(0, Math.ceil(probability! * bins) - 1)) === bin,
    );
    if (inside.length === 0) continue;
    const confidence = inside.reduce((sum, { probability }) => sum + probability!, 0) / inside.length;
    found.push({
      count: inside.length,
      confidence,
      accuracy: inside.filter(({ right }) => right).length / inside.length,
    });
  }
  const error =
    found.reduce((sum, { count, confidence, accuracy }) => sum + count * Math.abs(confidence - accuracy), 0) /
    judged.length;
  return { error, bins: found };
}

/** Which share of the answers is wrong when the least sure ones are rejected (Chow 1970). */
export function rejectionOf(table: readonly Prediction[], points = 41): { rejected: number; error: number }[] {
  const judged = table.filter(({ right, probability }) => right !== null && probability !== null);
  const sorted = judged.toSorted((a, b) => b.probability! - a.probability!);
  let wrong = 0;
  const errors = sorted.map(({ right }, i) => (wrong += right ? 0 : 1) / (i + 1));
  const most = Math.min(points, errors.length);
  const kept = new Set(
    Array.from({ length: most }, (_, i) =>
      Math.round(most < 2 ? errors.length : 1 + (i * (errors.length - 1)) / (most - 1)),
    ),
  );
  return [...kept]
    .sort((a, b) => b - a)
    .map((count) => ({ rejected: 1 - count / errors.length, error: errors[count - 1] }));
}

/** Of images that two runs judged: those that only one classifies correctly, and the p-value of McNemar's exact test. */
export function compared(
  table: readonly Prediction[],
  beside: ReadonlyMap<number, Prediction>,
): { first: number; second: number; p: number } {
  const pairs = table.filter(({ row, right }) => right !== null && typeof beside.get(row)?.right === "boolean");
  const first = pairs.filter(({ row, right }) => right && !beside.get(row)!.right).length;
  const second = pairs.filter(({ row, right }) => !right && beside.get(row)!.right).length;
  return { first, second, p: mcnemar(first, second) };
}

/** Two-sided exact test that both kinds of discordant pairs are equally likely. */
export function mcnemar(first: number, second: number): number {
  const count = first + second;
  let [term, sum] = [-count * Math.LN2, 0];
  for (let k = 0; k <= Math.min(first, second); k++) {
    sum += Math.exp(term);
    term += Math.log((count - k) / (k + 1));
  }
  return Math.min(1, 2 * sum);
}

export interface TagFigures {
  readonly tag: string;
  readonly hits: number;
  readonly missed: number;
  readonly false: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number;
}

/** What is right of one tag when it is given from a threshold on; images of which it is not known are left out. */
export function tagFigures(tag: string, table: readonly Prediction[], threshold: number): TagFigures {
  const of = (kind: "hits" | "missed" | "false"): number =>
    table.filter((one) => outcomeOf(one, tag, threshold) === kind).length;
  const [hits, missed, wrong] = [of("hits"), of("missed"), of("false")];
  return {
    tag,
    hits,
    missed,
    false: wrong,
    precision: hits + wrong ? hits / (hits + wrong) : null,
    recall: hits + missed ? hits / (hits + missed) : null,
    f1: hits + missed + wrong ? (2 * hits) / (2 * hits + missed + wrong) : 0,
  };
}

/** Whether an image has a tag and gets it from a threshold on; null where neither, or where the tag is not known. */
export function outcomeOf({ tags }: Prediction, tag: string, threshold: number): "hits" | "missed" | "false" | null {
  const one = tags[tag];
  if (!one || one.there === null) return null;
  const given = one.probability >= threshold;
  return one.there ? (given ? "hits" : "missed") : given ? "false" : null;
}
