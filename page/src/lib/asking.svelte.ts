import { messageOf } from "./trouble";

/** An answer that is shown, and the question it belongs to. A newer question cancels the one before. */
export class Asking<Question, Answer> {
  found = $state.raw<Answer | null>(null);
  /** The question that `found` answers. */
  of = $state.raw<Question | null>(null);
  busy = $state(false);
  trouble = $state("");
  /** Whether the newest question was cancelled before its answer came. */
  cancelled = $state(false);
  #running: AbortController | null = null;

  constructor(readonly answer: (question: Question, signal: AbortSignal) => Promise<Answer>) {}

  /** Ask a question, or none; the earlier answer stays until the new one is there. */
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
      if (this.#running === mine) [this.found, this.of, this.trouble] = [null, null, messageOf(error)];
    }
    if (this.#running === mine) this.busy = false;
  }

  /** Give up the running question; an earlier answer stays. */
  cancel(): void {
    this.#running?.abort();
    [this.#running, this.busy, this.cancelled, this.trouble] = [null, false, true, ""];
  }
}
