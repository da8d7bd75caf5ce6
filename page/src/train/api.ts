/** What the server does about training: FORMAT.md and docs/serve.md have the routes. */

import type { Result } from "../judge/runs";

export type RunState =
  "preparing" | "training" | "paused" | "finishing" | "finished" | "stopped" | "failed" | "elsewhere";

/** What can be changed on the way; `rate` is the highest of the cycle. */
export const SETTINGS = ["rate", "momentum", "weight_decay", "batch"] as const;
export type Setting = (typeof SETTINGS)[number];
export type Settings = Readonly<Record<Setting, number>>;

export interface Recipe {
  readonly steps: number;
  readonly batch: number;
  /** Images of an epoch. */
  readonly count: number;
  readonly optimizer?: string;
  readonly task: { readonly name: string };
  readonly network: { readonly name: string; readonly size: string };
}

export type Change = Readonly<Partial<Record<Setting | "step" | "end", number | boolean>>>;

export interface RunDescription {
  readonly name: string;
  readonly model: number | null;
  readonly state: RunState;
  readonly error: string;
  readonly notes: readonly string[];
  readonly recipe: Partial<Recipe>;
  /** What was changed on the way, each with the step after which. */
  readonly changes: readonly Change[];
  readonly settings: Settings | null;
  readonly result: Result & { readonly steps?: number };
}

/** A line of the log: the loss and the score are means over the steps since the line before. */
export interface LogLine {
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  readonly images?: number;
  readonly seconds: number;
  readonly rate: number;
  readonly loss: number;
  readonly training?: Readonly<Record<string, number | null>>;
  readonly validation?: Readonly<Record<string, number | null>>;
}

/** Bytes in base64, of a shape; signed ones stand for numbers up to `scale`. */
export interface Bytes {
  readonly shape: readonly number[];
  readonly data: string;
}
export interface SignedBytes extends Bytes {
  readonly scale: number;
}

/** A random held-out image and the answer to it as it is now. */
export interface Held {
  readonly name: string;
  readonly target?: unknown;
  readonly answer?: unknown;
  readonly label?: string;
  readonly right?: boolean;
  readonly error?: number;
  readonly psnr?: number;
  readonly best: readonly (readonly [string, number])[];
  readonly pixels?: Bytes;
  readonly answered?: Bytes;
}

export interface LiveView {
  readonly part: string;
  readonly step: number;
  readonly steps: number;
  readonly images: number;
  readonly seconds: number;
  readonly held: readonly Held[];
  readonly layers: readonly { readonly name: string; readonly kind: string; readonly shape: readonly number[] }[];
  readonly layer: string;
  readonly maps: SignedBytes | null;
  readonly kernels: SignedBytes | null;
}

export interface ViewRequest {
  readonly layer: string;
  readonly images: number;
  readonly picture: number;
  readonly pixels: boolean;
}

export interface Order {
  readonly source: number;
  readonly network: string;
  readonly task: string;
  readonly size: string;
  readonly epochs: number | null;
  readonly batch: number | null;
  readonly rate: number | null;
  readonly seed: number;
  readonly snapshots: boolean;
}

export interface Layers {
  readonly task: string;
  readonly input: readonly number[];
  readonly rows: readonly {
    readonly name: string;
    readonly kind: string;
    readonly output: readonly number[];
    readonly parameters: number;
    readonly formula: string;
    readonly multiply_adds: number;
  }[];
  readonly parameters: number;
  readonly multiply_adds: number;
}

export interface OpenedUploadSet {
  readonly source: number;
  readonly name: string;
  readonly parts: Readonly<Record<string, number>>;
  readonly problems: readonly { readonly name: string; readonly reason: string }[];
  readonly notes: readonly string[];
}

/** A task that the server can train for: what it answers, and the columns of a source that it reads. */
export interface TaskEntry {
  readonly name: string;
  readonly question: string;
  readonly metric: { readonly name: string; readonly better: "higher" | "lower"; readonly unit: string };
  readonly columns: readonly string[];
}

