import { untrack } from "svelte";
import { address } from "../lib/address.svelte";
import type { Place } from "../lib/explanation";
import type { Call, Manifest } from "../lib/manifest";
import { multiplyAdds, Network, rangeOf, reachOf, runNetwork, type Scale } from "../lib/network";
import { oneOf, wholeNumber } from "../lib/query";
import { source, type ImageEntry, type ModelEntry, type Preparation } from "../lib/source";
import { mapShape, zeros, type Tensor } from "../lib/tensor";
import { sameVersion, type Version } from "../lib/version";
import { Asking } from "../lib/asking.svelte";
import { callsInSight, DEEP, neededFor } from "./stages";
import { messageOf } from "../lib/trouble";

/** An uploaded, drawn or modified picture, instead of a listed one. */
interface OwnPicture {
  readonly name: string;
  readonly pixels: Uint8Array;
  /** The picture before its pixels were modified; null where it is not a modified one. */
  readonly original: Original | null;
  /** What the preprocessing made of it, where it came from a file. */
  readonly preparation?: Preparation;
}

/** A picture whose pixels are modified: an own one, or the listed one of the address (`own` is null). */
interface Original {
  readonly own: OwnPicture | null;
  readonly label: string | null;
}

/** What the numbers on screen belong to; it changes together with them. */
interface Shown {
  readonly version: Version;
  readonly own: OwnPicture | null;
  /** The true label of the picture, where it is known. */
  readonly label: string | null;
}

/** With more multiply-adds than this, PyTorch is asked: the page would need more than about a tenth of a second. */
const HEAVY = 30e6;
/** Milliseconds after which the numbers out of sight are loaded, 100 MB: who leafs through pictures needs none of them. */
const SETTLED = 250;
/** Weights of so many epochs stay in memory, so that one can go back and forth in time. */
const EPOCHS_KEPT = 32;

interface Leaning {
  readonly version: Version;
  readonly pixels: Uint8Array;
  readonly label: string;
}

