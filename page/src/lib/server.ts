/** What only a server can do: explain an answer, and look through a source. FORMAT.md has the routes. */

import { openFaces, type Faces } from "../faces/api";
import type { Correction, Outcome } from "../judge/outcomes";
import type { Predictions } from "../judge/table";
import { openCollection, type Collection } from "../organize/api";
import { openDriver, type DriveServer } from "../drive/api";
import { openGenerator, type Generator } from "../generate/api";
import type { Study } from "../tradeoff/study";
import { openTrainer, type Trainer } from "../train/api";
import { pathOf, type Choices, type Version } from "./version";

/** A way to look inside, by its name for the server, and the choices that it takes. */
export interface Method {
  readonly name: string;
  readonly takes: readonly string[];
  readonly of: "picture" | "source";
}

export interface Explained {
  readonly of: string;
  /** The layer that was used; empty where the method has none. */
  readonly layer: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly maps: Readonly<Record<string, readonly (readonly number[])[]>>;
  /** `passed` is null where a number has no limit. */
  readonly checks: readonly {
    readonly name: string;
    readonly value: number;
    readonly summary: string;
    readonly passed: boolean | null;
  }[];
  readonly notes: readonly string[];
}

/** The long work that runs on the server: steps where it counts them, and seconds since it began. */
export interface Work {
  readonly running: boolean;
  readonly seconds: number;
  readonly done: number | null;
  readonly total: number | null;
}

export interface ImageSource {
  readonly id: number;
  readonly name: string;
  readonly parts: Readonly<Record<string, number>>;
}

/**
 * Images laid out by their features: a place for each, whether it is answered correctly (null where not known), and the
 * answers that are numbers, such as ranks (else empty).
 */
export interface SurveyedMap {
  readonly layer: string;
  readonly names: readonly string[];
  readonly places: readonly (readonly [number, number])[];
  readonly right: readonly (boolean | null)[];
  readonly values: readonly number[];
}

/** An image that excites a unit: its name, the number, and its place in the map; its patch is in the strip. */
export interface Strongest {
  readonly image: string;
  readonly activation: number;
  readonly at: readonly [number, number];
}

export interface ExcitedUnit {
  readonly unit: number;
  readonly dead: boolean;
  readonly strongest: readonly Strongest[];
  /** A PNG in base64: the patches, and below each what of it the unit answers to. */
  readonly strip: string;
}

/** An attack, and the settings that it reads with what they are unless given. */
export interface AttackMethod {
  readonly name: string;
  readonly takes: Readonly<Record<string, number>>;
}

/** One step of a search for pixels: the best candidate so far, and the places that were tried. */
export interface AttackStep {
  readonly queries: number;
  readonly fitness: number;
  readonly best: readonly { readonly row: number; readonly column: number; readonly color: readonly number[] }[];
  readonly tried: readonly (readonly [number, number])[];
}

export interface Attacked {
  readonly outcome: "fooled" | "resisted" | "skipped";
  readonly reason: string;
  readonly queries: number;
  readonly distortion: number;
  readonly pixels_changed: number;
  /** uint8 pixels (C, H, W) in base64. */
  readonly fooled: string;
  readonly history: readonly AttackStep[];
}

/** For each pixel the lowest margin that one changed pixel reaches, below zero where it fools, and the color for it. */
export interface PixelMap {
  readonly working: number;
  readonly places: number;
  readonly margin: readonly (readonly number[])[];
  readonly color: readonly (readonly (readonly number[])[])[];
}

export interface RunEntry {
  readonly id: number;
  readonly name: string;
  /** The number of its model; null where it has none yet. */
  readonly model: number | null;
}

/** The answer of a task in words, and a PNG in base64 where it is an image or has a place on the image. */
export interface Answered {
  readonly text: string;
  readonly image: string | null;
}

/** An answer that is an image, of the size of the picture file; both images are PNG in base64. */
export interface ImageAnswer {
  readonly text: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Names of the answers that can be asked for, the usual one first; it has an empty name. */
  readonly proposals: readonly string[];
  /** Height and width. */
  readonly size: readonly [number, number];
  /** In dB against the file, where noise was added to it. */
  readonly psnr: { readonly before: number; readonly image: number } | null;
  readonly before: string;
  readonly image: string;
}

/** How far an image is from the model's held-out images in feature space; null with too few of them. */
export interface Familiarity {
  readonly distance: number | null;
  readonly median: number | null;
  readonly share: number | null;
  readonly unfamiliar: boolean | null;
  readonly count: number;
  readonly heldOut: boolean;
}

/** Which views have something to show, and the numbers of the models for them. */
export interface Offered {
  readonly faces: boolean;
  readonly organize: boolean;
  readonly tradeoff: boolean;
  readonly generate: readonly number[];
  readonly denoise: readonly number[];
  readonly colorize: readonly number[];
  readonly rank: readonly number[];
  readonly drive: readonly number[];
}