/** Two images that are the same or nearly so, with the number of each. */
export interface Twins {
  readonly kind: "exact" | "near";
  readonly names: readonly [string, string];
  readonly parts: readonly [string, string];
  readonly labels: readonly [string, string];
  readonly ids: readonly [number | null, number | null];
}
export interface TwinList {
  readonly count: number;
  readonly pairs: readonly Twins[];
}
/** What a look through a source finds before a training. */
export interface Findings {
  readonly count: number;
  readonly classes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly balance: number | null;
  readonly sizes: Readonly<Record<string, readonly [number, number]>>;
  /** Some images of each class, by number. */
  readonly examples: Readonly<Record<string, readonly number[]>>;
  readonly nearSearched: boolean;
  readonly problems: {
    readonly count: number;
    readonly problems: readonly { readonly name: string; readonly reason: string }[];
  };
  readonly exact: TwinList;
  readonly near: TwinList;
  readonly acrossParts: TwinList;
  readonly conflicts: TwinList;
}
export interface DoubtfulLabel {
  readonly image: string;
  readonly given: string;
  readonly proposed: string;
  readonly score: number;
  readonly id: number | null;
}
export const smallImage = (from: number, image: number): string => `./api/sources/${from}/images/${image}?side=96`;

export interface Trainer {
  findings(source: number): Promise<Findings>;
  /** Labels that other images contradict, the most certain first. */
  doubtful(source: number): Promise<{ readonly count: number; readonly labels: readonly DoubtfulLabel[] }>;
  run(run: number): Promise<RunDescription>;
  log(run: number, after: number): Promise<{ readonly lines: readonly LogLine[]; readonly next: number }>;
  /** What there is to see now; null while the training is busy with something else than steps. */
  look(run: number, wanted: ViewRequest): Promise<LiveView | null>;
  begin(order: Order): Promise<number>;
  pause(run: number): Promise<void>;
  goOn(run: number): Promise<void>;
  stop(run: number): Promise<void>;
  /** Change settings from the next step on; the step and how many there are now, where it was told in time. */
  change(run: number, settings: Partial<Settings>): Promise<{ readonly step?: number; readonly steps?: number }>;
  tasks(): Promise<readonly TaskEntry[]>;
  networks(): Promise<readonly { readonly name: string; readonly summary: string }[]>;
  layers(source: number, network: string, size: string, task: string): Promise<Layers>;
  newUploadSet(): Promise<number>;
  addPicture(uploadSet: number, picture: Blob, name: string, label: string, part: string): Promise<number>;
  openUploadSet(uploadSet: number, name: string): Promise<OpenedUploadSet>;
}

type Json = (path: string, body?: BodyInit) => Promise<unknown>;

export function openTrainer(json: Json): Trainer {
  const post = (path: string, values: unknown = {}): Promise<unknown> =>
    json(path, new Blob([JSON.stringify(values)], { type: "application/json" }));
  const query = (values: Record<string, unknown>): string =>
    new URLSearchParams(Object.entries(values).map(([name, value]) => [name, String(value)])).toString();
  return {
    run: async (run) => (await json(`runs/${run}`)) as RunDescription,
    log: async (run, after) => (await json(`runs/${run}/log?after=${after}`)) as { lines: LogLine[]; next: number },
    look: async (run, wanted) => {
      const found = (await json(`runs/${run}/look?${query({ ...wanted })}`)) as LiveView | Record<string, never>;
      return "held" in found ? (found as LiveView) : null;
    },
    begin: async (order) => ((await post("runs", order)) as { run: number }).run,
    pause: async (run) => void (await post(`runs/${run}/pause`)),
    goOn: async (run) => void (await post(`runs/${run}/go-on`)),
    stop: async (run) => void (await post(`runs/${run}/stop`)),
    change: async (run, settings) => (await post(`runs/${run}/change`, settings)) as { step?: number; steps?: number },
    findings: async (from) => (await json(`sources/${from}/check`)) as Findings,
    doubtful: async (from) => (await json(`sources/${from}/doubtful`)) as { count: number; labels: DoubtfulLabel[] },
    tasks: async () => ((await json("tasks")) as { tasks: TaskEntry[] }).tasks,
    networks: async () => ((await json("networks")) as { networks: { name: string; summary: string }[] }).networks,
    layers: async (source, network, size, task) =>
      (await json(`layers?${query({ source, network, size, task })}`)) as Layers,
    newUploadSet: async () => ((await post("uploads")) as { upload_set: number }).upload_set,
    addPicture: async (uploadSet, picture, name, label, part) =>
      ((await json(`uploads/${uploadSet}/pictures?${query({ name, label, part })}`, picture)) as { count: number })
        .count,
    openUploadSet: async (uploadSet, name) => (await post(`uploads/${uploadSet}/open`, { name })) as OpenedUploadSet,
  };
}
