/** A trade-off study as the server gives it, and how its points are drawn. Scores are shares or numbers with a unit. */
import { percent, short } from "../lib/numbers";

export interface Candidate {
  readonly key: string;
  readonly milliseconds: number;
  readonly p95: number;
  readonly size: number;
  readonly multiply_adds: number;
}

export interface Point {
  readonly candidate: Candidate;
  readonly score: number;
  readonly standard_error: number;
  readonly front: boolean;
  readonly peak_memory: number | null;
  readonly test: { readonly score: number; readonly interval: readonly [number, number] } | null;
}

export interface Study {
  readonly id: number;
  readonly name: string;
  readonly source: string;
  readonly task: string;
  readonly metric: string;
  readonly unit: string;
  readonly share: boolean;
  readonly machine: string;
  readonly points: readonly Point[];
  readonly recommended: string;
  readonly within: boolean;
  readonly knee: string | null;
  readonly reason: string;
  readonly command: string;
  readonly seconds: number;
  readonly largest: string;
  readonly largest_seconds: number;
}

export const COSTS = ["milliseconds", "size", "memory"] as const;
export type Cost = (typeof COSTS)[number];
const Z = 1.96;

/** The cost of a point in milliseconds or megabytes; null where it was not measured. */
export function costOf({ candidate, peak_memory }: Point, cost: Cost): number | null {
  if (cost === "milliseconds") return candidate.milliseconds;
  if (cost === "size") return candidate.size / 1e6;
  return peak_memory === null ? null : peak_memory / 1e6;
}

export function scoreOf(study: Study, value: number): string {
  return study.share ? percent(value) : `${short(value)}${study.unit ? ` ${study.unit}` : ""}`;
}

/** Half the width of the 95 % interval of a validation score. */
export const reachOf = (point: Point): number => Z * point.standard_error;

export interface Dot {
  readonly point: Point;
  readonly cost: number;
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

export interface Plot {
  readonly dots: readonly Dot[];
  readonly costs: readonly { readonly at: number; readonly value: number }[];
  readonly scores: readonly { readonly at: number; readonly value: number }[];
}

/** Places from 0 to 1: costs on a logarithmic scale to the right, scores upward, each with its interval. */
export function plotOf(points: readonly Point[], cost: Cost): Plot {
  const measured = points.flatMap((point) => {
    const value = costOf(point, cost);
    return value === null || value <= 0 ? [] : [{ point, value }];
  });
  if (measured.length === 0) return { dots: [], costs: [], scores: [] };
  const logs = measured.map(({ value }) => Math.log(value));
  const [left, right] = [Math.min(...logs) - 0.2, Math.max(...logs) + 0.2];
  const bottom = Math.min(...measured.map(({ point }) => point.score - reachOf(point)));
  const top = Math.max(...measured.map(({ point }) => point.score + reachOf(point)));
  const height = top - bottom || 1;
  const across = (value: number): number => (Math.log(value) - left) / (right - left);
  const up = (value: number): number => (value - bottom) / height;
  return {
    dots: measured.map(({ point, value }) => ({
      point,
      cost: value,
      x: across(value),
      y: up(point.score),
      low: up(point.score - reachOf(point)),
      high: up(point.score + reachOf(point)),
    })),
    costs: roundBetween(Math.exp(left), Math.exp(right)).map((value) => ({ value, at: across(value) })),
    scores: [bottom, bottom + height / 2, top].map((value) => ({ value, at: up(value) })),
  };
}

/** The numbers 1, 2 and 5 times powers of ten between two positive numbers; all digits where these are too few. */
export function roundBetween(low: number, high: number): readonly number[] {
  const few = withDigits([1, 2, 5], low, high);
  return few.length > 2 ? few : withDigits([1, 2, 3, 4, 5, 6, 7, 8, 9], low, high);
}

function withDigits(digits: readonly number[], low: number, high: number): readonly number[] {
  const found: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    found.push(...digits.map((digit) => Number(`${digit}e${power}`)).filter((value) => value >= low && value <= high));
  }
  return found;
}
