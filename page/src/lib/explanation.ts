import { apply, type Sign } from "./layers/arranging";
import { ACTIVATIONS } from "./layers/pointwise";

/** One number of the network: unit `channel` of a call, at a row and a column (0, 0 for vectors). */
export interface Place {
  readonly call: number;
  readonly channel: number;
  readonly y: number;
  readonly x: number;
}

/** One number that another is made of. `from` is null for padding; `weight` is null where nothing is multiplied. */
export interface Term {
  readonly from: Place | null;
  readonly value: number;
  readonly weight: number | null;
  /** Where the weight stands in the call's weight tensor, so that it can be edited. */
  readonly weightIndex: number | null;
}

/** Terms of one input channel, in rows of `columns`. */
export interface Group {
  readonly channel: number;
  readonly columns: number;
  readonly terms: readonly Term[];
}

/** What normalizes one channel: (x - mean) / sqrt(variance + epsilon) * scale + shift. */
export interface Statistics {
  readonly mean: number;
  readonly variance: number;
  readonly epsilon: number;
  readonly scale: number;
  readonly shift: number;
}

/** How one number came about. Every form names its terms, so that each can be followed further. */
export type Explanation =
  | { readonly form: "sum"; readonly groups: readonly Group[]; readonly bias: number | null; readonly divisor: number }
  | { readonly form: "max"; readonly groups: readonly Group[]; readonly winner: Term }
  | { readonly form: "function"; readonly name: string; readonly slope: number; readonly groups: readonly Group[] }
  | ({ readonly form: "norm"; readonly groups: readonly Group[] } & Statistics)
  | { readonly form: "arithmetic"; readonly sign: Sign; readonly groups: readonly Group[] }
  | { readonly form: "softmax"; readonly index: number; readonly groups: readonly Group[] }
  | { readonly form: "copy"; readonly groups: readonly Group[] }
  | { readonly form: "opaque"; readonly groups: readonly Group[] };

/** The products or values of some terms, added up. */
export function sumOf(terms: readonly Term[]): number {
  return terms.reduce((sum, { value, weight }) => sum + value * (weight ?? 1), 0);
}

/** What an explanation comes to, computed from its terms alone; NaN where it is opaque. */
export function resultOf(explanation: Explanation): number {
  const terms = explanation.groups.flatMap(({ terms }) => terms);
  switch (explanation.form) {
    case "sum":
      return sumOf(terms) / explanation.divisor + (explanation.bias ?? 0);
    case "max":
      return explanation.winner.value;
    case "function":
      return ACTIVATIONS[explanation.name](terms[0].value, explanation.slope);
    case "norm":
      return (
        ((terms[0].value - explanation.mean) / Math.sqrt(explanation.variance + explanation.epsilon)) *
          explanation.scale +
        explanation.shift
      );
    case "arithmetic": {
      return apply(explanation.sign, terms[0].value, terms[1].value);
    }
    case "softmax": {
      const total = terms.reduce((sum, { value }) => sum + Math.exp(value), 0);
      return Math.exp(terms[explanation.index].value) / total;
    }
    case "copy":
      return terms[0].value;
    default:
      return NaN;
  }
}
