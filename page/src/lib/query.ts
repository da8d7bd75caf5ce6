import { address } from "./address.svelte";
import { parse } from "./numbers";

/** A whole number of the address between two bounds; the default where there is none, or none that fits. */
export function wholeNumber(name: string, fallback: number, low: number, high: number): number {
  const value = parse(address.query[name] ?? "");
  return Number.isInteger(value) && value >= low && value <= high ? value : fallback;
}

/** Any number of the address between two bounds. */
export function realNumber(name: string, fallback: number, low: number, high: number): number {
  const value = parse(address.query[name] ?? "");
  return value >= low && value <= high ? value : fallback;
}

/** One of some words of the address. */
export function oneOf<Word extends string>(name: string, words: readonly Word[]): Word {
  return words.find((word) => word === address.query[name]) ?? words[0];
}

/** Numbers of the address, "1,0,-1"; the default where they are not as many, or one is no number. */
export function numbers(name: string, fallback: readonly number[]): readonly number[] {
  const values = (address.query[name] ?? "").split(",").map(parse);
  return values.length === fallback.length && values.every(Number.isFinite) ? values : fallback;
}

/** Write numbers to the address, shortly; the default is not written. */
export function keepNumbers(name: string, values: readonly number[], fallback: readonly number[]): void {
  const same = values.every((value, i) => value === fallback[i]);
  address.set({ [name]: same ? "" : values.map((value) => Number(value.toPrecision(6))).join(",") });
}

/** Write a number or a word to the address; the default is not written. */
export function keep(name: string, value: number | string, fallback: number | string): void {
  address.set({ [name]: value === fallback ? "" : String(value) });
}
