import type { Choices, Explained } from "../lib/server";
import { session } from "./session.svelte";

interface Question {
  readonly model: number;
  readonly pixels: Uint8Array;
  readonly choices: Choices;
}

/** The explanation that is shown. One question is asked at a time, and the newest after it: drawing asks many in a row. */
export class Asking {
  found = $state.raw<Explained | null>(null);
  busy = $state(false);
  trouble = $state("");
  #wanted: Question | null = null;

  /** Ask for an explanation, or for none; what was found before stays until the answer is there. */
  async ask(wanted: Question | null): Promise<void> {
    this.#wanted = wanted;
    if (!wanted) [this.found, this.trouble] = [null, ""];
    if (this.busy) return;
    this.busy = true;
    for (let asked: Question | null = null; this.#wanted && this.#wanted !== asked; ) {
      asked = this.#wanted;
      await this.#answer(asked);
    }
    this.busy = false;
  }

  async #answer(asked: Question): Promise<void> {
    let found: Explained | null = null;
    let trouble = "";
    try {
      found = await session.source.server!.explain(asked.model, asked.pixels, asked.choices);
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error);
    }
    if (this.#wanted === asked) [this.found, this.trouble] = [found, trouble];
  }
}
