/** What is known of a run's result; parts are missing while it is in training. */
import { percent, short } from "../lib/numbers";

export interface JudgedRun {
  readonly id: number;
  readonly name: string;
  readonly model: number | null;
  readonly recipe: {
    readonly task?: { readonly name: string };
    readonly network?: { readonly name: string; readonly size?: string };
  };
  readonly result: Result;
}

export interface Result {
  readonly metric?: string;
  readonly unit?: string;
  readonly score?: number | null;
  /** The 95 % interval of the score. */
  readonly interval?: readonly [number, number] | null;
  readonly count?: number;
  readonly parameters?: number;
  readonly seconds?: number;
  readonly remarks?: readonly string[];
  readonly details?: {
    readonly threshold?: number;
    readonly radius?: number;
    readonly per_tag?: readonly { readonly tag: string; readonly threshold: number }[];
  };
}

/** A score with its interval: "97.1 % (95.2 % – 98.3 %)". Shares are written as percentages, other numbers with their unit. */
export function scoreText({ unit, score, interval }: Result): string | null {
  if (typeof score !== "number") return null;
  const isShare = !unit && score >= 0 && score <= 1 && (interval ?? []).every((end) => end >= 0 && end <= 1);
  const write = (value: number): string => (isShare ? percent(value) : `${short(value)}${unit ? ` ${unit}` : ""}`);
  return `${write(score)}${interval ? ` (${write(interval[0])} – ${write(interval[1])})` : ""}`;
}
