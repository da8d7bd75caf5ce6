/** A drive on the server: a model steers, and a person may push the car or take over. */
export interface DriveState {
  readonly track: number;
  readonly seconds: number;
  /** What the model answers now, in rad, positive to the right; `limit` is the largest angle that has an effect. */
  readonly steering: number;
  readonly limit: number;
  readonly byHand: boolean;
  readonly interventions: number;
  readonly autonomy: number;
  readonly position: readonly [number, number];
  readonly over: boolean;
  /** PNG files in base64: the camera, and from black to white what the answer depends on. */
  readonly pixels: string;
  readonly mask: string;
  /** Points along the middle of the road; with the first state only. */
  readonly centerLine?: readonly (readonly [number, number])[];
}

export interface Steps {
  readonly steps: number;
  readonly push?: number;
  readonly steering?: number;
}

export interface DriveServer {
  start(model: number, track: number, colors: string): Promise<DriveState>;
  steps(model: number, steps: Steps): Promise<DriveState>;
}

type Json = (path: string, body?: BodyInit) => Promise<unknown>;

export function openDriver(json: Json): DriveServer {
  const post = async (path: string, values: unknown): Promise<DriveState> =>
    (await json(path, new Blob([JSON.stringify(values)], { type: "application/json" }))) as DriveState;
  return {
    start: (model, track, colors) => post(`models/${model}/drive?track=${track}&colors=${colors}`, {}),
    steps: (model, steps) => post(`models/${model}/drive/steps`, steps),
  };
}
