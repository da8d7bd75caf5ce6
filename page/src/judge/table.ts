/** The table of predictions of a run, and what can be counted and chosen in it. */
export interface Predictions {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  readonly count: number;
}

export interface Prediction {
  /** Its row in the table, which is also its image of the run's model. */
  readonly row: number;
  readonly image: string;
  readonly target: string;
  readonly label: string;
  /** How sure the answer is, from 0 to 1; null where the task does not say. */
  readonly probability: number | null;
  readonly right: boolean | null;
  /** The network said that it does not know. */
  readonly unsure: boolean;
  /** How far a number is off; null where the answer is none. */
  readonly error: number | null;
  /** Each tag of an image with several: its probability, and whether it is there (null where that is not known). */
  readonly tags: Readonly<Record<string, { readonly there: boolean | null; readonly probability: number }>>;
}

export const FILTERS = ["all", "right", "wrong", "unsure", "onlyFirst", "onlySecond"] as const;
export type Filter = (typeof FILTERS)[number];
export const ORDERS = ["worst", "row"] as const;
export type Order = (typeof ORDERS)[number];

export function readTable({ columns, rows }: Predictions): readonly Prediction[] {
  const place = (name: string): number => columns.indexOf(name);
  const [image, target, label, answer, probability, right, error] = [
    "image",
    "target",
    "label",
    "answer",
    "probability",
    "right",
    "error",
  ].map(place);
  const text = (value: unknown): string => (value === null || value === undefined ? "" : String(value));
  const number = (value: unknown): number | null => (typeof value === "number" ? value : null);
  const tags = columns.flatMap((name, at) => {
    const chance = name.startsWith("target:") ? place(`probabilities:${name.slice(7)}`) : -1;
    return chance < 0 ? [] : [{ tag: name.slice(7), at, chance }];
  });
  return rows.map((cells, row) => ({
    row,
    tags: Object.fromEntries(
      tags.map(({ tag, at, chance }) => [
        tag,
        { there: typeof cells[at] === "number" ? cells[at] === 1 : null, probability: number(cells[chance]) ?? 0 },
      ]),
    ),
    image: text(cells[image]),
    target: tags.length
      ? tags
          .filter(({ at }) => cells[at] === 1)
          .map(({ tag }) => tag)
          .join(", ")
      : text(cells[target]),
    label: text(cells[label] ?? cells[answer]).replaceAll(tags.length ? "|" : "\n", ", "),
    probability: number(cells[probability]),
    right: typeof cells[right] === "boolean" ? (cells[right] as boolean) : null,
    unsure: label >= 0 && answer >= 0 && text(cells[answer]) !== text(cells[label]),
    error: number(cells[error]),
  }));
}

export interface Confusion {
  readonly classes: readonly string[];
  /** How many images of a class (row) got an answer (column). */
  readonly counts: readonly (readonly number[])[];
}

/** Counted over the classes that occur, or over given ones. */
export function confusionOf(table: readonly Prediction[], given?: readonly string[]): Confusion {
  const judged = table.filter(({ right }) => right !== null);
  const collator = new Intl.Collator("en", { numeric: true });
  const classes = given ?? [...new Set(judged.flatMap(({ target, label }) => [target, label]))].sort(collator.compare);
  const place = new Map(classes.map((name, i) => [name, i]));
  const counts = classes.map(() => classes.map(() => 0));
  for (const { target, label } of judged) counts[place.get(target)!][place.get(label)!]++;
  return { classes, counts };
}

export function passes(
  prediction: Prediction,
  filter: Filter,
  beside: ReadonlyMap<number, Prediction> | null = null,
): boolean {
  if (filter === "all") return true;
  const other = beside?.get(prediction.row);
  if (filter === "onlyFirst") return prediction.right === true && other?.right === false;
  if (filter === "onlySecond") return prediction.right === false && other?.right === true;
  if (filter === "unsure") return prediction.unsure;
  return prediction.right === (filter === "right");
}

/** How bad an answer is: a sure wrong one is worst, a sure right one best; a number by how far it is off. */
export function badness({ right, probability, error }: Prediction): number {
  if (error !== null) return Math.abs(error);
  if (right === null) return 0;
  return right ? 1 - (probability ?? 1) : 1 + (probability ?? 0);
}

/** The same images as another run answered them, by their row here; an image that it has not is missing. */
export function paired(table: readonly Prediction[], other: readonly Prediction[]): ReadonlyMap<number, Prediction> {
  const names = new Map(other.map((prediction) => [prediction.image, prediction]));
  const found = new Map<number, Prediction>();
  for (const { row, image } of table) {
    const same = other[row]?.image === image ? other[row] : names.get(image);
    if (same) found.set(row, same);
  }
  return found;
}

/** In the order of the table or worst first; where two runs are compared, what they answer differently comes first. */
export function ordered(
  table: readonly Prediction[],
  order: Order,
  beside: ReadonlyMap<number, Prediction> | null,
): readonly Prediction[] {
  const differs = ({ row, label }: Prediction): number => {
    const same = beside?.get(row);
    return same && same.label !== label ? 1 : 0;
  };
  return table.toSorted(
    (a, b) => differs(b) - differs(a) || (order === "worst" ? badness(b) - badness(a) : 0) || a.row - b.row,
  );
}
