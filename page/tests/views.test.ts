import { describe, expect, it } from "vitest";
import { pointsOf, steeringOf } from "../src/drive/steering";
import { figuresByEpoch, type TurnLine } from "../src/generate/log";
import { rightAnswers, shareOf, shuffled, tally } from "../src/lib/quiz";
import { csvOf, ordered } from "../src/rank/order";
import { hintText, NOISES, withHint } from "../src/restore/made";
import { costOf, plotOf, roundBetween, type Point } from "../src/tradeoff/study";

describe("a quiz", () => {
  const items = ["a", "a", "b", "a"].map((truth) => ({ picture: "", truth }));
  const answers = ["a", "b", "b", "a"];
  it("counts the answers to each kind", () => {
    expect(tally(items, answers)).toEqual([
      { truth: "a", count: 3, answers: { a: 2, b: 1 } },
      { truth: "b", count: 1, answers: { b: 1 } },
    ]);
    expect(rightAnswers(items, answers)?.share).toBe(0.75);
  });
  it("gives the Wilson interval", () => {
    const { interval } = shareOf(5, 10)!; // Wilson (1927): 0.2366 to 0.7634
    expect(interval[0]).toBeCloseTo(0.2366, 4);
    expect(interval[1]).toBeCloseTo(0.7634, 4);
    expect(shareOf(0, 0)).toBeNull();
  });
  it("shuffles without losing anything", () => {
    expect(shuffled([1, 2, 3, 4], () => 0)).toEqual([2, 3, 4, 1]);
    expect(shuffled([3, 1, 2]).toSorted()).toEqual([1, 2, 3]);
  });
});

it("the log of a generator gives means for each epoch", () => {
  const line = { steps: 4, seconds: 0, rate: 0, loss: 0 };
  const lines: TurnLine[] = [
    { ...line, step: 0, epoch: 0, turns: { discriminator: 1, generator: 4 }, training: { fakes_believed: 0.5 } },
    {
      ...line,
      step: 1,
      epoch: 0,
      turns: { discriminator: 3, generator: 2 },
      training: { fakes_believed: 0.25, style_entropy: null },
    },
    { ...line, step: 2, epoch: 1 },
  ];
  expect(figuresByEpoch(lines)).toEqual([
    { epoch: 0, discriminator: 2, generator: 3, believed: 0.375, entropy: null },
    { epoch: 1, discriminator: null, generator: null, believed: null, entropy: null },
  ]);
});

it("arrow keys steer while they are held", () => {
  expect(steeringOf(new Set(), 0.4)).toBeNull();
  expect(steeringOf(new Set(["ArrowLeft"]), 0.4)).toBe(-0.4);
  expect(steeringOf(new Set(["ArrowRight"]), 0.4)).toBe(0.4);
  expect(steeringOf(new Set(["ArrowLeft", "ArrowRight"]), 0.4)).toBe(0);
});

it("a path is drawn in the frame of its road, north up", () => {
  expect(
    pointsOf(
      [
        [0, 0],
        [10, 10],
        [5, 0],
      ],
      [
        [0, 0],
        [10, 10],
      ],
      112,
    ),
  ).toBe("6.0,106.0 106.0,6.0 56.0,106.0");
});

it("images are listed from the highest rank, failed ones last", () => {
  const found = [
    { name: "b", picture: "", rank: 0.2, error: "" },
    { name: "x", picture: "", rank: null, error: 'is "no" image' },
    { name: "c,d", picture: "", rank: 0.9, error: "" },
    { name: "a", picture: "", rank: 0.2, error: "" },
  ];
  expect(ordered(found).map(({ name }) => name)).toEqual(["c,d", "a", "b", "x"]);
  expect(csvOf(found).split("\n")).toEqual([
    "place,image,rank,error",
    '1,"c,d",0.9,',
    "2,a,0.2,",
    "3,b,0.2,",
    '4,x,,"is ""no"" image"',
    "",
  ]);
});

describe("a trade-off study", () => {
  const point = (key: string, milliseconds: number, score: number, memory: number | null): Point => ({
    candidate: { key, milliseconds, p95: milliseconds, size: 2e6, multiply_adds: 1 },
    score,
    standard_error: 0.01,
    front: true,
    peak_memory: memory,
    test: null,
  });
  const points = [point("a", 1, 0.8, 3e6), point("b", 100, 0.9, null), point("c", 10, 0.85, 5e6)];
  it("places costs on a logarithmic scale and scores with their intervals", () => {
    const { dots, costs, scores } = plotOf(points, "milliseconds");
    expect(dots[2].x).toBeCloseTo((dots[0].x + dots[1].x) / 2, 9); // 10 is the middle of 1 and 100
    expect(dots[2].y).toBeCloseTo(0.5, 9);
    expect([dots[0].low, dots[1].high]).toEqual([0, 1]);
    expect(costs.map(({ value }) => value)).toEqual([1, 2, 5, 10, 20, 50, 100]);
    expect(scores[1].value).toBeCloseTo(0.85, 9);
    expect(roundBetween(6, 14)).toEqual([6, 7, 8, 9, 10]);
  });
  it("leaves out what was not measured", () => {
    expect(plotOf(points, "memory").dots.map(({ point: { candidate } }) => candidate.key)).toEqual(["a", "c"]);
    expect(plotOf([points[1]], "memory")).toEqual({ dots: [], costs: [], scores: [] });
    expect(costOf(points[0], "size")).toBe(2);
  });
});

describe("hints of colors", () => {
  const first = { row: 3, column: 4, color: "#ff0000" };
  const other = { row: 3, column: 5, color: "#00ff00" };
  it("are sent as rows, columns and colors", () => {
    expect(hintText([first, other], 1)).toBe("3,4,ff0000;3,5,00ff00");
    expect(hintText([], 1)).toBe("");
    expect(hintText([first], 2.5)).toBe("8,11,ff0000"); // the middle of the pixel
  });
  it("replace one at the same place", () => {
    expect(withHint([first, other], { ...first, color: "#0000ff" })).toEqual([other, { ...first, color: "#0000ff" }]);
    expect(withHint([first], other)).toEqual([first, other]);
  });
  it("kinds of noise have usual amounts within their bounds", () => {
    for (const { low, high, usual, step } of Object.values(NOISES)) {
      expect(usual).toBeGreaterThan(low);
      expect(usual).toBeLessThan(high);
      expect(step).toBeLessThan(high - low);
    }
  });
});
