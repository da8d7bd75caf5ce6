/** Answers with places, boxes or points: what a threshold finds, misses and gets wrong. */
import { wilson } from "./statistics";

export interface Thing {
  readonly label: string;
  /** (x, y), or (x1, y1, x2, y2), in pixels of the original image. */
  readonly place: readonly number[];
}
export interface Found extends Thing {
  readonly score: number;
  /** The number of the object that it was matched with, by decreasing score; null for none. */
  readonly object: number | null;
}
export interface Outcome {
  readonly image: string;
  /** (height, width) of the original; null where it is not there. */
  readonly size: readonly [number, number] | null;
  readonly objects: readonly Thing[];
  readonly found: readonly Found[];
}
export interface Kinds {
  readonly found: readonly Thing[];
  readonly missed: readonly Thing[];
  readonly false: readonly Thing[];
}

/** Detections from a threshold on, and the objects that none of them was matched with; of one class, or of all (""). */
export function kindsOf({ objects, found }: Outcome, threshold: number, label = ""): Kinds {
  const given = found.filter((one) => one.score >= threshold);
  const hit = new Set(given.map(({ object }) => object));
  const of = <One extends Thing>(things: readonly One[]): readonly One[] =>
    label ? things.filter((one) => one.label === label) : things;
  return {
    found: of(given.filter(({ object }) => object !== null)),
    missed: of(objects).filter((one) => !hit.has(objects.indexOf(one))),
    false: of(given.filter(({ object }) => object === null)),
  };
}

export interface Figures {
  readonly found: number;
  readonly missed: number;
  readonly false: number;
  /** A share and its 95 % interval; null where there is nothing to divide. */
  readonly precision: readonly [number, number, number] | null;
  readonly recall: readonly [number, number, number] | null;
  readonly f1: number;
}

export function figuresOf(kinds: readonly Kinds[]): Figures {
  const [found, missed, wrong] = (["found", "missed", "false"] as const).map((kind) =>
    kinds.reduce((sum, one) => sum + one[kind].length, 0),
  );
  const share = (count: number, all: number): readonly [number, number, number] | null =>
    all === 0 ? null : [count / all, ...wilson(count, all)];
  return {
    found,
    missed,
    false: wrong,
    precision: share(found, found + wrong),
    recall: share(found, found + missed),
    f1: found + missed + wrong === 0 ? 0 : (2 * found) / (2 * found + missed + wrong),
  };
}

/** Recall and precision at every score, from the highest on; of one class, or of all (""). */
export function precisionByRecall(images: readonly Outcome[], label = ""): readonly (readonly [number, number])[] {
  const of = <One extends Thing>(things: readonly One[]): readonly One[] =>
    label ? things.filter((one) => one.label === label) : things;
  const objects = images.reduce((sum, one) => sum + of(one.objects).length, 0);
  const found = images.flatMap((one) => of(one.found)).toSorted((a, b) => b.score - a.score);
  let hits = 0;
  return objects === 0
    ? []
    : found.map(({ object }, i) => [(hits += object === null ? 0 : 1) / objects, hits / (i + 1)] as const);
}

/** Corrections of one image's annotations: detections that are objects, and objects that are none, by their numbers. */
export interface Correction {
  readonly add: readonly number[];
  readonly remove: readonly number[];
}

/** A mistake that may be one of the annotations instead: where it is, and which number the correction has. */
export interface Mistake extends Thing {
  readonly kind: keyof Correction;
  readonly number: number;
}

/** The missed objects and false detections of an image, in this order. */
export function mistakesOf({ objects, found }: Outcome, { missed, false: wrong }: Kinds): readonly Mistake[] {
  const numbered = (kind: keyof Correction, all: readonly Thing[], some: readonly Thing[]): readonly Mistake[] =>
    some.map((thing) => ({ label: thing.label, place: thing.place, kind, number: all.indexOf(thing) }));
  return [...numbered("remove", objects, missed), ...numbered("add", found, wrong)];
}

/** The corrections with one more, or without it where it is there. */
export function toggled(correction: Correction, { kind, number }: Mistake): Correction {
  const numbers = correction[kind];
  const changed = numbers.includes(number) ? numbers.filter((one) => one !== number) : [...numbers, number];
  return { ...correction, [kind]: changed };
}

export const NONE: Correction = { add: [], remove: [] };
export const countOf = ({ add, remove }: Correction): number => add.length + remove.length;
