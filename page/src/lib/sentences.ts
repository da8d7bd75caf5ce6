/** Sentences that the server writes, which are English, in the language of the page. */

/** What a sentence looks like, and the same in another language from the parts that differ. */
export interface Sentence {
  readonly form: RegExp;
  /** For each part: null where it stays as it is, else what separates the sentences in it (nothing if it is one). */
  readonly inner: readonly (string | null)[];
  readonly write: (...parts: string[]) => string;
}

export interface Told {
  readonly text: string;
  /** English for a sentence that is known in no other language. */
  readonly lang: "en" | undefined;
}

const NUMBER = "([−+-]?(?:[\\d.,]*\\d(?:e[+-]?\\d+)?|inf|nan))";
const PARTS = /\{([#*@]|!([^}]*)|[^}]*)\}/g;
const plain = (text: string): string => text.replace(/[.?+*|[\](){}^$\\]/g, "\\$&");

/**
 * A sentence of the server with {#} for a number, {*} for any other part, {a|b} for a choice, {@} for a row and a column
 * that may be missing, {!} for a part that is a sentence itself, and {!; } for several, separated by what follows the !.
 * All parts reach `write`, numbers with a decimal comma; in a text, $1 is the first of them.
 */
export function sentence(english: string, write: string | ((...parts: string[]) => string)): Sentence {
  const inner: (string | null)[] = [];
  let form = "";
  let end = 0;
  for (const { 0: whole, 1: kind, 2: separator, index } of english.matchAll(PARTS)) {
    form += plain(english.slice(end, index));
    end = index + whole.length;
    inner.push(separator ?? null);
    if (kind === "@") {
      inner.push(null);
      form += `(?: at row ${NUMBER}, column ${NUMBER})?`;
    } else
      form +=
        kind === "#"
          ? NUMBER
          : kind === "*" || separator !== undefined
            ? "(.*?)"
            : `(${kind.split("|").map(plain).join("|")})`;
  }
  const filled = (...parts: string[]): string =>
    (write as string).replace(/\$(\d)/g, (_, place: string) => parts[Number(place) - 1]);
  return {
    form: new RegExp(`^${form}${plain(english.slice(end))}$`),
    inner,
    write: typeof write === "string" ? filled : write,
  };
}

/** A sentence in the language of `known`; one that is not among them, or holds one that is not, stays as it is. */
export function translated(sentence: string, known: readonly Sentence[]): Told {
  for (const { form, inner, write } of known) {
    const found = form.exec(sentence);
    if (!found) continue;
    const parts = found
      .slice(1)
      .map((part = "", i) => (inner[i] === null ? comma(part) : within(part, inner[i], known)));
    if (parts.every((part) => part !== null)) return { text: write(...parts), lang: undefined };
  }
  return { text: sentence, lang: "en" };
}

/** One sentence or several within another one; null where one of them is not known. A sentence may hold the separator. */
function within(part: string, separator: string, known: readonly Sentence[]): string | null {
  const pieces = separator ? part.split(separator) : [part];
  const told: string[] = [];
  for (let from = 0; from < pieces.length;) {
    let to = from + 1;
    let text = inside(pieces[from], known);
    for (; text === null && to < pieces.length; to += 1)
      text = inside(pieces.slice(from, to + 1).join(separator), known);
    if (text === null) return null;
    told.push(text);
    from = to;
  }
  return told.join(separator);
}

/** A sentence, or a number, within another sentence, where it may lack its full stop. */
function inside(part: string, known: readonly Sentence[]): string | null {
  if (/^[\d.,\s]*$/.test(part)) return comma(part);
  const { text, lang } = translated(part, known);
  if (!lang) return text;
  const stopped = part.endsWith(".") ? null : translated(`${part}.`, known);
  return stopped && !stopped.lang ? stopped.text.replace(/\.$/, "") : null;
}

/** Numbers with a decimal comma, in a part of a sentence that is nothing but a number. */
export function comma(part: string): string {
  if (/^\d{1,3}(,\d{3})+$/.test(part)) return part.replaceAll(",", ".");
  return /^[−+-]?\d+\.\d+(e[+-]\d+)?$/.test(part) ? part.replace(".", ",") : part;
}
