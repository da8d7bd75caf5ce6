/**
 * Equations whose shown digits are consistent: who computes the left side from the digits that are shown gets the right
 * side as it is shown. Where the digits of the operands do not suffice for the usual digits of the result, the operands
 * get more digits, or the result fewer.
 */
import { DIGITS, fixed, rounded } from "./numbers";

/** float32 carries so many significant digits. */
const MOST_DIGITS = 7;

/** The right side of an equation: "= 0.1235", or "≈ 0.1235" where the shown digits determine none of its own. */
export function equals(value: number, recomputed: number, scale = Math.abs(value)): string {
  const text = agreed(value, recomputed, scale);
  return text === null ? `≈ ${fixed(value, scale)}` : `= ${text}`;
}

/** A result with the digits in which it agrees with what its shown operands give; null where there are none. */
export function agreed(value: number, recomputed: number, scale = Math.abs(value)): string | null {
  for (let digits = DIGITS; digits > 0; digits--) {
    const text = fixed(value, scale, digits);
    if (text === fixed(recomputed, scale, digits)) return text;
  }
  return null;
}

/** The product of two shown factors, as far as their digits determine it. */
export function product(
  value: number,
  weight: number,
  shownValue: number,
  shownWeight: number,
  scale: number,
): { text: string; shown: number } {
  const text = agreed(value * weight, shownValue * shownWeight, scale) ?? fixed(value * weight, scale, 1);
  return { text, shown: numberOf(text) };
}

/** A number as it is shown, read back. */
export function numberOf(text: string): number {
  const [mantissa, power] = text.replaceAll("\u2212", "-").split("×10");
  const digits = power?.replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹]/g, (digit) => String("⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(digit))).replace("⁻", "-");
  return Number(`${mantissa.replace(",", ".")}e${digits ?? 0}`);
}

export interface Addend {
  /** Its place among the given values; null for the remainder. */
  readonly index: number | null;
  readonly negative: boolean;
  /** Its absolute value. */
  readonly text: string;
}

export interface WrittenSum {
  /** The largest values, in their order; the remainder, if there is one, comes last. */
  readonly addends: readonly Addend[];
  /** How many values the remainder sums up. */
  readonly others: number;
  readonly bias: Addend | null;
  readonly result: string;
}

/**
 * (values) / divisor + bias = value, written out: the `most` largest, the others as one remainder. `scale` is the largest
 * number beside the result.
 */
export function writeSum(
  values: readonly number[],
  bias: number | null,
  divisor: number,
  value: number,
  scale: number,
  most = 12,
): WrittenSum {
  const largest = values.map((_, i) => i).sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]));
  const kept = values.length > most ? largest.slice(0, most).sort((a, b) => a - b) : values.map((_, i) => i);
  const rest = values.length > most ? largest.slice(most).reduce((sum, i) => sum + values[i], 0) : null;
  const shown = [...kept.map((i) => values[i]), ...(rest === null ? [] : [rest])];
  const reach = Math.max(scale, ...shown.map(Math.abs), Math.abs(bias ?? 0));
  const recomputed = (digits: number): number =>
    shown.reduce((sum, one) => sum + rounded(one, reach, digits), 0) / divisor + rounded(bias ?? 0, reach, digits);
  const all = Array.from({ length: MOST_DIGITS - DIGITS + 1 }, (_, i) => DIGITS + i);
  const digits = all.find((some) => fixed(recomputed(some), scale) === fixed(value, scale)) ?? MOST_DIGITS;
  const addend = (index: number | null, one: number): Addend => ({
    index,
    negative: rounded(one, reach, digits) < 0,
    text: fixed(Math.abs(one), reach, digits),
  });
  return {
    addends: shown.map((one, i) => addend(kept[i] ?? null, one)),
    others: values.length - kept.length,
    bias: bias === null ? null : addend(null, bias),
    result: equals(value, recomputed(digits), scale),
  };
}

/** One positive number divided by another, with as many digits as the quotient needs: "8.3612 / 10.244 = 0.8162". */
export function writeQuotient(
  dividend: number,
  divisor: number,
  digits: number,
): { dividend: string; divisor: string; result: string } {
  const quotient = dividend / divisor;
  for (let some = DIGITS; ; some++) {
    const recomputed = rounded(dividend, dividend, some) / rounded(divisor, divisor, some);
    if (fixed(recomputed, 1, digits) !== fixed(quotient, 1, digits) && some < MOST_DIGITS) continue;
    const result =
      fixed(recomputed, 1, digits) === fixed(quotient, 1, digits)
        ? `= ${fixed(quotient, 1, digits)}`
        : equals(quotient, recomputed, 1);
    return { dividend: fixed(dividend, dividend, some), divisor: fixed(divisor, divisor, some), result };
  }
}