/** What Look shows: a model, a picture, and every number that the one makes of the other. */
class Session {
  readonly source = source;
  models = $state.raw<readonly ModelEntry[] | null>(null);
  images = $state.raw<readonly ImageEntry[]>([]);
  network = $state.raw<Network | null>(null);
  pixels = $state.raw<Uint8Array | null>(null);
  tensors = $state.raw<readonly Tensor[]>([]);
  /** Whether `tensors` has those of all calls; of a deep network, those in sight come first. */
  whole = $state(false);
  /** Kept when the rest of the numbers is there, or did not come. */
  completed: Promise<void> = Promise.resolve();
  /** What was asked for; what is on screen is in `shown`. */
  own = $state.raw<OwnPicture | null>(null);
  shown = $state.raw<Shown | null>(null);
  edited = $state(false);
  #pending = $state(0);
  trouble = $state("");
  // Derived, not getters: another number that is picked changes the address, and must not draw every tile anew.
  readonly model = $derived(wholeNumber("model", 0, 0, 1e6));
  readonly epochs = $derived(this.models?.find(({ id }) => id === this.model)?.epochs ?? []);
  readonly #epoch = $derived(wholeNumber("epoch", -1, 0, 1e9));
  /** After which epoch of its training the network is looked at; null for the finished one. */
  readonly epoch = $derived(this.epochs.includes(this.#epoch) ? this.#epoch : null);
  readonly version = $derived<Version>({ model: this.model, epoch: this.epoch });
  readonly image = $derived(wholeNumber("image", 0, 0, 1e9));
  /** The class that is asked about; empty for the one that is answered. */
  readonly label = $derived(this.network?.manifest.labels.find((label) => label === address.query.of) ?? "");
  /** Whether tiles show how the output leans on the numbers, instead of the numbers. */
  readonly leaning = $derived(
    this.source.gradients !== undefined && oneOf("show", ["numbers", "gradients"]) === "gradients",
  );
  readonly slopes = new Asking(({ version, pixels, label }: Leaning, signal) =>
    this.source.gradients!(version, this.network!.manifest, pixels, label, signal),
  );
  /** Whether what is on screen is about to be replaced. */
  readonly busy = $derived(this.#pending > 0 || (this.leaning && this.slopes.busy));
  /** Whether the pixels on screen are modified ones. */
  readonly modified = $derived(this.shown?.own?.original !== undefined && this.shown?.own?.original !== null);
  readonly scale = $derived(oneOf<Scale>("scale", ["layer", "unit", "network"]));
  /** Whether the colors end where most values end, and those beyond are marked; at first in deep networks. */
  readonly most = $derived(
    oneOf("ends", (this.network?.calls.length ?? 0) > DEEP ? ["most", "all"] : ["all", "most"]) === "most",
  );
  readonly #call = $derived(this.network?.calls[wholeNumber("call", -1, 0, this.network.calls.length - 1)] ?? null);
  readonly #channel = $derived(this.#call ? wholeNumber("unit", 0, 0, mapShape(this.#call.shape)[0] - 1) : 0);
  /** The open call and unit, or null where only the overview is open. */
  readonly unit = $derived(this.#call && { call: this.#call, channel: this.#channel });
  /** Whether the numbers that the view of the open unit shows are there. */
  readonly unitIsThere = $derived(
    this.unit !== null &&
      (this.whole || neededFor(this.network!.calls, this.unit.call).every(({ id }) => this.tensors[id] !== undefined)),
  );
  /** What tiles are drawn from: the numbers, or the gradients where these are asked for. */
  readonly drawn = $derived.by(() => {
    const { found } = this.slopes;
    return this.leaning && found ? this.tensors.map(({ shape }, call) => found[call] ?? zeros(shape)) : this.tensors;
  });
  #original: Network | null = null;
  /** What `network` is as soon as its numbers are there. */
  #coming: Network | null = null;
  #ahead: { version: Version; pixels: Uint8Array; only: readonly Call[]; found: Promise<Tensor[]> } | null = null;
  /** The first call whose shown numbers are not those of `#coming` and the picture. */
  #from = Infinity;
  /** What `#coming` is. */
  #at: Version | null = null;
  readonly #blobs = new Map<string, Promise<Float32Array>>();
  /** The newest pixels that were asked for; those on screen are `pixels`. */
  #wanted: Uint8Array | null = null;
  /** Cancels the requests for pixels or weights that are no longer wanted. */
  #running = new AbortController();

  /** The model whose pictures are listed: `model` is already another one while that is loaded, or cannot be. */
  get shownModel(): number {
    return this.#at!.model;
  }

  /** The open number: the middle of its map until another place is picked. */
  get place(): Place | null {
    if (!this.unit) return null;
    const { call, channel } = this.unit;
    const [, height, width] = mapShape(call.shape);
    const y = wholeNumber("y", Math.floor(height / 2), 0, height - 1);
    return { call: call.id, channel, y, x: wholeNumber("x", Math.floor(width / 2), 0, width - 1) };
  }

  /** Load the list of models, and the one that the address names, as it was after the epoch that it names. */
  async open(): Promise<void> {
    await this.#trying(async () => {
      if (!this.models?.some(({ id }) => id === this.model)) this.models = await this.source.models(); // a training makes new ones
      const { version } = this; // which epochs there are is known only now
      if (sameVersion(this.#at, version) || !this.models.some(({ id }) => id === version.model)) return;
      if (this.#at?.model === version.model) return this.#turnTo(version);
      const coming = this.source.manifest(version.model);
      const [manifest, weights, images] = await Promise.all([
        coming,
        this.weights(version),
        this.#offered(version, coming),
      ]);
      if (!sameVersion(version, this.version) || sameVersion(this.#at, version)) return; // another was asked for, or came first
      this.#running.abort();
      [this.tensors, this.pixels, this.#wanted, this.own, this.shown, this.edited] = [
        [],
        null,
        null,
        null,
        null,
        false,
      ];
      this.images = images;
      this.#original = this.#coming = this.network = new Network(manifest, weights);
      this.#at = version;
    });
  }

  /** Put the weights of another epoch into the same network; weights and numbers change at once. */
  async #turnTo(version: Version): Promise<void> {
    const network = new Network(this.network!.manifest, await this.weights(version));
    if (!sameVersion(version, this.version)) return;
    [this.#at, this.edited, this.#original, this.#coming] = [version, false, network, network];
    await this.#run();
  }

  /** The weights of a version, kept for a while. */
  weights(version: Version): Promise<Float32Array> {
    const key = `${version.model} ${version.epoch}`;
    const found = this.#blobs.get(key) ?? this.source.weights(version);
    this.#blobs.delete(key); // what was used last comes last
    this.#blobs.set(key, found);
    found.catch(() => this.#blobs.delete(key));
    for (const old of this.#blobs.keys()) if (this.#blobs.size > EPOCHS_KEPT) this.#blobs.delete(old);
    return found;
  }

  /** What one call puts out with the weights of another version. */
  async outputAt(version: Version, call: Call): Promise<{ network: Network; output: Tensor }> {
    const pixels = this.pixels!;
    const network = new Network(this.network!.manifest, await this.weights(version));
    const ask = (one: Call): Promise<Tensor> => this.source.output(version, one, pixels, null);
    const output =
      multiplyAdds(network.manifest) > HEAVY
        ? await ask(call)
        : (await runNetwork(network, network.normalize(pixels), ask, [], call.id))[call.id];
    return { network, output };
  }

  /** Ask for the gradients with respect to every number, where they are shown. */
  lean(): void {
    const { shown, pixels, label } = this;
    void this.slopes.ask(this.leaning && pixels && shown ? { version: shown.version, pixels, label } : null);
  }

  /** The images to choose from; the one to look at is asked for at once, before all the others, and its numbers are too. */
  async #offered(version: Version, manifest: Promise<Manifest>): Promise<readonly ImageEntry[]> {
    const images = await this.source.images(version.model);
    const first = images.find(({ id }) => id === this.image) ?? images[0];
    if (first) void this.#askAhead(version, manifest, this.source.pixels(version.model, first.id)).catch(() => {});
    return images;
  }

  /** Ask for the numbers in sight before the weights are there, which they do not depend on. */
  async #askAhead(version: Version, coming: Promise<Manifest>, picture: Promise<Uint8Array>): Promise<void> {
    const [manifest, pixels] = await Promise.all([coming, picture]);
    const only = this.#inSight(manifest);
    if (!only || !this.source.outputs || multiplyAdds(manifest) <= HEAVY) return;
    const found = this.source.outputs(version, manifest, pixels, undefined, only);
    this.#ahead = { version, pixels, only, found };
    await found;
  }

  /** Load the picture that the address names, unless one of one's own is looked at; an even gray where there is none. */
  async look(): Promise<void> {
    if (this.own || !this.network) return;
    await this.#list(this.image);
    const image = this.#listed;
    const { channels, height, width } = this.network.manifest.images;
    if (!image) return this.show(new Uint8Array(channels * height * width).fill(128));
    const { model } = this.#at!;
    await this.#trying(async () => {
      const pixels = await this.source.pixels(model, image.id);
      if (!this.own && model === this.#at!.model && image.id === this.#listed?.id) await this.show(pixels);
    });
  }

  /** The image that the address names, or the first one. */
  get #listed(): ImageEntry | undefined {
    return this.images.find(({ id }) => id === this.image) ?? this.images[0];
  }

  /** Put an image that is named in the address in front of the offered ones; one that is not there is left out. */
  async #list(image: number): Promise<void> {
    if (image === 0 || this.images.some(({ id }) => id === image)) return;
    const { model } = this.#at!;
    const found = await this.source.rows(model, image, 1).catch(() => []);
    if (model === this.#at!.model) this.images = [...found, ...this.images.filter(({ id }) => id !== image)];
  }

  /** Run the network on uint8 pixels (C, H, W), and show all numbers at once when they are there. */
  async show(pixels: Uint8Array): Promise<void> {
    this.#wanted = pixels;
    if (this.tensors.length === 0) this.pixels = pixels; // no numbers of another picture are on screen
    await this.#run();
  }

  /** The newest pixels, which may not be on screen yet. */
  get newest(): Uint8Array | null {
    return this.#wanted ?? this.pixels;
  }

  /** Compute all numbers from the call `from` on, or from an earlier one that still waits for it; the network is shown with them. */
  async #run(from = 1): Promise<void> {
    this.#from = Math.min(from, this.#from);
    const [pixels, network, first] = [this.#wanted, this.#coming, this.#from];
    if (!network || !pixels) return;
    this.#running.abort();
    const { signal } = (this.#running = new AbortController());
    const version = this.#at!;
    const own = this.own;
    const listed = own ? null : (this.#listed ?? null);
    const label = own ? (own.original?.label ?? null) : (listed?.label ?? null);
    await this.#trying(async () => {
      const ask = (call: Call): Promise<Tensor> =>
        this.source.output(version, call, pixels, listed?.id ?? null, signal);
      const begin = first > 1 ? this.tensors.slice(0, first) : [];
      const heavy = !this.edited && this.source.outputs && multiplyAdds(network.manifest) > HEAVY;
      const only = heavy ? this.#inSight(network.manifest) : undefined;
      const tensors = heavy
        ? await (this.#takeAhead(version, pixels, only) ??
            this.source.outputs!(version, network.manifest, pixels, signal, only))
        : await runNetwork(network, network.normalize(pixels), ask, begin);
      if (signal.aborted) return;
      [this.network, this.tensors, this.whole, this.#from, this.pixels] = [network, tensors, !only, Infinity, pixels];
      this.shown = { version, own, label };
      if (only) this.completed = this.#complete(version, network, pixels, signal);
    });
  }

  /** The calls whose numbers the page shows now; undefined where it needs those of all calls. */
  #inSight({ calls }: Manifest): readonly Call[] | undefined {
    const all = calls.length <= DEEP || this.leaning || this.scale === "network" || address.query.view === "space";
    const [open, split] = [address.query.stages ?? "", address.query.split ?? ""].map((list) =>
      list.split(",").filter(Boolean),
    );
    const unit = calls[wholeNumber("call", -1, 0, calls.length - 1)] ?? null;
    return all ? undefined : callsInSight(calls, open, split.map(Number), unit);
  }

  /** The numbers that were asked for in advance, once, if they are those of this picture. */
  #takeAhead(version: Version, pixels: Uint8Array, only: readonly Call[] | undefined): Promise<Tensor[]> | null {
    const ahead = this.#ahead;
    this.#ahead = null;
    const same = ahead && sameVersion(ahead.version, version) && ahead.pixels === pixels;
    return same && only && sameCalls(ahead.only, only) ? ahead.found : null;
  }

  /** Load the numbers that were not in sight; those that are there already stay, with all that was found of them. */
  async #complete(version: Version, network: Network, pixels: Uint8Array, signal: AbortSignal): Promise<void> {
    try {
      await new Promise((settled) => setTimeout(settled, SETTLED));
      if (signal.aborted) return;
      const tensors = await this.source.outputs!(version, network.manifest, pixels, signal);
      if (signal.aborted) return;
      this.tensors = tensors.map((one, id) => this.tensors[id] ?? one);
      this.whole = true;
    } catch (error) {
      if (!signal.aborted) this.trouble = messageOf(error);
    }
  }

  /** Look at a picture file of one's own; the model's own preprocessing reads it. */
  async take(file: Blob, name: string): Promise<void> {
    await this.#trying(async () => {
      const preparation = await this.source.read!(this.#at!.model, file);
      this.own = { name, pixels: preparation.pixels, original: null, preparation };
      await this.show(preparation.pixels);
    });
  }

  /** Show the picture with other pixels; the original is kept for `restore`. */
  async modify(name: string, pixels: Uint8Array): Promise<void> {
    const original = this.own?.original ?? { own: this.own, label: this.own ? null : (this.#listed?.label ?? null) };
    this.own = { name, pixels, original };
    await this.show(pixels);
  }

  /** Go back from modified pixels to the original picture. */
  async restore(): Promise<void> {
    const original = this.own?.original;
    if (!original) return;
    this.own = original.own;
    await (original.own ? this.show(original.own.pixels) : this.look());
  }

  /** Look at pixels that were drawn in the page, already as large as the network takes them. */
  async draw(name: string, pixels: Uint8Array): Promise<void> {
    this.own = { name, pixels, original: null };
    await this.show(pixels);
  }

  async choose(image: number): Promise<void> {
    this.own = null;
    address.set({ image: String(image) });
  }

  /** Change one number of a weight; only what comes after is computed again. */
  async edit(call: Call, role: string, index: number, value: number): Promise<void> {
    this.#coming = this.#coming!.edited(call, role, index, value);
    this.edited = true;
    await this.#run(call.id);
  }

  async reset(): Promise<void> {
    [this.edited, this.#coming] = [false, this.#original];
    await this.#run();
  }

  /** What the ends of the colors stand for. */
  range(tensors: readonly Tensor[], call: number, channel: number): number {
    return rangeOf(this.scale, tensors, call, channel, this.most);
  }

  /** Largest number of a call, by which all its numbers get their digits. */
  reach(call: number): number {
    return reachOf(this.tensors[call]);
  }

  async #trying(work: () => Promise<void>): Promise<void> {
    untrack(() => {
      // effects that load something must not run again because something is loading
      if (this.#pending === 0) this.trouble = "";
      this.#pending += 1;
    });
    try {
      await work();
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "AbortError")) this.trouble = messageOf(error);
    } finally {
      this.#pending -= 1;
    }
  }
}

const sameCalls = (some: readonly Call[], others: readonly Call[]): boolean =>
  some.length === others.length && some.every(({ id }, i) => id === others[i].id);

export const session = new Session();

/** Open a unit, as a step that the browser's Back undoes; its place stays where the map is of the same size. */
export function openUnit(call: number, channel: number): void {
  address.go({ call: String(call), unit: String(channel) });
}

/** Open a number, as a step that the browser's Back undoes. */
export function openPlace({ call, channel, y, x }: Place): void {
  address.go({ call: String(call), unit: String(channel), y: String(y), x: String(x) });
}

/** Close the open unit; its tile is focused where it is in view. */
export function closeUnit(): void {
  const { unit } = session;
  address.go({ call: "", unit: "", x: "", y: "" });
  if (unit)
    document.querySelector<HTMLElement>(`[data-call="${unit.call.id}"][data-channel="${unit.channel}"]`)?.focus();
}
