import { expect, test } from "vitest";
import { sentence, translated } from "../src/lib/sentences";
import { sentences } from "../src/texts/sentences.german";
import stored from "./sentences.json";

/** Words that no German sentence has, unless it quotes something. */
const ENGLISH = /\b(the|of|images?|expected|give|cannot|than|there|their|which)\b/;
const quoted = (text: string): string => text.replace(/„[^“]*“/g, "");

const german = (sentence: string): string => translated(sentence, sentences).text;

test("numbers in a sentence of the server get a decimal comma", () => {
  expect(german("The larger the better; a random order gives 0.2513.")).toBe(
    "Je größer, desto besser; eine zufällige Reihenfolge ergibt 0,2513.",
  );
  expect(german("cat (-1.5e-05 before any softmax)")).toBe("cat (-1,5e-05 vor einem Softmax)");
  expect(german("cat v1.2 (probability 0.9 uncovered)")).toBe("cat v1.2 (Wahrscheinlichkeit 0,9 ohne Abdeckung)");
});

test("parts that a sentence may lack are left out", () => {
  expect(german("unit 3 (activation 1.25)")).toBe("Einheit 3 (Aktivierung 1,25)");
  expect(german("unit 3 at row 1, column 20 (activation 1.25; 0.5 on the image)")).toBe(
    "Einheit 3 in Zeile 1, Spalte 20 (Aktivierung 1,25; auf dem Bild 0,5)",
  );
  expect(
    german("The image was scaled from 40 x 30 to 32 x 32 pixels and turned gray, as the model does with every image."),
  ).toBe(
    "Das Bild wurde von 40 × 30 auf 32 × 32 Pixel skaliert und in Grau umgewandelt, wie bei diesem Modell jedes Bild.",
  );
});

test("a choice of words decides about the translation", () => {
  const shuffled = (where: string, end: string): string =>
    german(
      `Rank correlation with the map of the network whose weights are shuffled in ${where}; near 0 is right${end}`,
    );
  expect(shuffled("all layers", ".")).toContain("in allen Schichten vertauscht sind; richtig ist nahe 0.");
  expect(shuffled("the highest layer", " (that map is empty).")).toContain(
    "der höchsten Schicht vertauscht sind; richtig ist nahe 0 (jene Karte ist leer).",
  );
  expect(german("weakest class: cat (98.5 % of 1 image found)")).toBe(
    "schwächste Klasse: cat (98,5 % von 1 Bild gefunden)",
  );
});

test("an unknown sentence stays as it is and is marked as English", () => {
  expect(translated("Something new 1.5.", sentences)).toEqual({ text: "Something new 1.5.", lang: "en" });
  expect(
    translated("This unit is zero on this image, so there is nothing to project.", sentences).lang,
  ).toBeUndefined();
});

test("sentences within a sentence are translated, and all of it is English where one of them is not known", () => {
  const known = [sentence("left out: {!; }", "ausgelassen: $1"), sentence("{*} is empty", "$1 ist leer")];
  expect(translated("left out: a.png is empty; 1,200; b.png is empty", known).text).toBe(
    "ausgelassen: a.png ist leer; 1.200; b.png ist leer",
  );
  expect(
    translated("left out: a.png is full; b.png is full", [...known, sentence("{*} is full.", "$1 ist voll.")]).text,
  ).toBe("ausgelassen: a.png ist voll; b.png ist voll");
  expect(translated("left out: a; b is empty", known).text).toBe("ausgelassen: a; b ist leer");
  expect(translated("left out: a.png is empty; b.png is new", known)).toEqual({
    text: "left out: a.png is empty; b.png is new",
    lang: "en",
  });
});

test("a sentence is one of the forms with its own signs: dots, bars and brackets are no patterns", () => {
  const known = [sentence("as in cat|dog (a.b) {#}", "wie cat|dog $1")];
  expect(translated("as in cat|dog (a.b) 2", known).text).toBe("wie cat|dog 2");
  expect(translated("as in dog (a.b) 2", known).lang).toBe("en");
  expect(translated("as in cat|dog (axb) 2", known).lang).toBe("en");
});

test.each(Object.entries(stored))("what %s says is known in German", (_, list) => {
  expect(list.filter((one) => translated(one, sentences).lang || german(one) === one)).toEqual([]);
  expect(list.map((one) => quoted(german(one))).filter((one) => ENGLISH.test(one))).toEqual([]);
});
