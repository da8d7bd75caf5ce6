import { comma, type Sentence } from "../lib/sentences";

const NUMBER = "([−+-]?[\\d.,]*\\d(?:e[+-]?\\d+)?)";

/**
 * A sentence of the server with {#} for a number, {*} for any other part, {a|b} for a choice, and {@} for a row and a
 * column that may be missing; all parts reach `write`, numbers with a decimal comma.
 */
function sentence(english: string, write: string | ((...parts: string[]) => string)): Sentence {
  const form = english
    .replace(/[.?+[\]()^$\\]/g, "\\$&")
    .replaceAll("{@}", `(?: at row ${NUMBER}, column ${NUMBER})?`)
    .replaceAll("{#}", NUMBER)
    .replaceAll("{*}", "(.*?)")
    .replaceAll("{", "(")
    .replaceAll("}", ")");
  return [new RegExp(`^${form}$`), (...parts) => (typeof write === "string" ? write : write(...parts.map(comma)))];
}

const THINGS: Readonly<Record<string, string>> = {
  "the output": "die Ausgabe",
  output: "Ausgabe",
  probability: "Wahrscheinlichkeit",
  similarity: "Ähnlichkeit",
  rank: "Rang",
  "the surest object": "das sicherste Objekt",
  "the surest point": "der sicherste Punkt",
  "the length of the embedding": "die Länge des Embeddings",
};
const thing = (english: string): string => THINGS[english] ?? english;
const place = (row: string, column: string): string => (row ? ` in Zeile ${row}, Spalte ${column}` : "");

const checks: readonly Sentence[] = [
  sentence("area under deletion", "Fläche unter der Löschkurve"),
  sentence("area under insertion", "Fläche unter der Einfügekurve"),
  sentence("randomization of the highest layer", "Zufällige Gewichte in der höchsten Schicht"),
  sentence("randomization of all layers", "Zufällige Gewichte in allen Schichten"),
  sentence("sum of the map against the output", "Summe der Karte gegenüber der Ausgabe"),
  sentence("difference from computing whole images", "Abweichung von der Berechnung ganzer Bilder"),
  sentence("contributions and bias compared with the network's output", "Beiträge und Bias gegenüber der Ausgabe des Netzes"),
  sentence("activation on the optimized image minus that on the given image", "Aktivierung auf dem optimierten Bild minus der auf dem gegebenen"),
  sentence("The {smaller|larger} the better; a random order gives {#}.", (wanted, chance) => `Je ${wanted === "smaller" ? "kleiner" : "größer"}, desto besser; eine zufällige Reihenfolge ergibt ${chance}.`),
  sentence(
    "Rank correlation with the map of the network whose weights are shuffled in {the highest layer|all layers}; near 0 is right{*}",
    (where, rest) => `Rangkorrelation mit der Karte des Netzes, dessen Gewichte in ${where === "all layers" ? "allen Schichten" : "der höchsten Schicht"} vertauscht sind; richtig ist nahe 0${rest === "." ? "." : " (jene Karte ist leer)."}`,
  ),
  sentence("The map adds up to {#}; {*} is {#}.", (sum, what, value) =>
    `Die Karte ergibt in der Summe ${sum}; ${what.includes("zero image") ? "die Ausgabe minus der des Nullbildes" : "die Ausgabe (die Relevanz der Biases fehlt)"} ist ${value}.`),
  sentence("Largest of {#} places, relative to the largest output; at most {#}.", (count, most) => `Größte von ${count} Stellen, relativ zur größten Ausgabe; höchstens ${most}.`),
  sentence("A difference below {#} of the sum of absolute contributions, {#}, is rounding error.", (share, sum) =>
    `Eine Differenz unter dem ${share}-Fachen der Summe der absoluten Beiträge, ${sum}, ist ein Rundungsfehler.`),
  sentence("Positive if the ascent found an image that activates the unit more.", "Positiv, wenn der Gradientenaufstieg ein Bild fand, das die Einheit stärker aktiviert."),
];

