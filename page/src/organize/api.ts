/** A photo collection: what is in it, how photos are found, and the plan that sorts them into folders. */
export interface Place {
  readonly latitude: number;
  readonly longitude: number;
}
export interface PlaceCount extends Place {
  readonly count: number;
  readonly photo: number;
}
export interface PhotoEvent {
  readonly name: string;
  readonly start: string;
  readonly end: string;
  readonly place: Place | null;
  readonly count: number;
  readonly photo: number;
}
export interface CollectionEntry {
  readonly name: string;
  readonly count: number;
  readonly errors: readonly { readonly file: string; readonly reason: string }[];
  readonly errorCount: number;
  /** Whether there are embeddings: without them, search by words and by example is missing. */
  readonly network: boolean;
  /** Whether words are one description, by encoders of the user's own. */
  readonly descriptions: boolean;
  readonly colors: readonly string[];
  readonly flags: Readonly<Record<string, number>>;
  readonly events: readonly PhotoEvent[];
  readonly months: readonly { readonly month: string; readonly count: number }[];
  readonly places: readonly PlaceCount[];
  readonly template: string;
  readonly fields: readonly string[];
  /** Whether a target folder was named, so that a plan can be applied. */
  readonly apply: boolean;
}
export interface PhotoRow {
  readonly id: number;
  readonly path: string;
  readonly size: number;
  readonly width: number;
  readonly height: number;
  readonly camera: string;
  /** Seconds from 1970 in the local time of the camera. */
  readonly taken: number | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly flags: readonly string[];
}
export interface CopyGroup {
  readonly kind: "exact" | "altered" | "burst";
  readonly best: number;
  readonly others: readonly { readonly photo: number; readonly evidence: string }[];
}
export interface PlanStep {
  readonly photo: number;
  readonly file: string;
  readonly target: string;
  readonly note: string;
  readonly accepted: boolean;
}
export interface PlanState {
  readonly count: number;
  readonly accepted: number;
  /** How it is applied now: copy, link or move; empty while it is not. */
  readonly action: string;
  readonly plan: string;
  readonly steps: readonly PlanStep[];
  readonly done?: number;
  readonly skipped?: Readonly<Record<string, string>>;
}
export const ACTIONS = ["copy", "link", "move"] as const;

/** Conditions as the server reads them; an empty text is none. */
export const CONDITIONS = [
  "words",
  "color",
  "after",
  "before",
  "latitude",
  "longitude",
  "kilometers",
  "like",
  "flag",
  "event",
] as const;
export type Conditions = Readonly<Partial<Record<(typeof CONDITIONS)[number], string>>>;

export interface Collection {
  describe(): Promise<CollectionEntry>;
  find(conditions: Conditions, example: Blob | null, signal?: AbortSignal): Promise<readonly number[]>;
  rows(photos: readonly number[]): Promise<readonly PhotoRow[]>;
  copies(): Promise<readonly CopyGroup[]>;
  plan(offset: number, limit: number): Promise<PlanState>;
  makePlan(template: string, copies: readonly number[]): Promise<PlanState>;
  review(photos: readonly number[], accepted: boolean): Promise<PlanState>;
  apply(action: string): Promise<PlanState>;
  undo(): Promise<PlanState>;
}

/** The address of a photo, scaled down to so many pixels. */
export const pictureOf = (photo: number, side: number): string => `./api/collection/photos/${photo}?side=${side}`;

/** Conditions of the address, without those that are empty. */
export function conditionsOf(query: Readonly<Record<string, string>>): Conditions {
  return Object.fromEntries(CONDITIONS.filter((name) => query[name]).map((name) => [name, query[name]]));
}

type Json = (path: string, body?: BodyInit, signal?: AbortSignal) => Promise<unknown>;

export function openCollection(json: Json): Collection {
  const post = async (path: string, values: unknown = {}): Promise<PlanState> =>
    (await json(
      `collection/plan${path}`,
      new Blob([JSON.stringify(values)], { type: "application/json" }),
    )) as PlanState;
  return {
    describe: async () => (await json("collection")) as CollectionEntry,
    find: async (conditions, example, signal) => {
      const path = `collection/photos?${new URLSearchParams(conditions as Record<string, string>)}`;
      return ((await json(path, example ?? undefined, signal)) as { photos: number[] }).photos;
    },
    rows: async (photos) =>
      photos.length === 0
        ? []
        : ((await json(`collection/rows?photos=${photos.join(",")}`)) as { rows: PhotoRow[] }).rows,
    copies: async () => ((await json("collection/copies")) as { groups: CopyGroup[] }).groups,
    plan: async (offset, limit) => (await json(`collection/plan?offset=${offset}&limit=${limit}`)) as PlanState,
    makePlan: (template, copies) => post("", { template, copies }),
    review: (photos, accepted) => post("/review", { photos, accepted }),
    apply: (action) => post("/apply", { action }),
    undo: () => post("/undo"),
  };
}
