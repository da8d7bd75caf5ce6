/** Sentences that the server writes, which are English, in the language of the page. */

/** What a sentence looks like, and the same in another language from the parts that differ. */
export type Sentence = readonly [RegExp, (...parts: string[]) => string];

export interface Told {
  readonly text: string;
  /** English for a sentence that is known in no other language. */
  readonly lang: "en" | undefined;
}

/** A sentence in the language of `known`; one that is not among them stays as it is. */
export function translated(sentence: string, known: readonly Sentence[]): Told {
  for (const [form, write] of known) {
    const found = form.exec(sentence);
    if (found) return { text: write(...found.slice(1).map((part) => part ?? "")), lang: undefined };
  }
  return { text: sentence, lang: "en" };
}

/** Numbers with a decimal comma, in a part of a sentence that is nothing but a number. */
export const comma = (part: string): string => (/^[−+-]?\d+\.\d+(e[+-]\d+)?$/.test(part) ? part.replace(".", ",") : part);
