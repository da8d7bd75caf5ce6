import { describe, expect, test } from "vitest";
import { classesOf, fromFiles, nameOf, placed } from "../src/train/uploads";
import { duration, imagesAt, speedOf, withMoment, type Moment } from "../src/train/pace";

const moment = (step: number, seconds: number, batch = 8): Moment => ({ step, images: step * batch, seconds });

describe("the pace of a training", () => {
  test("the speed is images over seconds of the last moments", () => {
    expect(speedOf([])).toBeNull();
    expect(speedOf([moment(1, 1)])).toBeNull();
    expect(speedOf([moment(1, 1), moment(11, 3)])).toBe(40);
    expect(speedOf([moment(0, 0), moment(1000, 100), moment(1010, 102)])).toBe(40); // what is long ago does not count
    expect(speedOf([moment(5, 2), moment(5, 2)])).toBeNull();
  });

  test("a line of the log that was seen already does not make it slower", () => {
    const moments = [moment(1, 1), moment(5, 2)].reduce<readonly Moment[]>(withMoment, []);
    expect(withMoment(moments, moment(5, 2)).map(({ step }) => step)).toEqual([1, 5]);
  });

  test("gone on with from an older checkpoint, the moments after it are forgotten", () => {
    const moments = [1, 2, 3, 4].map((step) => moment(step, step)).reduce<readonly Moment[]>(withMoment, []);
    expect(withMoment(moments, moment(3, 3.5)).map(({ step }) => step)).toEqual([1, 2, 3]);
  });

  test("durations are said as people say them", () => {
    expect([0.4, 45, 75, 3600, 7503].map(duration)).toEqual(["0 s", "45 s", "1 min 15 s", "1 h 0 min", "2 h 5 min"]);
  });

  test("older logs count images by steps", () => {
    const line = { step: 3, steps: 9, epoch: 0, seconds: 1, rate: 0.1, loss: 1 };
    expect([imagesAt(line, 8), imagesAt({ ...line, images: 50 }, 8)]).toEqual([24, 50]);
  });
});

describe("pictures that are dropped", () => {
  const file = (name: string, type = "image/png"): File => new File(["x"], name, { type });

  test.each([
    ["cat/1.png", "cat", ""],
    ["photos/dog/1.png", "dog", ""],
    ["photos/Train/dog/1.png", "dog", "train"],
    ["photos/val/dog/1.png", "dog", "validation"],
    ["1.png", "typed", ""],
  ])("%s is of class %s and part '%s'", (path, label, part) => {
    expect(placed(file("1.png"), path, " typed ")).toMatchObject({ label, part });
  });

  test("other files are left alone", () => {
    expect(fromFiles([file("a.png"), file("b.txt", "text/plain")], "").map(({ path }) => path)).toEqual(["a.png"]);
  });

  test("classes are counted, and the source is named after the folder that all lie in", () => {
    const pictures = ["pets/cat/1.png", "pets/dog/1.png", "pets/dog/2.png"].map((path) =>
      placed(file("1.png"), path, ""),
    );
    expect(classesOf(pictures)).toEqual([
      ["cat", 1],
      ["dog", 2],
    ]);
    expect(nameOf(pictures)).toBe("pets");
    expect(nameOf([...pictures, placed(file("1.png"), "cow/1.png", "")])).toBe("");
  });
});
