import { source } from "./source";
import type { Work } from "./server";

/** So often the progress is asked for, in milliseconds. */
const EVERY = 500;

/** The long work of the server, asked for while something on the page waits for it. */
class Working {
  now = $state.raw<Work | null>(null);
  #watchers = 0;
  #timer = 0;

  /** Keep `now` up to date until the returned function is called. */
  watch(): () => void {
    this.#watchers += 1;
    if (this.#watchers === 1) this.#later();
    return () => {
      this.#watchers -= 1;
      if (this.#watchers > 0) return;
      clearTimeout(this.#timer);
      this.now = null;
    };
  }

  #later(): void {
    this.#timer = window.setTimeout(() => void this.#ask(), EVERY);
  }

  async #ask(): Promise<void> {
    const found = await source.server!.work().catch(() => null); // whoever waits for the work states the trouble
    if (this.#watchers === 0) return;
    this.now = found;
    this.#later();
  }
}

export const working = new Working();
