import { readPicture } from "./pictureFile";
import type { Fit } from "./resize";
import { readManifest, type Call, type Manifest } from "./manifest";
import { openServer, type Server } from "./server";
import { sizeOf, tensor, type Tensor } from "./tensor";
import type { ErrorCode } from "./errorCodes";
import { texts } from "./language.svelte";
import { pathOf, type Version } from "./version";

export interface ModelEntry {
  readonly id: number;
  readonly name: string;
  readonly network: string;
  readonly task: string;
  /** The number of the source that it was trained on; null where that is not there. */
  readonly source: number | null;
  /** The epochs of its training that it can be looked at after. */
  readonly epochs: readonly number[];
}

export interface ImageEntry {
  readonly id: number;
  readonly name: string;
  readonly label: string | null;
}

/** A picture file before and after the model's preprocessing. */
export interface Preparation {
  readonly pixels: Uint8Array;
  /** A PNG in base64. */
  readonly original: string;
  /** (height, width, channels) of the original. */
  readonly size: readonly [number, number, number];
  /** (left, top, right, bottom), the part of the original that the network sees. */
  readonly region: readonly [number, number, number, number];
  readonly fit: "crop" | "pad" | "stretch";
}

/** Where networks and images come from: a server, or the page itself. FORMAT.md describes both. */
export interface Source {
  models(): Promise<readonly ModelEntry[]>;
  manifest(model: number): Promise<Manifest>;
  weights(of: Version): Promise<Float32Array>;
  images(model: number): Promise<readonly ImageEntry[]>;
  /** Rows of the model's images from a place on, for those that `images` does not offer. */
  rows(model: number, from: number, count: number): Promise<readonly ImageEntry[]>;
  pixels(model: number, image: number): Promise<Uint8Array>;
  /** The outputs of all calls, or of `only` some, at their ids, for a network that is too large to run in the page; missing without a server. */
  readonly outputs?: (
    of: Version,
    manifest: Manifest,
    pixels: Uint8Array,
    signal?: AbortSignal,
    only?: readonly Call[],
  ) => Promise<Tensor[]>;
  /** The output of a call that the page cannot compute; `image` is null for a picture of one's own. */
  output(of: Version, call: Call, pixels: Uint8Array, image: number | null, signal?: AbortSignal): Promise<Tensor>;
  /** How an output grows with each number of each call, for a class or the answer (""); missing without a server. */
  readonly gradients?: (
    of: Version,
    manifest: Manifest,
    pixels: Uint8Array,
    label: string,
    signal?: AbortSignal,
  ) => Promise<Tensor[]>;
  /** A picture file as the network takes it, and as it was; missing where the page alone cannot answer it. */
  readonly read?: (model: number, file: Blob) => Promise<Preparation>;
  /** What goes beyond numbers of the network; missing without a server. */
  readonly server?: Server;
}

/** The embedded data where there is some, else the server that the page came from. */
function openSource(): Source {
  const embedded = document.getElementById("eyespot-data");
  return embedded?.textContent ? embeddedSource(JSON.parse(embedded.textContent) as Embedded) : serverSource("./api");
}

