/** What a similarity means at a threshold: the answer, and how often strangers reach it. */

import type { Comparison, Rate } from "./api";

export type Verdict = "same" | "different" | "unknown";

export function verdictOf(found: Comparison, threshold: number): Verdict {
  if (found.reasons.length > 0) return "unknown";
  return found.similarity >= threshold ? "same" : "different";
}

/** The measured rate of the nearest threshold that is not above; null below the lowest that was measured. */
export function rateAt(rates: readonly Rate[], threshold: number): Rate | null {
  return rates.filter((one) => one.threshold <= threshold + 1e-9).at(-1) ?? null;
}

export type Fault = "several" | "small" | "blurred" | "turned" | "partly" | "unlike";
export interface Reason {
  readonly image: "first" | "second";
  readonly fault: Fault;
  /** Faces on the image, where there are several. */
  readonly count: number;
}

/** A reason of the server as its parts; null for one that is not known here, which is then shown as it is. */
export function readReason(reason: string): Reason | null {
  const found = /^(first|second) image: (?:holds (\d+) faces|the face is (small|blurred|turned|partly|unlike))/.exec(
    reason,
  );
  if (!found) return null;
  return {
    image: found[1] as Reason["image"],
    fault: (found[3] as Fault | undefined) ?? "several",
    count: Number(found[2] ?? 1),
  };
}

/** A fault of a face in the server's words, by its first word. */
export function faultOf(fault: string): Fault | null {
  return (["small", "blurred", "turned", "partly", "unlike"] as const).find((known) => fault.startsWith(known)) ?? null;
}
