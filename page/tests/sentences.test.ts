import { expect, test } from "vitest";
import { translated } from "../src/lib/sentences";
import { sentences } from "../src/texts/sentences.german";

const german = (sentence: string): string => translated(sentence, sentences).text;

test("numbers in a sentence of the server get a decimal comma", () => {
  expect(german("The larger the better; a random order gives 0.2513.")).toBe("Je größer, desto besser; eine zufällige Reihenfolge ergibt 0,2513.");
  expect(german("cat (-1.5e-05 before any softmax)")).toBe("cat (-1,5e-05 vor einem Softmax)");
  expect(german("cat v1.2 (probability 0.9 uncovered)")).toBe("cat v1.2 (Wahrscheinlichkeit 0,9 ohne Abdeckung)");
});

test("parts that a sentence may lack are left out", () => {
  expect(german("unit 3 (activation 1.25)")).toBe("Einheit 3 (Aktivierung 1,25)");
  expect(german("unit 3 at row 1, column 20 (activation 1.25; 0.5 on the image)")).toBe("Einheit 3 in Zeile 1, Spalte 20 (Aktivierung 1,25; auf dem Bild 0,5)");
  expect(german("The image was scaled from 40 x 30 to 32 x 32 pixels and turned gray, as the model does with every image.")).toBe(
    "Das Bild wurde von 40 × 30 auf 32 × 32 Pixel skaliert und in Grau umgewandelt, wie bei diesem Modell jedes Bild.",
  );
});

test("a choice of words decides about the translation", () => {
  const shuffled = (where: string, end: string): string =>
    german(`Rank correlation with the map of the network whose weights are shuffled in ${where}; near 0 is right${end}`);
  expect(shuffled("all layers", ".")).toContain("in allen Schichten vertauscht sind; richtig ist nahe 0.");
  expect(shuffled("the highest layer", " (that map is empty).")).toContain("der höchsten Schicht vertauscht sind; richtig ist nahe 0 (jene Karte ist leer).");
  expect(german("weakest class: cat (98.5 % of 1 image found)")).toBe("schwächste Klasse: cat (98,5 % von 1 Bild gefunden)");
});

test("an unknown sentence stays as it is and is marked as English", () => {
  expect(translated("Something new 1.5.", sentences)).toEqual({ text: "Something new 1.5.", lang: "en" });
  expect(translated("This unit is zero on this image, so there is nothing to project.", sentences).lang).toBeUndefined();
});