export interface Server {
  readonly trainer: Trainer;
  readonly faces: Faces;
  readonly collection: Collection;
  readonly generator: Generator;
  readonly driver: DriveServer;
  /** The answer of a model for a picture file. */
  predict(model: number, picture: Blob, signal?: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
  /** The answer of a model whose answers are images, for a picture file, with settings as the server names them. */
  answerImage(
    model: number,
    picture: Blob,
    settings: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<ImageAnswer>;
  views(): Promise<Offered>;
  runs(): Promise<readonly RunEntry[]>;
  studies(): Promise<readonly Study[]>;
  /** The address of the page that a study wrote. */
  studyPage(study: number): string;
  /** Objects and what was found, for each image of a run whose answers have places. */
  outcomes(run: number): Promise<readonly Outcome[]>;
  /** Write the annotations of a run's images with corrections, by the number of the image; the name of the file. */
  correct(run: number, corrections: Readonly<Record<number, Correction>>): Promise<string>;
  /** The table of predictions of a run. */
  predictions(run: number): Promise<Predictions>;
  /** The task's answer for uint8 pixels (C, H, W). */
  answer(model: number, pixels: Uint8Array, signal?: AbortSignal): Promise<Answered>;
  familiarity(of: Version, pixels: Uint8Array, signal?: AbortSignal): Promise<Familiarity>;
  attacks(): Promise<readonly AttackMethod[]>;
  /** Try to fool the network with uint8 pixels (C, H, W). */
  attack(of: Version, pixels: Uint8Array, choices: Choices, signal?: AbortSignal): Promise<Attacked>;
  pixelMap(of: Version, pixels: Uint8Array, choices: Choices, signal?: AbortSignal): Promise<PixelMap>;
  work(): Promise<Work>;
  methods(): Promise<readonly Method[]>;
  /** Explain the answer for uint8 pixels (C, H, W). */
  explain(of: Version, pixels: Uint8Array, choices: Choices, signal?: AbortSignal): Promise<Explained>;
  /** Lay out the images of a source's part by the model's features. */
  map(of: Version, source: number, part: string, signal?: AbortSignal): Promise<SurveyedMap>;
  sources(): Promise<readonly ImageSource[]>;
  /** The images of a source's part that excite a unit of a layer most. */
  strongest(
    of: Version,
    layer: string,
    unit: number,
    source: number,
    part: string,
    signal?: AbortSignal,
  ): Promise<ExcitedUnit>;
}

type Json = (path: string, body?: BodyInit, signal?: AbortSignal) => Promise<unknown>;

export function openServer(json: Json, base: string): Server {
  const inside = async <Value>(path: string, name: string): Promise<readonly Value[]> =>
    ((await json(path)) as Record<string, readonly Value[]>)[name];
  const posed = (
    of: Version,
    what: string,
    pixels: Uint8Array,
    choices: Choices,
    signal?: AbortSignal,
  ): Promise<unknown> => json(pathOf(of, what, { ...choices, form: "pixels" }), new Uint8Array(pixels), signal);
  return {
    trainer: openTrainer(json),
    faces: openFaces(json),
    collection: openCollection(json),
    generator: openGenerator(json),
    driver: openDriver(json),
    predict: async (model, picture, signal) =>
      (await json(`models/${model}/predict`, picture, signal)) as Record<string, unknown>,
    correct: async (run, corrections) => {
      const images = Object.entries(corrections).map(([image, one]) => ({ image: Number(image), ...one }));
      const body = new Blob([JSON.stringify({ images })], { type: "application/json" });
      return ((await json(`runs/${run}/corrections`, body)) as { file: string }).file;
    },
    answerImage: async (model, picture, settings, signal) => {
      const query = new URLSearchParams(settings);
      return (await json(`models/${model}/answer-image?${query}`, picture, signal)) as ImageAnswer;
    },
    views: async () => (await json("views")) as Offered,
    runs: () => inside<RunEntry>("runs", "runs"),
    studies: () => inside<Study>("studies", "studies"),
    studyPage: (study) => `${base}/studies/${study}/page`,
    predictions: async (run) => (await json(`runs/${run}/predictions`)) as Predictions,
    outcomes: (run) => inside<Outcome>(`runs/${run}/outcomes`, "images"),
    answer: async (model, pixels, signal) =>
      (await json(`models/${model}/answer`, new Uint8Array(pixels), signal)) as Answered,
    familiarity: async (of, pixels, signal) =>
      (await json(pathOf(of, "familiarity"), new Uint8Array(pixels), signal)) as Familiarity,
    attacks: () => inside<AttackMethod>("attacks", "attacks"),
    attack: async (of, pixels, choices, signal) => (await posed(of, "attack", pixels, choices, signal)) as Attacked,
    pixelMap: async (of, pixels, choices, signal) =>
      (await posed(of, "pixel-map", pixels, choices, signal)) as PixelMap,
    work: async () => (await json("work")) as Work,
    methods: () => inside<Method>("methods", "methods"),
    explain: async (of, pixels, choices, signal) => (await posed(of, "explain", pixels, choices, signal)) as Explained,
    map: async (of, source, part, signal) =>
      (await json(pathOf(of, "survey", { by: "map", source: String(source), part }), "", signal)) as SurveyedMap,
    sources: () => inside<ImageSource>("sources", "sources"),
    strongest: async (of, layer, unit, source, part, signal) =>
      (await json(
        pathOf(of, "unit", { layer, unit: String(unit), source: String(source), part }),
        undefined,
        signal,
      )) as ExcitedUnit,
  };
}
