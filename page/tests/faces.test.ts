import { describe, expect, it } from "vitest";
import { faultOf, rateAt, readReason, verdictOf } from "../src/faces/verdict";

const RATES = [0.2, 0.4, 0.5].map((threshold) => ({ threshold, rate: 1 - threshold, interval: [0, 1] as const }));

describe("what a similarity means", () => {
  it("is the same person from the threshold on, and undecided where there is a reason", () => {
    expect(verdictOf({ similarity: 0.4, reasons: [] }, 0.4)).toBe("same");
    expect(verdictOf({ similarity: 0.39, reasons: [] }, 0.4)).toBe("different");
    expect(verdictOf({ similarity: 0.9, reasons: ["first image: the face is blurred"] }, 0.4)).toBe("unknown");
  });
  it("has the rate of the nearest threshold that is not above", () => {
    expect(rateAt(RATES, 0.49)?.threshold).toBe(0.4);
    expect(rateAt(RATES, 0.4)?.threshold).toBe(0.4);
    expect(rateAt(RATES, 0.1)).toBeNull();
  });
  it("has reasons in the server's words", () => {
    expect(readReason("second image: holds 3 faces, and it is not known which one is meant")).toEqual({
      image: "second",
      fault: "several",
      count: 3,
    });
    expect(readReason("first image: the face is turned far to the side")).toEqual({
      image: "first",
      fault: "turned",
      count: 1,
    });
    expect(readReason("something else")).toBeNull();
    expect(faultOf("small (9 pixels between the eyes, expected 16)")).toBe("small");
  });
});
