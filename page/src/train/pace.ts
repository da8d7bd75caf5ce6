/** How fast a training goes, and how long it still takes. */
import type { LogLine } from "./api";

/** A place on the way: steps and images behind, in seconds of training without pauses. */
export interface Moment {
  readonly step: number;
  readonly images: number;
  readonly seconds: number;
}

/** The speed is that of so many last seconds: a batch or a validation in between would otherwise be felt for long. */
const WINDOW = 20;

/** Images behind at a line of the log; older logs count steps alone. */
export function imagesAt(line: LogLine, batch: number): number {
  return line.images ?? line.step * batch;
}

/** Images a second over the last moments; null where there are too few to say. */
export function speedOf(moments: readonly Moment[]): number | null {
  const last = moments.at(-1);
  if (!last) return null;
  const first = moments.find(({ seconds }) => seconds >= last.seconds - WINDOW) ?? last;
  const from = first === last ? moments.at(-2) : first;
  if (!from || last.seconds <= from.seconds || last.images <= from.images) return null;
  return (last.images - from.images) / (last.seconds - from.seconds);
}

/** Moments in order with one more; those that are no longer looked at go, and all of a way that was left. */
export function withMoment(moments: readonly Moment[], next: Moment): readonly Moment[] {
  const kept = moments.filter(
    ({ step, seconds }) => step < next.step && seconds < next.seconds && seconds >= next.seconds - 2 * WINDOW,
  );
  return [...kept, next];
}

/** Seconds as a person says them: 45 s, 1 min 15 s, 2 h 5 min. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
