/** What is said of many numbers at once. */
export interface Figures {
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  /** The share of numbers that are exactly zero. */
  readonly zeros: number;
  /** How many numbers lie in each of equal parts from low to high. */
  readonly bins: readonly number[];
}

const BINS = 24;

export function figuresOf(values: ArrayLike<number>): Figures {
  let [low, high, sum, zeros] = [Infinity, -Infinity, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value < low) low = value;
    if (value > high) high = value;
    if (value === 0) zeros += 1;
    sum += value;
  }
  const bins = new Array<number>(BINS).fill(0);
  const width = (high - low) / BINS || 1;
  for (let i = 0; i < values.length; i++) bins[Math.min(BINS - 1, Math.floor((values[i] - low) / width))] += 1;
  return { low, high, mean: sum / values.length, zeros: zeros / values.length, bins };
}
