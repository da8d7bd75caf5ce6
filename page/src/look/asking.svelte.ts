/** An answer that is shown. One question is asked at a time, and the newest after it: drawing asks many in a row. */
export class Asking<Question, Answer> {
  found = $state.raw<Answer | null>(null);
  busy = $state(false);
  trouble = $state("");
  #wanted: Question | null = null;

  constructor(readonly answer: (question: Question) => Promise<Answer>) {}

  /** Ask a question, or none; what was found before stays until the answer is there. */
  async ask(wanted: Question | null): Promise<void> {
    this.#wanted = wanted;
    if (!wanted) [this.found, this.trouble] = [null, ""];
    if (this.busy) return;
    this.busy = true;
    for (let asked: Question | null = null; this.#wanted && this.#wanted !== asked; ) {
      asked = this.#wanted;
      await this.#settle(asked);
    }
    this.busy = false;
  }

  async #settle(asked: Question): Promise<void> {
    let found: Answer | null = null;
    let trouble = "";
    try {
      found = await this.answer(asked);
    } catch (error) {
      trouble = error instanceof Error ? error.message : String(error);
    }
    if (this.#wanted === asked) [this.found, this.trouble] = [found, trouble];
  }
}
