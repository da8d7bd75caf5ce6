import { messageOf } from "./trouble";

/**
 * An answer that is shown, and the question it belongs to. A newer question cancels the one before. The answer stays,
 * dimmed, while a newer question has none yet: so nothing on the page moves, and it is not taken for the newer one's.
 */
export class Asking<Question, Answer> {
  found = $state.raw<Answer | null>(null);
  /** The question that `found` answers. */
  of = $state.raw<Question | null>(null);
  busy = $state(false);
  trouble = $state("");
  /** Whether the newest question was cancelled before its answer came. */
  cancelled = $state(false);
  /** Whether what is shown is not the answer to the newest question. */
  readonly stale = $derived(this.busy || this.cancelled || this.trouble !== "");
  #running: AbortController | null = null;

  constructor(readonly answer: (question: Question, signal: AbortSignal) => Promise<Answer>) {}

  /** Ask a question, or none, for which there is no answer. */
  async ask(question: Question | null): Promise<void> {
    this.#running?.abort();
    const mine = question === null ? null : new AbortController();
    [this.#running, this.busy, this.cancelled] = [mine, mine !== null, false];
    if (question === null || mine === null) {
      [this.found, this.of, this.trouble] = [null, null, ""];
      return;
    }
    try {
      const found = await this.answer(question, mine.signal);
      if (this.#running === mine) [this.found, this.of, this.trouble] = [found, question, ""];
    } catch (error) {
      if (this.#running === mine) this.trouble = messageOf(error);
    }
    if (this.#running === mine) this.busy = false;
  }

  /** Give up the running question; an earlier answer stays. */
  cancel(): void {
    this.#running?.abort();
    [this.#running, this.busy, this.cancelled, this.trouble] = [null, false, true, ""];
  }
}