function serverSource(base: string): Source {
  const bytes = async (path: string, body?: BodyInit, signal?: AbortSignal): Promise<ArrayBuffer> =>
    (await ask(`${base}/${path}`, body, signal)).arrayBuffer();
  const json = async (path: string, body?: BodyInit, signal?: AbortSignal): Promise<unknown> =>
    (await ask(`${base}/${path}`, body, signal)).json();
  const entries = async (path: string): Promise<readonly ImageEntry[]> =>
    ((await json(path)) as { images: ImageEntry[] }).images;
  const known = new Map<string, Promise<Uint8Array>>();
  return {
    models: async () => ((await json("models")) as { models: ModelEntry[] }).models,
    manifest: async (model) => readManifest(await json(`models/${model}/manifest`)),
    weights: async (of) => new Float32Array(await bytes(pathOf(of, "weights"))),
    images: (model) => entries(`models/${model}/images`),
    rows: (model, from, count) => entries(`models/${model}/images?offset=${from}&limit=${count}`),
    pixels: (model, image) => {
      const path = `models/${model}/images/${image}`;
      if (!known.has(path))
        known.set(
          path,
          bytes(path).then((buffer) => new Uint8Array(buffer)),
        );
      return known.get(path)!;
    },
    outputs: async (of, { calls }, pixels, signal, only) => {
      const path = pathOf(of, "calls", only ? { only: only.map(({ id }) => id).join(",") } : {});
      const found = cut(only ?? calls, new Float32Array(await bytes(path, new Uint8Array(pixels), signal)));
      const tensors: Tensor[] = [];
      (only ?? calls).forEach(({ id }, i) => (tensors[id] = found[i]));
      return tensors;
    },
    output: async (of, call, pixels, _image, signal) =>
      tensor(call.shape, new Float32Array(await bytes(pathOf(of, `calls/${call.id}`), new Uint8Array(pixels), signal))),
    gradients: async (of, { calls }, pixels, label, signal) =>
      cut(
        calls,
        new Float32Array(
          await bytes(pathOf(of, "gradients", label ? { of: label } : {}), new Uint8Array(pixels), signal),
        ),
      ),
    read: async (model, file) => {
      const told = (await json(`models/${model}/preparation`, file)) as Omit<Preparation, "pixels"> & {
        pixels: string;
      };
      return { ...told, pixels: decode(told.pixels) };
    },
    server: openServer(json, base),
  };
}

/** The numbers of the calls, one call after another, as tensors; the last calls may be missing. */
function cut(calls: readonly Call[], numbers: Float32Array): Tensor[] {
  const found: Tensor[] = [];
  for (let from = 0; from < numbers.length; from += found.at(-1)!.data.length) {
    const { shape } = calls[found.length];
    found.push(tensor(shape, numbers.subarray(from, from + sizeOf(shape))));
  }
  return found;
}

/** Ask the server; an error becomes a sentence in the language of the page, by its code. */
async function ask(address: string, body?: BodyInit, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(address, body === undefined ? { signal } : { method: "POST", body, signal }).catch(
    (error: unknown) => {
      throw error instanceof TypeError ? new Error(texts().unavailable) : error; // a request that found no server
    },
  );
  if (response.ok) return response;
  const { error, code } = (await response.json().catch(() => ({}))) as { error?: string; code?: ErrorCode };
  if (error === undefined) throw new Error(texts().status(response.status));
  throw new Error(code && code in texts().errors ? texts().errors[code](error) : error);
}

interface Embedded {
  readonly models: readonly {
    readonly manifest: Manifest;
    readonly weights: string;
    /** How picture files are brought to the size of the network; null where the page cannot compute every call. */
    readonly fit?: Fit | null;
    readonly images: readonly { name: string; label: string | null; pixels: string; calls: Record<string, string> }[];
  }[];
}

function embeddedSource({ models }: Embedded): Source {
  const now = <Value>(make: () => Value): Promise<Value> => Promise.resolve().then(make);
  const entriesOf = (model: number): ImageEntry[] =>
    models[model].images.map(({ name, label }, id) => ({ id, name, label }));
  return {
    models: () =>
      now(() =>
        models.map(({ manifest: { name, network, task } }, id) => ({
          id,
          name,
          network,
          task,
          source: null,
          epochs: [],
        })),
      ),
    manifest: (model) => now(() => readManifest(models[model].manifest)),
    weights: ({ model }) => now(() => new Float32Array(decode(models[model].weights).buffer)),
    images: (model) => now(() => entriesOf(model)),
    rows: (model, from, count) => now(() => entriesOf(model).slice(from, from + count)),
    pixels: (model, image) => now(() => decode(models[model].images[image].pixels)),
    output: ({ model }, call, _pixels, image) =>
      now(() => {
        const stored = image === null ? undefined : models[model].images[image].calls[call.id];
        if (!stored) throw new Error(texts().noNumbers(call.name));
        return tensor(call.shape, new Float32Array(decode(stored).buffer));
      }),
    ...(models.every(({ fit }) => fit) && {
      read: (model: number, file: Blob) => readPicture(file, models[model].manifest.images, models[model].fit!),
    }),
  };
}

export function decode(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length); // a callback for each letter would take seconds for large networks
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

export const source = openSource();
