/** New images of a generator, as addresses of PNG files. */
export interface Generator {
  samples(
    model: number,
    seed: number,
    count: number,
    style?: string,
    farthest?: boolean,
    signal?: AbortSignal,
  ): Promise<readonly string[]>;
  interpolation(model: number, seed: number, count: number, signal?: AbortSignal): Promise<readonly string[]>;
  /** The epochs of a run after which samples of the same noise were kept. */
  epochs(run: number): Promise<readonly number[]>;
  /** What a generator was trained with: "real" and its styles. */
  outputs(model: number): Promise<readonly string[]>;
}

export const samplesAfter = (run: number, epoch: number): string => `./api/runs/${run}/samples/${epoch}`;

type Json = (path: string, body?: BodyInit, signal?: AbortSignal) => Promise<unknown>;

export function openGenerator(json: Json): Generator {
  const images = async (path: string, signal?: AbortSignal): Promise<readonly string[]> =>
    ((await json(path, undefined, signal)) as { images: string[] }).images.map(
      (image) => `data:image/png;base64,${image}`,
    );
  return {
    samples: (model, seed, count, style, farthest, signal) => {
      const query = {
        seed: String(seed),
        count: String(count),
        ...(style ? { style, farthest: String(farthest ?? false) } : {}),
      };
      return images(`models/${model}/samples?${new URLSearchParams(query)}`, signal);
    },
    interpolation: (model, seed, count, signal) =>
      images(`models/${model}/interpolation?seed=${seed}&count=${count}`, signal),
    epochs: async (run) => ((await json(`runs/${run}/samples`)) as { epochs: number[] }).epochs,
    outputs: async (model) => ((await json(`models/${model}`)) as { labels: string[] }).labels,
  };
}
