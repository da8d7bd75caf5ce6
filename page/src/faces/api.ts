/** Faces on pictures, and a gallery of people: docs/serve.md has the routes. No picture is kept by the server. */

export interface Quality {
  readonly eye_distance: number;
  readonly sharpness: number;
  readonly yaw: number;
  readonly roll: number;
  readonly faults: readonly string[];
}
export interface FaceFound {
  /** x1, y1, x2, y2 in pixels of the upright picture. */
  readonly box: readonly [number, number, number, number];
  readonly points: readonly (readonly [number, number])[];
  readonly score: number;
  readonly quality: Quality;
  /** Who it is; null for nobody known. */
  readonly person: string | null;
  readonly similarity: number | null;
}
export interface Person {
  readonly name: string;
  readonly faces: number;
}
/** How often two different persons reach a threshold, with a 95 % interval. */
export interface Rate {
  readonly threshold: number;
  readonly rate: number;
  readonly interval: readonly [number, number];
}
export interface FacesEntry {
  readonly gallery: string;
  readonly people: readonly Person[];
  readonly threshold: number;
  readonly measured_on: string;
  readonly rates: readonly Rate[];
}
export interface Comparison {
  readonly similarity: number;
  /** Why nothing can be decided; empty where it can. */
  readonly reasons: readonly string[];
}

export interface Faces {
  describe(): Promise<FacesEntry>;
  find(picture: Blob): Promise<readonly FaceFound[]>;
  compare(first: Blob, second: Blob): Promise<Comparison>;
  enroll(name: string, picture: Blob): Promise<readonly Person[]>;
  forget(name: string): Promise<readonly Person[]>;
}

type Json = (path: string, body?: BodyInit, signal?: AbortSignal) => Promise<unknown>;

export function openFaces(json: Json): Faces {
  return {
    describe: async () => (await json("faces")) as FacesEntry,
    find: async (picture) => ((await json("faces/find", picture)) as { faces: FaceFound[] }).faces,
    compare: async (first, second) =>
      (await json(`faces/compare?split=${first.size}`, new Blob([first, second]))) as Comparison,
    enroll: async (name, picture) =>
      ((await json(`faces/people?${new URLSearchParams({ name })}`, picture)) as { people: Person[] }).people,
    forget: async (name) => {
      const body = new Blob([JSON.stringify({ name })], { type: "application/json" });
      return ((await json("faces/people/forget", body)) as { people: Person[] }).people;
    },
  };
}
