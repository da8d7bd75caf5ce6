/** A quiz of a length that is chosen before it begins, and what its answers show. */
import { wilson } from "../judge/statistics";
import { percent } from "./numbers";

export interface QuizItem {
  /** The address of a picture. */
  readonly picture: string;
  readonly truth: string;
}

export interface Tally {
  readonly truth: string;
  readonly count: number;
  /** How often each answer was given. */
  readonly answers: Readonly<Record<string, number>>;
}

export interface Share {
  readonly share: number;
  readonly interval: readonly [number, number];
  readonly count: number;
}

/** For each true kind, how often each answer was given; kinds in the order of their first item. */
export function tally(items: readonly QuizItem[], answers: readonly string[]): readonly Tally[] {
  const kinds = [...new Set(items.map(({ truth }) => truth))];
  return kinds.map((truth) => {
    const given = answers.filter((_, i) => items[i].truth === truth);
    const counts: Record<string, number> = {};
    for (const answer of given) counts[answer] = (counts[answer] ?? 0) + 1;
    return { truth, count: given.length, answers: counts };
  });
}

/** A share with its 95 % Wilson interval; null where there is nothing to divide. */
export function shareOf(count: number, all: number): Share | null {
  return all === 0 ? null : { share: count / all, interval: wilson(count, all), count: all };
}

/** A share and its interval as text. */
export function shareText(found: Share | null): string {
  return found === null ? "–" : `${percent(found.share)} (${found.interval.map((end) => percent(end)).join(" – ")})`;
}

export function rightAnswers(items: readonly QuizItem[], answers: readonly string[]): Share | null {
  return shareOf(answers.filter((answer, i) => answer === items[i].truth).length, answers.length);
}

/** Items in random order. */
export function shuffled<Item>(items: readonly Item[], random: () => number = Math.random): Item[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
