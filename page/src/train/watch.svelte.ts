import { poll } from "../lib/polling";
import { source } from "../lib/source";
import { SETTINGS, type Bytes, type LogLine, type RunDescription, type Settings, type LiveView } from "./api";
import { imagesAt, speedOf, withMoment, type Moment } from "./pace";
import { messageOf } from "../lib/trouble";

/** Bytes of a log in one answer, above which there is more of it. */
const PART = 500_000;
/** Milliseconds between two looks: three a second. */
const LOOK_EVERY = 330;
const ASK_EVERY = 500;

/** One run as it goes: how it stands with it, its log, and what there is to see. It is asked until `leave`. */
export class Watch {
  description = $state.raw<RunDescription | null>(null);
  lines = $state.raw<readonly LogLine[]>([]);
  sight = $state.raw<LiveView | null>(null);
  /** The pictures of the held-out images that are shown, which come once. */
  pictures = $state.raw<readonly (Bytes | undefined)[]>([]);
  layer = $state("");
  choice = $state(0);
  picture = $state(0);
  trouble = $state("");
  moments = $state.raw<readonly Moment[]>([]);
  readonly batch = $derived(this.description?.recipe.batch ?? 1);
  readonly state = $derived(this.description?.state ?? null);
  readonly moves = $derived(this.state === "training");
  /** The training can be asked for something. */
  readonly here = $derived(this.state === "training" || this.state === "paused");
  readonly speed = $derived(speedOf(this.moments));
  #left = false;
  #after = 0;
  #pictured = -1;

  constructor(readonly run: number) {
    for (const [pace, work] of [
      [ASK_EVERY, () => this.#read()],
      [LOOK_EVERY, () => this.#look()],
    ] as const)
      void poll(
        pace,
        () => !this.#left,
        work,
        (message) => (this.trouble = message),
      );
  }

  leave(): void {
    this.#left = true;
  }

  pause = (): Promise<void> => this.#do(() => this.#trainer.pause(this.run));
  goOn = (): Promise<void> => this.#do(() => this.#trainer.goOn(this.run));
  stop = (): Promise<void> => this.#do(() => this.#trainer.stop(this.run));

  /** Change what is otherwise than now; gives the first step that it counts for, or null where it was refused. */
  async change(wanted: Settings): Promise<{ step?: number; steps?: number } | null> {
    const now = this.description?.settings;
    const other = Object.fromEntries(
      SETTINGS.filter((name) => wanted[name] !== now?.[name]).map((name) => [name, wanted[name]]),
    );
    let told: { step?: number; steps?: number } | null = null;
    if (Object.keys(other).length === 0) return null;
    await this.#do(async () => {
      told = await this.#trainer.change(this.run, other);
    });
    return told;
  }

  get #trainer() {
    return source.server!.trainer;
  }

  async #do(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.trouble = "";
      await this.#read();
    } catch (error) {
      this.trouble = messageOf(error);
    }
  }

  /** Read what is new in the log. A long one comes in parts; a quick training never stops writing, and is not waited for. */
  async #read(): Promise<void> {
    const description = await this.#trainer.run(this.run);
    for (let bytes = PART; bytes >= PART;) {
      const from = this.#after;
      const { lines, next } = await this.#trainer.log(this.run, from);
      if (this.#left) return;
      if (from !== this.#after) break; // the same lines have come to who asked at the same time
      if (next < from || from === 0) [this.lines, this.moments] = [[], []];
      [this.#after, bytes] = [next, next - from];
      this.lines = [...this.lines, ...lines];
      for (const line of lines)
        this.#pass({ step: line.step, images: imagesAt(line, description.recipe.batch ?? 1), seconds: line.seconds });
    }
    this.description = description;
  }

  async #look(): Promise<void> {
    if (!this.here || document.visibilityState === "hidden") return;
    const wanted = {
      layer: this.layer,
      images: this.choice,
      picture: this.picture,
      pixels: this.#pictured !== this.choice,
    };
    const sight = await this.#trainer.look(this.run, wanted);
    if (!sight || this.#left || wanted.images !== this.choice) return;
    if (wanted.pixels) [this.pictures, this.#pictured] = [sight.held.map(({ pixels }) => pixels), wanted.images];
    this.sight = sight;
    this.#pass(sight);
  }

  #pass({ step, images, seconds }: Moment): void {
    this.moments = withMoment(this.moments, { step, images, seconds });
  }
}