const subjects: readonly Sentence[] = [
  sentence("unit {#}{@} (activation {#}; {#} on the image)", (unit, row, column, reached, own) => `Einheit ${unit}${place(row, column)} (Aktivierung ${reached}; auf dem Bild ${own})`),
  sentence("unit {#}{@} (activation {#})", (unit, row, column, value) => `Einheit ${unit}${place(row, column)} (Aktivierung ${value})`),
  sentence("{*} ({#} before any softmax)", (name, value) => `${thing(name)} (${value} vor einem Softmax)`),
  sentence("{*} ({*} {#} uncovered)", (name, measure, value) => `${thing(name)} (${thing(measure)} ${value} ohne Abdeckung)`),
  sentence("{*} (output {#} = contributions {#} + bias {#})", (name, output, sum, bias) => `${thing(name)} (Ausgabe ${output} = Beiträge ${sum} + Bias ${bias})`),
];

const METHODS: Readonly<Record<string, string>> = {
  gradient: "der Gradient der Ausgabe nach jedem Pixel",
  "gradient-x-input": "der Gradient mal dem Pixel",
  smoothgrad: "der mittlere Gradient verrauschter Kopien (Smilkov et al. 2017)",
  "integrated-gradients": "Gradienten, integriert vom Nullbild bis zu diesem (Sundararajan et al. 2017)",
  "guided-backprop": "der Gradient, von dem an jeder ReLU nur positive Werte bleiben (Springenberg et al. 2015)",
  "grad-cam": "Karten einer Schicht, gewichtet mit ihrem mittleren Gradienten (Selvaraju et al. 2017)",
  "gradient-x-activation": "Karten einer Schicht, jede Zelle mal ihrem Gradienten",
  "guided-grad-cam": "Guided Backprop mal Grad-CAM",
  lrp: "die Ausgabe, Schicht für Schicht rückwärts verteilt (Bach et al. 2015, Epsilon-Regel)",
  visualbackprop: "gemittelte Karten aller Schichten, von oben nach unten multipliziert (Bojarski et al. 2018); für alle Klassen gleich",
};

const notes: readonly Sentence[] = [
  [/^([a-z-]+): (the |gradients |maps |guided |averaged ).+\.$/, (name) => `${name}: ${METHODS[name] ?? ""}.`],
  sentence("Layer '{*}' was chosen: the last one with maps; choose another with layer=.", (name) => `Gewählt wurde die Schicht „${name}“: die letzte mit Karten.`),
  sentence("This unit is zero on this image, so there is nothing to project.", "Diese Einheit ist auf diesem Bild null; es gibt nichts zu projizieren."),
  sentence("Patch of {#} x {#} pixels filled with gray {#}, {#} places, {*}. The result depends on the color of the patch: try another fill.", (height, width, fill, count, how) => {
    const saved = /^([\d.]+) times/.exec(how)?.[1];
    return `Fläche von ${height} × ${width} Pixeln in Grau ${fill}, ${count} Stellen, ${saved ? `${comma(saved)}-mal weniger Rechenschritte` : "Bild für Bild berechnet"}. Das Ergebnis hängt von der Farbe der Fläche ab: Probieren Sie eine andere Füllung.`;
  }),
  sentence("The image was {*}, as the model does with every image.", (what) => {
    const done = what
      .replace(/scaled and cut to its middle from (\d+) x (\d+) to (\d+) x (\d+) pixels/, "von $1 × $2 auf $3 × $4 Pixel skaliert und auf die Mitte zugeschnitten")
      .replace(/scaled from (\d+) x (\d+) to (\d+) x (\d+) pixels/, "von $1 × $2 auf $3 × $4 Pixel skaliert")
      .replace(" and turned gray", " und in Grau umgewandelt").replace("turned gray", "in Grau umgewandelt")
      .replace(" and taken as color", " und als Farbbild gelesen").replace("taken as color", "als Farbbild gelesen");
    return `Das Bild wurde ${done}, wie bei diesem Modell jedes Bild.`;
  }),
  sentence("Maximizes {*} in {#} steps of Adam. Regularizers: low frequencies are favored (each by its wavelength), {*}a penalty of {#} times the total variation, and pixel values limited to 0 to 1 by a sigmoid.{*}", (what, steps, more, weight, before) => {
    const colors = more.includes("colors") ? "Farben hängen zusammen wie in natürlichen Bildern, " : "";
    const shifts = /up to (\d+) pixels/.exec(more)?.[1];
    const moved = shifts ? `zufällige Verschiebungen um bis zu ${shifts} Pixel in jedem Schritt, ` : "";
    const saturated = before ? " Maximiert wird der Wert vor der Aktivierung, der nicht sättigt." : "";
    return `Maximiert ${what === "the mean of the map" ? "den Mittelwert der Karte" : "den Wert an der Stelle"} in ${steps} Schritten von Adam. Regularisierung: Niedrige Frequenzen werden bevorzugt (jede nach ihrer Wellenlänge), ${colors}${moved}eine Strafe von ${weight} mal der Totalvariation, und Pixelwerte von 0 bis 1 durch eine Sigmoidfunktion.${saturated}`;
  }),
];

