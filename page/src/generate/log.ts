/** What the log of a training with turns holds for each epoch: both losses, how many fakes are believed, style entropy. */
import type { LogLine } from "../train/api";

export interface TurnLine extends LogLine {
  readonly turns?: Readonly<Record<string, number>>;
}
export interface EpochFigures {
  readonly epoch: number;
  readonly discriminator: number | null;
  readonly generator: number | null;
  readonly believed: number | null;
  readonly entropy: number | null;
}

/** Means over the lines of each epoch; null where no line has the number. */
export function figuresByEpoch(lines: readonly TurnLine[]): readonly EpochFigures[] {
  const epochs = [...new Set(lines.map(({ epoch }) => epoch))].sort((a, b) => a - b);
  return epochs.map((epoch) => {
    const of = lines.filter((line) => line.epoch === epoch);
    return {
      epoch,
      discriminator: mean(of.map(({ turns }) => turns?.discriminator)),
      generator: mean(of.map(({ turns }) => turns?.generator)),
      believed: mean(of.map(({ training }) => training?.fakes_believed)),
      entropy: mean(of.map(({ training }) => training?.style_entropy)),
    };
  });
}

function mean(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value) => typeof value === "number");
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}
