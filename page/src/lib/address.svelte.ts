/**
 * Where the page is, kept in the part of the address after "#": #/view/part?name=value.
 * A link made from it opens the same view with the same numbers.
 */
export interface Place {
  readonly view: string;
  readonly part: string;
  readonly query: Readonly<Record<string, string>>;
}

/** Values that stay when another view is opened. */
const LASTING = ["lang", "model"];

/** Browsers refuse many changes of the address in a row, and dragging a slider makes many: so often, in milliseconds. */
const WRITE_AFTER = 200;

export function readPlace(hash: string): Place {
  const [path, search = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [view = "", part = ""] = path.split("/").map(decodeURIComponent);
  return { view, part, query: Object.fromEntries(new URLSearchParams(search)) };
}

export function writePlace({ view, part, query }: Place): string {
  const search = Object.entries(query)
    .map(
      ([name, value]) =>
        `${encodeURIComponent(name)}=${encodeURIComponent(value).replace(/%2C/g, ",").replace(/%3B/g, ";")}`,
    )
    .join("&");
  const path = [view, part].filter(Boolean).map(encodeURIComponent).join("/");
  return `#/${path}${search ? `?${search}` : ""}`;
}

class Address {
  place = $state.raw<Place>(readPlace(location.hash));
  #timer = 0;
  #written = -WRITE_AFTER;

  constructor() {
    addEventListener("hashchange", () => this.#arrive());
    addEventListener("pagehide", () => this.#write());
  }

  get query(): Place["query"] {
    return this.place.query;
  }

  /** Change some values of this place; an empty text takes a value out. */
  set(values: Record<string, string>): void {
    this.place = { ...this.place, query: this.#changed(values) };
    clearTimeout(this.#timer);
    const rest = this.#written + WRITE_AFTER - performance.now();
    if (rest <= 0) this.#write();
    else this.#timer = window.setTimeout(() => this.#write(), rest);
  }

  /** Change some values of this place at once, as a step that the browser's Back undoes. */
  go(values: Record<string, string>): void {
    this.#write();
    location.hash = writePlace({ ...this.place, query: this.#changed(values) });
  }

  /** The address of another place, for a link. */
  to(view: string, part = "", query: Record<string, string> = {}): string {
    const lasting = Object.fromEntries(Object.entries(this.query).filter(([name]) => LASTING.includes(name)));
    return writePlace({ view, part, query: { ...lasting, ...query } });
  }

  #changed(values: Record<string, string>): Record<string, string> {
    return Object.fromEntries(Object.entries({ ...this.place.query, ...values }).filter(([, value]) => value !== ""));
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#written = performance.now();
    const hash = writePlace(this.place);
    if (hash !== location.hash) history.replaceState(null, "", hash);
  }

  #arrive(): void {
    clearTimeout(this.#timer);
    this.place = readPlace(location.hash);
  }
}

export const address = new Address();
