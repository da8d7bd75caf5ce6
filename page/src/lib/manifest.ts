/** What a network is, as the server or an exported page tells it; FORMAT.md describes every field. */
export interface Manifest {
  readonly format: 1;
  readonly name: string;
  readonly network: string;
  readonly task: string;
  /** What the numbers of the last call stand for; empty where it gives a picture. */
  readonly labels: readonly string[];
  readonly images: ImageSpec;
  /** Whether the last call gives an image. */
  readonly picture?: boolean;
  readonly calls: readonly Call[];
  readonly parameters: number;
}

export interface ImageSpec {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** What each channel that the network receives is a sum of: a weight for each color, then a constant; none where it receives the colors. */
  readonly weights?: readonly (readonly number[])[] | null;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** One operation that the network executes; `inputs` are the ids of earlier calls, 0 is the image. */
export interface Call {
  readonly id: number;
  readonly name: string;
  readonly kind: string;
  readonly inputs: readonly number[];
  readonly settings: Settings;
  readonly weights: Readonly<Record<string, WeightPlace>>;
  /** Without N: (C, H, W) or (K). */
  readonly shape: readonly number[];
  /** How the parameters are counted, "10·(3·3·3+1) = 280"; empty where there are none. */
  readonly formula: string;
  readonly multiplyAdds: number;
  readonly field: ReceptiveField | null;
}

/** Where a weight lies in the blob: `offset` and the product of `shape` count float32 numbers. */
export interface WeightPlace {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
}

/** For each row and column of a map, the first and last row and column of the image that it depends on. */
export interface ReceptiveField {
  readonly rows: readonly (readonly [number, number])[];
  readonly columns: readonly (readonly [number, number])[];
  /** (height, width) away from the border; null where the fields are not alike. */
  readonly size: readonly [number, number] | null;
}

export type Settings = Readonly<Record<string, unknown>>;

/** The manifest, if it is one that this page can read; the error says what is wrong. */
export function readManifest(value: unknown): Manifest {
  const manifest = value as Manifest;
  if (manifest?.format !== 1) {
    throw new Error(
      `This network comes in format ${String((value as { format?: unknown })?.format)}, and this page reads format 1.`,
    );
  }
  manifest.calls.forEach((call, index) => {
    if (call.id !== index || call.inputs.some((input) => input >= index)) {
      throw new Error(`Call ${index} (${call.name}) is out of order: every input must come before it.`);
    }
  });
  return manifest;
}
