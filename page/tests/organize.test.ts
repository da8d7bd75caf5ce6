import { describe, expect, it } from "vitest";
import { gridOf, moved, rowsInSight } from "../src/lib/virtual";
import { conditionsOf } from "../src/organize/api";
import { around, fitted } from "../src/lib/frame";
import { circles, degrees, pointOf, ticks } from "../src/organize/map";
import { nextMonth } from "../src/organize/months";
import { copiesAside, keyOf } from "../src/organize/review.svelte";

describe("the grid of a gallery", () => {
  it("fills a row with as many tiles as fit", () => {
    expect(gridOf(10, 330, 100, 10)).toEqual({ columns: 3, rows: 4, side: 103, pitch: 113 });
    expect(gridOf(100_000, 50, 100, 10)).toMatchObject({ columns: 1, rows: 100_000 });
    expect(gridOf(0, 330, 100, 10).rows).toBe(0);
  });
  it("draws the rows in sight and two more on both sides", () => {
    const grid = gridOf(100_000, 330, 100, 10);
    expect(rowsInSight(grid, 0, 500)).toEqual([0, 7]);
    expect(rowsInSight(grid, 1_000_000, 500)).toEqual([8847, 8856]);
    const [first, end] = rowsInSight(grid, 113 * 33_334, 500);
    expect(end).toBe(33_334);
    expect(end - first).toBeLessThan(10);
  });
  it("moves with the keys and stays inside", () => {
    expect(moved(5, "ArrowDown", 10, 3, 2)).toBe(8);
    expect(moved(8, "ArrowDown", 10, 3, 2)).toBe(8);
    expect(moved(0, "ArrowLeft", 10, 3, 2)).toBe(0);
    expect(moved(2, "PageDown", 10, 3, 2)).toBe(8);
    expect(moved(5, "PageDown", 10, 3, 2)).toBe(9);
    expect(moved(4, "End", 10, 3, 2)).toBe(9);
    expect(moved(4, "Home", 10, 3, 2)).toBe(0);
    expect(moved(4, "x", 10, 3, 2)).toBeNull();
  });
});

describe("the map of places", () => {
  const places = [
    { latitude: 10, longitude: 0, count: 2, photo: 0 },
    { latitude: 10.001, longitude: 0.001, count: 5, photo: 1 },
    { latitude: 20, longitude: 30, count: 1, photo: 2 },
  ];
  it("shows all places, and one circle for near ones at the place with most photos", () => {
    const view = fitted(places.map(pointOf), 2);
    expect(view.left).toBeLessThan(0);
    expect(view.top).toBeLessThan(-20);
    const found = circles(places, view, 800, 400);
    expect(found.map(({ count, photo }) => [count, photo])).toEqual([
      [7, 1],
      [1, 2],
    ]);
    expect(circles(places, around([0, -10], 0.004, 2), 800, 400).map(({ count }) => count)).toEqual([2, 5]);
  });
  it("draws lines at round degrees", () => {
    expect(ticks(0, 10)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(ticks(11.86, 11.92).map(degrees)).toEqual(["11.86", "11.88", "11.9", "11.92"]);
    expect(degrees(-43.4674567)).toBe("-43.46746");
  });
});

describe("the review of copies", () => {
  const group = (best: number, ...others: number[]) => ({
    kind: "altered" as const,
    best,
    others: others.map((photo) => ({ photo, evidence: "" })),
  });
  it("puts all of a decided group aside but the one to keep", () => {
    const groups = [group(1, 2, 3), group(4, 5), group(6, 7)];
    expect(copiesAside(groups, { [keyOf(groups[0])]: 2, [keyOf(groups[1])]: -1 })).toEqual([1, 3]);
  });
  it("never puts aside what another group keeps", () => {
    const groups = [group(1, 2), group(3, 2)];
    expect(copiesAside(groups, { [keyOf(groups[0])]: 2, [keyOf(groups[1])]: 3 })).toEqual([1]);
  });
});

it("months follow each other", () => {
  expect(nextMonth("2008-09")).toBe("2008-10");
  expect(nextMonth("2024-12")).toBe("2025-01");
});

it("conditions of the address are those that the server knows and that are given", () => {
  expect(conditionsOf({ words: "dog", color: "", lang: "de", event: "0" })).toEqual({ words: "dog", event: "0" });
});
