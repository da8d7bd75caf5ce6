import { comma, sentence, type Sentence } from "../lib/sentences";

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
  sentence(
    "contributions and bias compared with the network's output",
    "Beiträge und Bias gegenüber der Ausgabe des Netzes",
  ),
  sentence(
    "activation on the optimized image minus that on the given image",
    "Aktivierung auf dem optimierten Bild minus der auf dem gegebenen",
  ),
  sentence(
    "The {smaller|larger} the better; a random order gives {#}.",
    (wanted, chance) =>
      `Je ${wanted === "smaller" ? "kleiner" : "größer"}, desto besser; eine zufällige Reihenfolge ergibt ${chance}.`,
  ),
  sentence(
    "Rank correlation with the map of the network whose weights are shuffled in {the highest layer|all layers}; near 0 is right{*}",
    (where, rest) =>
      `Rangkorrelation mit der Karte des Netzes, dessen Gewichte in ${where === "all layers" ? "allen Schichten" : "der höchsten Schicht"} vertauscht sind; richtig ist nahe 0${rest === "." ? "." : " (jene Karte ist leer)."}`,
  ),
  sentence(
    "The map adds up to {#}; {*} is {#}.",
    (sum, what, value) =>
      `Die Karte ergibt in der Summe ${sum}; ${what.includes("zero image") ? "die Ausgabe minus der des Nullbildes" : "die Ausgabe (die Relevanz der Biases fehlt)"} ist ${value}.`,
  ),
  sentence(
    "Largest of {#} places, relative to the largest output; at most {#}.",
    (count, most) => `Größte von ${count} Stellen, relativ zur größten Ausgabe; höchstens ${most}.`,
  ),
  sentence(
    "A difference below {#} of the sum of absolute contributions, {#}, is rounding error.",
    (share, sum) =>
      `Eine Differenz unter dem ${share}-Fachen der Summe der absoluten Beiträge, ${sum}, ist ein Rundungsfehler.`,
  ),
  sentence(
    "Positive if the ascent found an image that activates the unit more.",
    "Positiv, wenn der Gradientenaufstieg ein Bild fand, das die Einheit stärker aktiviert.",
  ),
];
const subjects: readonly Sentence[] = [
  sentence(
    "unit {#}{@} (activation {#}; {#} on the image)",
    (unit, row, column, reached, own) =>
      `Einheit ${unit}${place(row, column)} (Aktivierung ${reached}; auf dem Bild ${own})`,
  ),
  sentence(
    "unit {#}{@} (activation {#})",
    (unit, row, column, value) => `Einheit ${unit}${place(row, column)} (Aktivierung ${value})`,
  ),
  sentence("{*} ({#} before any softmax)", (name, value) => `${thing(name)} (${value} vor einem Softmax)`),
  sentence(
    "{*} ({*} {#} uncovered)",
    (name, measure, value) => `${thing(name)} (${thing(measure)} ${value} ohne Abdeckung)`,
  ),
  sentence(
    "{*} (output {#} = contributions {#} + bias {#})",
    (name, output, sum, bias) => `${thing(name)} (Ausgabe ${output} = Beiträge ${sum} + Bias ${bias})`,
  ),
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
  visualbackprop:
    "gemittelte Karten aller Schichten, von oben nach unten multipliziert (Bojarski et al. 2018); für alle Klassen gleich",
};
const notes: readonly Sentence[] = [
  ...Object.entries(METHODS).map(([name, summary]) => sentence(`${name}: {*}.`, `${name}: ${summary}.`)),
  sentence(
    "Layer '{*}' was chosen: the last one with maps; choose another with layer=.",
    (name) => `Gewählt wurde die Schicht „${name}“: die letzte mit Karten.`,
  ),
  sentence(
    "This unit is zero on this image, so there is nothing to project.",
    "Diese Einheit ist auf diesem Bild null; es gibt nichts zu projizieren.",
  ),
  sentence(
    "Patch of {#} x {#} pixels filled with gray {#}, {#} places, {*}. The result depends on the color of the patch: try another fill.",
    (height, width, fill, count, how) => {
      const saved = /^([\d.]+) times/.exec(how)?.[1];
      return `Fläche von ${height} × ${width} Pixeln in Grau ${fill}, ${count} Stellen, ${saved ? `${comma(saved)}-mal weniger Rechenschritte` : "Bild für Bild berechnet"}. Das Ergebnis hängt von der Farbe der Fläche ab: Probieren Sie eine andere Füllung.`;
    },
  ),
  sentence("The image was {*}, as the model does with every image.", (what) => {
    const done = what
      .replace(
        /scaled and cut to its middle from (\d+) x (\d+) to (\d+) x (\d+) pixels/,
        "von $1 × $2 auf $3 × $4 Pixel skaliert und auf die Mitte zugeschnitten",
      )
      .replace(/scaled from (\d+) x (\d+) to (\d+) x (\d+) pixels/, "von $1 × $2 auf $3 × $4 Pixel skaliert")
      .replace(" and turned gray", " und in Grau umgewandelt")
      .replace("turned gray", "in Grau umgewandelt")
      .replace(" and taken as color", " und als Farbbild gelesen")
      .replace("taken as color", "als Farbbild gelesen");
    return `Das Bild wurde ${done}, wie bei diesem Modell jedes Bild.`;
  }),
  sentence(
    "Maximizes {*} in {#} steps of Adam. Regularizers: low frequencies are favored (each by its wavelength), {*}a penalty of {#} times the total variation, and pixel values limited to 0 to 1 by a sigmoid.{*}",
    (what, steps, more, weight, before) => {
      const colors = more.includes("colors") ? "Farben hängen zusammen wie in natürlichen Bildern, " : "";
      const shifts = /up to (\d+) pixels/.exec(more)?.[1];
      const moved = shifts ? `zufällige Verschiebungen um bis zu ${shifts} Pixel in jedem Schritt, ` : "";
      const saturated = before ? " Maximiert wird der Wert vor der Aktivierung, der nicht sättigt." : "";
      return `Maximiert ${what === "the mean of the map" ? "den Mittelwert der Karte" : "den Wert an der Stelle"} in ${steps} Schritten von Adam. Regularisierung: Niedrige Frequenzen werden bevorzugt (jede nach ihrer Wellenlänge), ${colors}${moved}eine Strafe von ${weight} mal der Totalvariation, und Pixelwerte von 0 bis 1 durch eine Sigmoidfunktion.${saturated}`;
    },
  ),
];
const errors: readonly Sentence[] = [
  sentence(
    "LRP has no rule for '{*}' ({*}); choose another method.",
    "LRP hat keine Regel für „$1“ ($2); wählen Sie ein anderes Verfahren.",
  ),
  sentence(
    "Contributions need a network that ends in a dense layer; this one does not. Try by='gradient'.",
    "Beiträge gibt es nur bei einem Netz, das mit einer vollständig verbundenen Schicht endet; dieses tut das nicht.",
  ),
  sentence(
    "Contributions explain a single output; here {#} outputs answer together. Try by='gradient'.",
    "Beiträge erklären eine einzelne Ausgabe; hier antworten $1 Ausgaben gemeinsam.",
  ),
  sentence(
    "A patch of {#} pixels with stride {#} does not fit an image of {#} x {#} pixels; the patch must have 1 to {#} pixels, the stride at least 1.",
    "Eine Fläche von $1 Pixeln mit Schrittweite $2 passt nicht in ein Bild von $3 × $4 Pixeln; die Fläche muss 1 bis $5 Pixel haben, die Schrittweite mindestens 1.",
  ),
  sentence(
    "fill is {*}; expected a gray from 0 (black) to 1 (white).",
    "Die Füllung ist $1; erwartet wird ein Grauwert von 0 (schwarz) bis 1 (weiß).",
  ),
  sentence(
    "at is '{*}'; expected ROW,COLUMN, such as 3,5.",
    "Die Stelle ist „$1“; erwartet wird ZEILE,SPALTE, etwa 3,5.",
  ),
  sentence(
    "'{*}' has no effect on '{*}', which takes {*}; leave it out.",
    "„$1“ hat keine Wirkung auf „$2“ (möglich: $3); lassen Sie es weg.",
  ),
  sentence(
    "{*} has no effect on {*}, which reads {*}; leave it out.",
    "$1 hat keine Wirkung auf $2 (möglich: $3); lassen Sie es weg.",
  ),
  sentence(
    "The output of '{*}' has the shape {*}; a trace needs maps (channels, rows, columns) or one row of numbers. Choose the layer before or after it.",
    "Die Ausgabe von „$1“ hat die Form $2; verfolgt werden können Karten (Kanäle, Zeilen, Spalten) oder eine Reihe von Zahlen. Wählen Sie die Schicht davor oder danach.",
  ),
  sentence(
    "'{*}' has no place {*}; its rows are 0 to {#}, its columns 0 to {#}.",
    "„$1“ hat keine Stelle $2; die Zeilen sind 0 bis $3, die Spalten 0 bis $4.",
  ),
  sentence(
    "'{*}' is a row of {#} numbers; leave out the position {*}.",
    "„$1“ ist eine Reihe von $2 Zahlen; lassen Sie die Stelle $3 weg.",
  ),
  sentence(
    "Units that are nowhere above zero on this image: {*}.",
    "Einheiten, die auf diesem Bild nirgends über null liegen: $1.",
  ),
  sentence(
    "{*}: has no snapshots; train with snapshots to see how a network evolves.",
    "$1: hat keine Snapshots; trainieren Sie mit Snapshots, um zu sehen, wie sich ein Netz entwickelt.",
  ),
  sentence(
    "No stages were given; give at least one model.",
    "Es wurden keine Stufen angegeben; geben Sie mindestens ein Modell an.",
  ),
  sentence(
    "The network has no layer of kind {*} with maps; choose one with layer=.",
    (kinds) =>
      `Das Netz hat keine Schicht mit Karten der Art ${kinds.replaceAll(" or ", " oder ")}; wählen Sie eine Schicht.`,
  ),
  sentence(
    "Layer '{*}' has no unit {#}; its units are 0 to {#}.{!}",
    "Die Schicht „$1“ hat keine Einheit $2; ihre Einheiten sind 0 bis $3.$4",
  ),
  sentence(
    "VisualBackProp needs layers with maps; this network has none.",
    "VisualBackProp braucht Schichten mit Karten; dieses Netz hat keine.",
  ),
  sentence(
    "Pictures of {#} sizes ({*}) are attacked one by one.",
    "Bilder von $1 Größen ($2) werden einzeln angegriffen.",
  ),
  sentence(
    "A label can be given for classify only; this model's task is {*}.",
    "Eine Klasse kann nur bei der Aufgabe classify angegeben werden; die Aufgabe dieses Modells ist $1.",
  ),
  sentence(
    "The target '{*}' is the label of the image; choose another class.",
    "Das Ziel „$1“ ist schon die Klasse des Bildes; wählen Sie eine andere Klasse.",
  ),
  sentence(
    "The target '{*}' is already the model's answer; choose another class.",
    "Das Ziel „$1“ ist schon die Antwort des Modells; wählen Sie eine andere Klasse.",
  ),
  sentence("seed is {*}; expected 0 or more.", "Der Startwert ist $1; erwartet wird 0 oder mehr."),
  sentence("{*} is {*}; expected a number above 0.", "$1 ist $2; erwartet wird eine Zahl über 0."),
  sentence(
    "An image of {#} x {#} pixels has too many positions to try all; give a smaller one.",
    "Ein Bild von $1 × $2 Pixeln hat zu viele Stellen, um alle zu probieren; nehmen Sie ein kleineres.",
  ),
  sentence("{*}: cannot be attacked: {!}.", "$1: kann nicht angegriffen werden: $2."),
  sentence(
    "A class is attacked as a whole: 'of' and 'change' have no effect; give a target or none.",
    "Eine Klasse wird als Ganzes angegriffen; geben Sie höchstens ein Ziel an.",
  ),
  sentence(
    "tag has no target class: a tag is added or removed; name it with 'of', or none.",
    "Bei Schlagwörtern gibt es keine Zielklasse: Eines wird hinzugefügt oder entfernt; nennen Sie höchstens dieses.",
  ),
  sentence(
    "The target of {*} is '{*}'; expected up, down or none.",
    "Das Ziel von $1 ist „$2“; erwartet wird „up“, „down“ oder keines.",
  ),
  sentence(
    "identify is attacked as a whole: target, 'of' and 'change' have no effect; leave them out.",
    "identify wird als Ganzes angegriffen; Ziel und Ausmaß haben keine Wirkung, lassen Sie sie weg.",
  ),
  sentence(
    "A {detection|point} is attacked as a whole: it must disappear. Leave target and change out.",
    (what) =>
      `${what === "point" ? "Ein Punkt" : "Eine Detektion"} wird als Ganzes angegriffen und muss verschwinden; lassen Sie Ziel und Ausmaß weg.`,
  ),
];

const outcomes: readonly Sentence[] = [
  sentence("misread: it is {*}, read as {*}", "falsch erkannt: Es ist $1, gelesen als $2"),
  sentence(
    "misread: no tag asked about is right and known",
    "falsch erkannt: Keines der gefragten Schlagwörter ist bekannt und richtig",
  ),
  sentence("misread: its answer is not a number", "falsch erkannt: Die Antwort ist keine Zahl"),
  sentence("is of the target class already", "gehört schon zur Zielklasse"),
  sentence("nothing is detected", "nichts wurde gefunden"),
];

export const explanations: readonly Sentence[] = [...checks, ...subjects, ...notes, ...errors, ...outcomes];
