import { messageOf } from "./trouble";

/** A list that the server gives once; a failure is kept as a message until it is loaded again. */
export class Listed<Value> {
  found = $state.raw<readonly Value[] | null>(null);
  trouble = $state("");

  constructor(readonly ask: () => Promise<readonly Value[]>) {
    void this.load();
  }

  async load(): Promise<void> {
    try {
      [this.found, this.trouble] = [await this.ask(), ""];
    } catch (error) {
      this.trouble = messageOf(error);
    }
  }
}