const remarks: readonly Sentence[] = [
  sentence("weakest class: {*} ({#} % of {#} image{|s} found)", (label, share, count) => `schwächste Klasse: ${label} (${share} % von ${count} ${count === "1" ? "Bild" : "Bildern"} gefunden)`),
  sentence("misread: it is {*}, read as {*}", (truth, answer) => `falsch erkannt: Es ist ${truth}, gelesen als ${answer}`),
  sentence("misread: no tag asked about is right and known", "falsch erkannt: Keines der gefragten Schlagwörter ist bekannt und richtig"),
  sentence("misread: its answer is not a number", "falsch erkannt: Die Antwort ist keine Zahl"),
  sentence("is of the target class already", "gehört schon zur Zielklasse"),
  sentence("nothing is detected", "nichts wurde gefunden"),
  sentence("weakest tag: {*} (average precision {#})", (tag, precision) => `schwächstes Schlagwort: ${tag} (mittlere Precision ${precision})`),
  sentence("the noise of the ratings allows a correlation of about {#} at most", (value) => `das Rauschen der Bewertungen erlaubt eine Korrelation von höchstens etwa ${value}`),
];

const networks: readonly Sentence[] = [
  sentence("the default: residual blocks, four sizes, any input size {*}", (paper) => `die Voreinstellung: Residualblöcke, vier Größen, jede Eingabegröße ${paper}`),
  sentence("small images, fast training to a high accuracy: four sizes {*}", (paper) => `kleine Bilder, schnelles Training zu hoher Genauigkeit: vier Größen ${paper}`),
  sentence("image to image: predicts a residual {*}", (paper) => `Bild zu Bild: sagt einen Rest vorher ${paper}`),
  sentence("image to image at six sizes at once: Noise2Noise's U-Net {*}", (paper) => `Bild zu Bild in sechs Größen zugleich: das U-Net von Noise2Noise ${paper}`),
  sentence("colors for gray images: a residual encoder on the maps of VGG-16 {*}", (paper) => `Farben für graue Bilder: ein Residual-Encoder auf den Karten von VGG-16 ${paper}`),
  sentence("the network that read zip codes {*}", (paper) => `das Netz, das Postleitzahlen las ${paper}`),
  sentence("handwritten digits, in its modern form {*}", (paper) => `handgeschriebene Ziffern, in heutiger Form ${paper}`),
  sentence("the digit network of a 3-D visualization {*}", (paper) => `das Ziffernnetz einer 3D-Visualisierung ${paper}`),
  sentence("small color images, the CIFAR-10 demo of ConvNetJS {*}", (paper) => `kleine Farbbilder, die CIFAR-10-Demo von ConvNetJS ${paper}`),
  sentence("the network of CNN Explainer {*}", (paper) => `das Netz von CNN Explainer ${paper}`),
  sentence("steers a car from its camera {*}", (paper) => `lenkt ein Auto nach seiner Kamera ${paper}`),
  sentence("classifies the center pixel of microscope image windows {*}", (paper) => `klassifiziert das mittlere Pixel von Ausschnitten aus Mikroskopbildern ${paper}`),
  sentence("the same with wider filters {*}", (paper) => `dasselbe mit größeren Filtern ${paper}`),
  sentence("makes new images: a generator and a discriminator {*}", (paper) => `erzeugt neue Bilder: ein Generator und ein Diskriminator ${paper}`),
  sentence("photos; pretrained weights exist {*}", (paper) => `Fotos; es gibt vortrainierte Gewichte ${paper}`),
  sentence("object detector; pretrained weights exist {*}", (paper) => `Objektdetektor; es gibt vortrainierte Gewichte ${paper}`),
  sentence("aligned faces; pretrained weights exist {*}", (paper) => `ausgerichtete Gesichter; es gibt vortrainierte Gewichte ${paper}`),
];

export const sentences: readonly Sentence[] = [...checks, ...subjects, ...notes, ...remarks, ...networks];
