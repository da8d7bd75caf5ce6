/** Patches of images with points for the quiz: half of them show an object at their center. */
import { shuffled } from "../lib/quiz";
import type { Outcome } from "./outcomes";

export interface Patch {
  /** The number of the image. */
  readonly image: number;
  /** Center in pixels of the original image. */
  readonly x: number;
  readonly y: number;
  readonly there: boolean;
  /** The model's score for the center; 0 where it found nothing. */
  readonly score: number;
}

const DRAWS = 200;

/** Objects with the scores of their detections. */
export function objectPatches(images: readonly Outcome[]): Patch[] {
  return images.flatMap(({ objects, found, size }, image) =>
    size === null
      ? []
      : objects.map(({ place }, i) => ({
          image,
          x: place[0],
          y: place[1],
          there: true,
          score: Math.max(0, ...found.filter(({ object }) => object === i).map(({ score }) => score)),
        })),
  );
}

/** Detections, of any score, at least `distance` from every object: places that look like one to the model. */
export function candidatePatches(images: readonly Outcome[], distance: number): Patch[] {
  return images.flatMap(({ objects, found, size }, image) =>
    size === null
      ? []
      : found
          .filter(
            ({ object, place }) =>
              object === null &&
              isFar(
                place,
                objects.map((one) => one.place),
                distance,
              ),
          )
          .map(({ place, score }) => ({ image, x: place[0], y: place[1], there: false, score })),
  );
}

/** A random place at least `distance` from every object and detection; null where none was drawn. */
export function backgroundPatch(images: readonly Outcome[], distance: number, random: () => number): Patch | null {
  for (let draw = 0; draw < DRAWS; draw++) {
    const image = Math.floor(random() * images.length);
    const { objects, found, size } = images[image];
    if (size === null) continue;
    const [x, y] = [random() * size[1], random() * size[0]];
    if (
      isFar(
        [x, y],
        [...objects, ...found].map(({ place }) => place),
        distance,
      )
    )
      return { image, x, y, there: false, score: 0 };
  }
  return null;
}

/**
 * Patches in random order, half of them with an object. Of those without, up to half are places that look like an object
 * to the model, the others are random. Throws where there are too few.
 */
export function balancedPatches(
  images: readonly Outcome[],
  length: number,
  radius: number,
  few: string,
  random: () => number = Math.random,
): Patch[] {
  const half = length / 2;
  const objects = shuffled(objectPatches(images), random).slice(0, half);
  const candidates = shuffled(candidatePatches(images, 2 * radius), random).slice(0, Math.ceil(half / 2));
  const background: Patch[] = [];
  while (candidates.length + background.length < half) {
    const patch = backgroundPatch(images, 2 * radius, random);
    if (patch === null) throw new Error(few);
    background.push(patch);
  }
  if (objects.length < half) throw new Error(few);
  return shuffled([...objects, ...candidates, ...background], random);
}

function isFar(place: readonly number[], others: readonly (readonly number[])[], distance: number): boolean {
  return others.every((other) => Math.hypot(other[0] - place[0], other[1] - place[1]) >= distance);
}
