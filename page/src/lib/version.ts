/** A model by its number, as it is now (`epoch` null) or as it was after an epoch of its training. */
export interface Version {
  readonly model: number;
  readonly epoch: number | null;
}

/** Choices of a question, by the server's names for them: `by`, `of`, `layer`, `unit`, `at`. */
export type Choices = Readonly<Record<string, string>>;

export function sameVersion(one: Version | null, other: Version): boolean {
  return one?.model === other.model && one.epoch === other.epoch;
}

/** Where the server has something of a model, as it was after the epoch. */
export function pathOf({ model, epoch }: Version, what: string, choices: Choices = {}): string {
  const asked = new URLSearchParams(epoch === null ? choices : { ...choices, epoch: String(epoch) }).toString();
  return `models/${model}/${what}${asked && `?${asked}`}`;
}
