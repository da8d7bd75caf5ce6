import { expect, test } from "vitest";
import { fitted, planesOf, type Fit } from "../src/lib/resize";
import cases from "./resize.json";

function picture(height: number, width: number): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(4 * height * width).fill(255);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < 3; channel++)
        rgba[4 * (y * width + x) + channel] = (x * x * 7 + y * 31 + x * y * 3 + channel * 77) % 256;
  return rgba;
}

test.each(cases)("a picture of $height x $width, $fit, $channels channels, has the pixels that Python reads", (one) => {
  const planes = planesOf(picture(one.height, one.width), one.height, one.width, one.channels);
  expect([...fitted(planes, 12, 10, one.fit as Fit).pixels]).toEqual(
    Array.from(atob(one.pixels), (letter) => letter.charCodeAt(0)),
  );
});

test("the region that is seen is the middle of a picture that is too wide", () => {
  const planes = planesOf(picture(12, 20), 12, 20, 1);
  expect(fitted(planes, 12, 10, "crop").region).toEqual([5, 0, 15, 12]);
  expect(fitted(planes, 12, 10, "pad").region).toEqual([0, 0, 20, 12]);
});
