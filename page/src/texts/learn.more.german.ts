import type { moreSandboxes as english } from "./learn.more.english";

/** Weitere Sandkästen auf Deutsch. */
export const moreSandboxes: typeof english = {
  hyperparameters: {
    title: "Alle Hyperparameter zusammen",
    lead: "Eingabegröße, Padding, Kernel, Schrittweite und Dilatation: Ändern Sie etwas und sehen Sie die Zahlen. Was nicht geht, wird begründet.",
    names: {
      side: "Eingabegröße n",
      padding: "Padding p",
      kernel: "Kernelgröße k",
      stride: "Schrittweite s",
      dilation: "Dilatation d",
    },
    padded: (side, wide) => `Bild, ${side} × ${side}, mit Padding ${wide} × ${wide}`,
    products: "Produkte",
    tooLarge: (span, wide) =>
      `Ungültig: Das Fenster umfasst d(k − 1) + 1 = ${span} Pixel, das Bild mit Padding hat aber nur n + 2p = ${wide}. PyTorch lehnt das ab. Nehmen Sie eine größere Eingabe, mehr Padding, einen kleineren Kernel oder weniger Dilatation.`,
    rest: (rest) =>
      `Die Division geht nicht auf: Die letzten ${rest} Zeilen und Spalten werden nie benutzt. PyTorch rundet ab; ein Fehler ist das nicht.`,
    span: (span) =>
      `Mit Lücken zwischen seinen Pixeln umfasst das Fenster ${span} × ${span} Pixel bei gleich vielen Gewichten.`,
    noDilation: "Ein Kernel aus einem Pixel hat keine Lücken: Die Dilatation bewirkt nichts.",
    onlyPadding: "Das Padding ist so groß wie das Fenster: Manche Fenster enthalten nur Nullen.",
    skipped: "Die Schrittweite ist größer als das Fenster: Pixel dazwischen werden nie benutzt.",
    same: "Das Ergebnis ist so groß wie die Eingabe („same“-Padding).",
    body: [
      "Die Größe des Ergebnisses ist ⌊(n + 2p − d(k − 1) − 1) / s⌋ + 1. Alle Bibliotheken für tiefes Lernen rechnen so, bei Faltung und Pooling.",
      "Die Zahl der Gewichte hängt allein von der Kernelgröße ab: Schrittweite, Padding, Dilatation und Eingabegröße kosten keine Parameter, ändern aber den Rechenaufwand.",
    ],
  },
  receptive: {
    title: "Das rezeptive Feld wächst",
    lead: "Ein Wert einer tiefen Schicht hängt von einem Bereich des Bildes ab, der mit jeder Schicht darunter wächst.",
    layers: "Schichten",
    kernel: "Kernelgröße",
    stride: "Schrittweite jeder Schicht",
    growth: "Dilatation wächst um den Faktor",
    picture: "Wovon ein Wert der letzten Schicht (oben) abhängt, bis zur Eingabe (unten)",
    label: (layers, size) => `${layers} Schichten: Ein Wert hängt von ${size} Pixeln je Seite ab`,
    heads: ["Schicht", "rezeptives Feld r + (k − 1) · d · j", "Sprung j · s"],
    body: [
      "Jede Schicht vergrößert das rezeptive Feld um (k − 1) · d · j; der Sprung j ist das Produkt der Schrittweiten davor. Ohne Schrittweite und Dilatation wächst es um k − 1 je Schicht, mit Schrittweite 2 verdoppelt es sich ungefähr.",
      "Zwei Schichten von 3 × 3 sehen so viel wie eine von 5 × 5, mit 18 statt 25 Gewichten und einer Nichtlinearität dazwischen.",
    ],
  },
  normalization: {
    title: "Batch-Normalisierung",
    lead: "Die Werte eines Kanals werden auf Mittelwert 0 und Varianz 1 gebracht; dann wählt das Netz selbst Skalierung und Verschiebung.",
    values: "Ein Kanal über einen Batch",
    normalized: "Normalisiert",
    scale: "Skalierung (gelernt)",
    shift: "Verschiebung (gelernt)",
    statistics: (mean, variance) => `Mittelwert = ${mean}, Varianz = ${variance}`,
    constant: "Alle Werte sind gleich: Die Varianz ist 0, und nur ε verhindert eine Division durch null.",
    body: [
      "Im Training gelten Mittelwert und Varianz des aktuellen Batches, je Kanal über alle Bilder und Orte. Bei der Anwendung gelten laufende Mittel des Trainings, damit die Antwort zu einem Bild nicht von anderen Bildern abhängt.",
      "Die Gruppen-Normalisierung mittelt stattdessen über Gruppen von Kanälen eines Bildes und funktioniert mit Batches jeder Größe.",
    ],
  },
  separable: {
    title: "1 × 1- und kanalweise Faltung",
    lead: "Eine 1 × 1-Faltung mischt die Kanäle eines Pixels, eine kanalweise (depthwise) Faltung filtert jeden Kanal für sich. Zusammen ersetzen sie eine gewöhnliche Faltung.",
    one: "1 × 1: ein Pixel, alle Kanäle",
    pixel: "Pixel: Rot, Grün, Blau",
    weights: "Gewichte eines Ausgangskanals",
    count: "Zahl der Gewichte",
    kernel: "Kernelgröße",
    inputs: "Eingangskanäle",
    outputs: "Ausgangskanäle",
    standard: "gewöhnliche Faltung",
    both: "kanalweise + 1 × 1",
    share: (share) =>
      `Kanalweise und 1 × 1 zusammen brauchen ${share}-mal so viele Gewichte wie die gewöhnliche Faltung (ohne Bias).`,
    body: [
      "Die Gewichte 0,3, 0,59 und 0,11 ergeben die Helligkeit eines farbigen Pixels: Die Umwandlung in Graustufen ist eine 1 × 1-Faltung.",
      "MobileNet und EfficientNet bestehen aus diesen beiden: Eine kanalweise 3 × 3-Faltung sieht auf Nachbarn, 1 × 1-Faltungen davor und danach ändern die Zahl der Kanäle.",
    ],
  },
  skip: {
    title: "Sprungverbindungen",
    lead: "Jede Schicht multipliziert mit einem Gewicht: das einfachste Netz. Vergleichen Sie, wie ein Signal und sein Gradient nach vielen Schichten ankommen.",
    depth: "Schichten",
    weight: "Gewicht jeder Schicht",
    plain: "Ohne Sprungverbindungen",
    plainNote: "Der Faktor, mit dem eine Änderung der Eingabe am Ausgang ankommt.",
    skip: "Mit Sprungverbindungen",
    skipNote: "Jede Schicht fügt ihrer Eingabe nur etwas hinzu.",
    vanishes: "Ohne Sprungverbindungen verschwindet der Gradient: Die ersten Schichten lernen nicht.",
    explodes: "Mit Sprungverbindungen wächst das Signal schnell: Normalisierung hält es in Grenzen.",
    passes: "Versuchen Sie ein kleines Gewicht und viele Schichten.",
    body: [
      "Ein Residualblock berechnet x + F(x). Wo F nichts beizutragen hat, können seine Gewichte 0 sein, und der Block reicht x unverändert weiter; eine einfache Schicht müsste die Identität lernen.",
      "Der Gradient von x + F(x) ist 1 + F′(x): Wie klein F′ auch ist, er verschwindet nicht. So wurden Netze mit 50 und mehr Schichten trainierbar (He et al. 2016).",
    ],
  },
};
