import { point } from "./point.svelte";

/**
 * Numbers as text. float32 carries 7 digits, and after a few layers about 6 of them are the same everywhere; DIGITS stays
 * one below that, counted from the largest number beside it (`scale`): a small difference of large numbers has no more.
 */
export const DIGITS = 5;
const MINUS = "\u2212";
const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** How many digits after the point are true for numbers of this size. */
export function decimals(scale: number, digits = DIGITS): number {
  if (!Number.isFinite(scale) || scale === 0) return 0;
  return Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(scale)) + 1e-9));
}

/** A number beside others up to `scale`: all of them get the same digits after the point. */
export function fixed(value: number, scale = Math.abs(value), digits = DIGITS): string {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
  if (scale !== 0 && (scale < 1e-4 || scale >= 1e7)) return exponential(value, scale, digits);
  return sign(value.toFixed(decimals(scale, digits)));
}

/** A number as `fixed` shows it beside others up to `scale`. */
export function rounded(value: number, scale = Math.abs(value), digits = DIGITS): number {
  if (!Number.isFinite(value)) return value;
  if (scale === 0 || (scale >= 1e-4 && scale < 1e7)) return Number(value.toFixed(decimals(scale, digits)));
  const power = Math.floor(Math.log10(scale) + 1e-9);
  return Number(`${(value / 10 ** power).toFixed(digits - 1)}e${power}`);
}

/** A number alone, with as few digits as it needs: 4, 0.5, −1.25, 0.3333. */
export function short(value: number, digits = 4): string {
  const text = fixed(value, Math.abs(value), digits);
  return /[.,]/.test(text) && !text.includes("×") ? text.replace(/[.,]?0+$/, "") : text;
}

/** A sum written out: 1 + 0 − 2. */
export function sumText(values: readonly number[]): string {
  return values
    .map((value, i) => (i === 0 ? short(value) : value < 0 ? `${MINUS} ${short(-value)}` : `+ ${short(value)}`))
    .join(" ");
}

/** A factor, in brackets where it is negative: 3, (−2). */
export function factor(value: number): string {
  return value < 0 ? `(${short(value)})` : short(value);
}

/** A number with so many digits after the point, or after the comma in German. */
export function decimal(value: number, digits: number): string {
  return written(value.toFixed(digits));
}

export function percent(share: number): string {
  const value = share * 100;
  return `${decimal(value, value >= 9.995 && value < 99.95 ? 1 : 2)} %`;
}

/** A count with thin spaces between thousands: 49 152. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

/** What a person typed as a number: a comma may stand for the point; NaN where it is none. */
export function parse(text: string): number {
  const plain = text.trim().replace(MINUS, "-").replace(",", ".");
  return plain === "" ? NaN : Number(plain);
}

function exponential(value: number, scale: number, digits: number): string {
  const power = Math.floor(Math.log10(scale) + 1e-9);
  const raised = String(Math.abs(power)).replace(/\d/g, (digit) => SUPERSCRIPT[Number(digit)]);
  const mantissa = sign((value / 10 ** power).toFixed(digits - 1));
  return `${mantissa}×10${power < 0 ? "⁻" : ""}${raised}`;
}

function sign(text: string): string {
  if (!text.startsWith("-")) return written(text);
  return written(/[1-9]/.test(text) ? MINUS + text.slice(1) : text.slice(1));
}

/** Digits with a point as the language writes them. */
export const written = (text: string): string => (point.comma ? text.replace(".", ",") : text);
