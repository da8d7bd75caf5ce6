import { expect, test } from "vitest";
import { agreed, equals, numberOf, product, writeQuotient, writeSum } from "../src/lib/equations";
import { fixed, rounded } from "../src/lib/numbers";

/** Numbers without a pattern, the same at every run. */
function draws(count: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (state * 48271) % 2147483647;
    return (state / 2147483647 - 0.5) * 4;
  });
}

test("shown numbers are read back, also signs and powers of ten", () => {
  expect(["−1.25", "0.5", "1.2340×10⁻⁵", "−1.2346×10⁸"].map(numberOf)).toEqual([-1.25, 0.5, 1.234e-5, -1.2346e8]);
});

test("rounded is what fixed shows", () => {
  for (const value of [...draws(50, 1), 1.2e-6, -4.56789e9])
    expect(rounded(value)).toBeCloseTo(numberOf(fixed(value)), 12);
});

test("a result has the digits that follow from the shown operands", () => {
  expect(agreed(0.123456, 0.123449)).toBe("0.123");
  expect(agreed(2, 2)).toBe("2.0000");
  expect(equals(0.123456, -1)).toBe("≈ 0.12346");
});

test("a product of two shown factors is what the shown digits give", () => {
  // 0.66667 · 0.66667 = 0.444449, and 2/3 · 2/3 = 0.444444
  expect(product(2 / 3, 2 / 3, 0.66667, 0.66667, 4 / 9).text).toBe("0.4444");
});

test("sums add up to their result, digit by digit, with the largest twelve and one remainder", () => {
  for (let seed = 1; seed < 200; seed++) {
    const values = draws(3 + (seed % 40), seed);
    const bias = draws(1, seed + 1000)[0];
    const total = values.reduce((sum, value) => sum + value, 0) + bias;
    const { addends, others, bias: shown, result } = writeSum(values, bias, 1, total, Math.abs(total));
    expect(addends.length).toBe(Math.min(values.length, 13));
    expect(others).toBe(Math.max(0, values.length - 12));
    const signed = [...addends, shown!].map(({ negative, text }) => (negative ? -1 : 1) * numberOf(text));
    const recomputed = signed.reduce((sum, value) => sum + value, 0);
    const [sign, text] = result.split(" ");
    expect(sign).toBe("=");
    const last = 10 ** -(text.split(".")[1]?.length ?? 0);
    expect(Math.abs(recomputed - numberOf(text))).toBeLessThanOrEqual(0.5001 * last);
  }
});

test("a mean is a sum divided", () => {
  expect(writeSum([1, 2, 4], null, 3, 7 / 3, 7 / 3).result).toBe("= 2.3333");
});

test("a quotient of exponentials is that of the shown digits", () => {
  const powers = draws(100, 7).map(Math.exp);
  const total = powers.reduce((sum, power) => sum + power, 0);
  for (const power of powers) {
    const { dividend, divisor, result } = writeQuotient(power, total, 5);
    const [sign, text] = result.split(" ");
    expect(sign).toBe("=");
    expect(Math.abs(numberOf(dividend) / numberOf(divisor) - numberOf(text))).toBeLessThanOrEqual(
      0.5001 * 10 ** -text.split(".")[1].length,
    );
  }
});
