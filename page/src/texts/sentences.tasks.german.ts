import { sentence, type Sentence } from "../lib/sentences";

const images = (count: string): string => (count === "1" ? "1 Bild" : `${count} Bildern`);

const remarks: readonly Sentence[] = [
  sentence(
    "weakest class: {*} ({#} % of {#} image{|s} found)",
    (label, share, count) => `schwächste Klasse: ${label} (${share} % von ${images(count)} gefunden)`,
  ),
  sentence("weakest tag: {*} (average precision {#})", "schwächstes Schlagwort: $1 (mittlere Precision $2)"),
  sentence("{*}: {#}% right ({#}% to {#}%)", "$1: $2 % richtig ($3 bis $4 %)"),
  sentence("{*}: {#}% right ({#}% to {#}%); answered: {#}%", "$1: $2 % richtig ($3 bis $4 %); beantwortet: $5 %"),
  sentence(
    "{*}: {#}% right ({#}% to {#}%); answered: {#}%, of which {#}% are right",
    "$1: $2 % richtig ($3 bis $4 %); beantwortet: $5 %, davon $6 % richtig",
  ),
  sentence(
    "median split: {#}% right ({#}% to {#}%; chance is 50 %), AUC {#}",
    "Trennung am Median: $1 % richtig ($2 bis $3 %; Zufall sind 50 %), AUC $4",
  ),
  sentence(
    "the noise of the ratings allows a correlation of about {#} at most",
    "das Rauschen der Bewertungen erlaubt eine Korrelation von höchstens etwa $1",
  ),
  sentence(
    "AP {*}, AP75 {*}; from score {#} on: precision {#}, recall {#}",
    "AP $1, AP75 $2; ab dem Wert $3: Precision $4, Recall $5",
  ),
  sentence(
    "AP50 by class: {*}",
    (list) => `AP50 je Klasse: ${list.replace(/ (\d+)\.(\d+)(?=,|$)/g, " $1,$2").replaceAll(", ", "; ")}`,
  ),
  sentence(
    "from score {#} on, within {#} pixels: precision {#}, recall {#}; not a medical device",
    "ab dem Wert $1, im Umkreis von $2 Pixeln: Precision $3, Recall $4; kein Medizinprodukt",
  ),
  sentence("mean absolute error of the count: {#} an image", "mittlerer absoluter Fehler der Anzahl: $1 je Bild"),
  sentence("AuC {#}% over gray ({#}% to {#}%), PSNR {#} dB", "AuC $1 % gegenüber Grau ($2 bis $3 %), PSNR $4 dB"),
  sentence(
    "colorfulness {#}, of the true images {#}; the colors are invented, not known: they are what images like the training images suggest.",
    "Farbigkeit $1, der wahren Bilder $2; die Farben sind erfunden, nicht bekannt: Sie sind das, was Bilder wie die des Trainings nahelegen.",
  ),
  sentence(
    "split by {*}, {#} identities; rank-1 {#}%; threshold {#}",
    (by, ...rest) =>
      `getrennt nach ${{ identity: "Identitäten", image: "Bildern" }[by] ?? by}, ${rest[0]} Identitäten; Rang 1 ${rest[1]} %; Schwelle ${rest[2]}`,
  ),
  sentence(
    "{#} {to|or} {*} years apart: equal error rate {#}% ({#}% to {#}%), {#} pairs of one identity",
    (from, kind, to, rate, low, high, pairs) =>
      `${from} ${kind === "or" ? "oder mehr" : `bis ${to}`} Jahre Abstand: Equal Error Rate ${rate} % (${low} bis ${high} %), ${pairs} Paare einer Identität`,
  ),
  sentence(
    "recall: share of real images that samples resemble: {#} (precision {#}: share of samples that resemble real images)",
    "Recall, der Anteil echter Bilder, denen erzeugte ähneln: $1 (Precision, der Anteil erzeugter Bilder, die echten ähneln: $2)",
  ),
  sentence(
    "diversity: {#} (mean distance of two samples, relative to two real images)",
    "Vielfalt: $1 (mittlerer Abstand zweier erzeugter Bilder, relativ zu zwei echten)",
  ),
  sentence(
    "style entropy, independent classifier: {#} (of log K; real images {#}; classifier accuracy {#} %, calibration error {#} %)",
    "Stilentropie nach einem unabhängigen Klassifikator: $1 (von log K; echte Bilder $2; Genauigkeit des Klassifikators $3 %, Kalibrierungsfehler $4 %)",
  ),
  sentence(
    "entropy of all samples' styles together: {#} (rarest style: {#} % of the samples)",
    "Entropie der Stile aller erzeugten Bilder zusammen: $1 (seltenster Stil: $2 % der Bilder)",
  ),
  sentence(
    "samples closer to a training image than 99 % of held-out images: {#} % (median distance to the nearest training image {#}, of held-out images {#})",
    "erzeugte Bilder, die einem Trainingsbild näher sind als 99 % der zurückgehaltenen: $1 % (Median des Abstands zum nächsten Trainingsbild $2, bei zurückgehaltenen $3)",
  ),
];

const answers: readonly Sentence[] = [
  sentence("ranks above {#} % of the training images", "liegt über $1 % der Trainingsbilder"),
  sentence("no tag", "kein Schlagwort"),
  sentence("no object", "kein Objekt"),
  sentence("no point", "kein Punkt"),
  sentence("{#} point{|s}", (count, many) => `${count} ${many ? "Punkte" : "Punkt"}`),
  sentence("{*}, {#} more classes", "$1, $2 weitere Klassen"),
  sentence("a picture of {#} x {#} pixels", "ein Bild von $1 × $2 Pixeln"),
  sentence(
    "a color image of chroma {#} (the colors are invented, not known)",
    "ein Farbbild mit Chroma $1 (die Farben sind erfunden, nicht bekannt)",
  ),
  sentence("embedding of {#} numbers", "Embedding aus $1 Zahlen"),
];

const MEAN =
  "der Mittelwert aller verrauschten Bilder einer Szene ist das saubere, und die quadrierte Differenz führt zum Mittelwert";
const noise: readonly Sentence[] = [
  sentence(
    "Added to every image: {!, then }; the target is {the clean one|another noisy one}.",
    (what, target) =>
      `Jedem Bild hinzugefügt: ${what.replaceAll(", then ", ", dann ")}; das Ziel ist ${target === "the clean one" ? "das saubere Bild" : "ein anderes verrauschtes"}.`,
  ),
  sentence(
    "noise that gives {*}% of the pixels a random color",
    (share) => `Rauschen, das ${range(share)} % der Pixel eine zufällige Farbe gibt`,
  ),
  sentence("text over {*}% of the pixels", (share) => `Text über ${range(share)} % der Pixel`),
  sentence("noise that loses {*}% of the pixels", (share) => `Rauschen, das ${range(share)} % der Pixel löscht`),
  sentence(
    "Gaussian noise of deviation {*} (on the scale 0 to 255)",
    (deviation) => `Gaußsches Rauschen mit Standardabweichung ${range(deviation)} (auf der Skala 0 bis 255)`,
  ),
  sentence(
    "Poisson noise with {*} counts for full brightness",
    (counts) => `Poisson-Rauschen mit ${range(counts)} Photonen bei voller Helligkeit`,
  ),
  sentence(
    "Each first image is taken as the noisy one, each paired image as {the clean one|another noisy one}, and PSNR is measured with it.",
    (target) =>
      `Das erste Bild jedes Paars gilt als verrauscht, das zweite als ${target === "the clean one" ? "sauber" : "ein anderes verrauschtes"}; mit ihm wird das PSNR gemessen.`,
  ),
  sentence("The loss is {*}: {!}.", "Die Verlustfunktion ist $1: $2."),
  sentence(
    "targets are clean, and a smooth absolute difference keeps edges",
    "die Ziele sind sauber, und eine glatte absolute Differenz erhält Kanten",
  ),
  sentence(
    "the most frequent color of a pixel is the clean one, and its exponent falls from 2 to 0.5",
    "die häufigste Farbe eines Pixels ist die saubere, und der Exponent sinkt von 2 auf 0,5",
  ),
  sentence(
    "fewer than half of the colors of a pixel are those of text, and the absolute difference leads to the median",
    "weniger als die Hälfte der Farben eines Pixels stammt vom Text, und die absolute Differenz führt zum Median",
  ),
  sentence(
    "the mean of all noisy images of a scene is the clean one, and the squared difference leads to the mean",
    MEAN,
  ),
  sentence(
    "of the pixels that are not lost, the mean of all noisy images of a scene is the clean one, and the squared difference leads to the mean",
    `von den Pixeln, die nicht fehlen, gilt: ${MEAN}`,
  ),
  sentence("noise of deviation {#} before, {#} after", "Rauschen mit Standardabweichung $1 vorher, $2 nachher"),
  sentence(
    "noise of deviation {*} after; {!; }",
    (deviations, rest) =>
      `Rauschen mit Standardabweichung ${deviations.replace(" before", " vorher").replace(/(\d)\.(\d)/g, "$1,$2")} nachher; ${rest}`,
  ),
  sentence(
    "the image is {gray|color}, the model and its answer {gray|color}",
    (image, model) => `das Bild ist ${color(image)}, das Modell und seine Antwort ${color(model)}`,
  ),
  sentence(
    "what was taken away still shows edges (correlation {#}), so details are lost: the noise is weaker or of another kind than the model learned",
    "was entfernt wurde, zeigt noch Kanten (Korrelation $1), es gehen also Details verloren: Das Rauschen ist schwächer oder von anderer Art als im Training",
  ),
];
const range = (text: string): string =>
  text
    .replace("% to ", " bis ")
    .replace(" to ", " bis ")
    .replace(/(\d)\.(\d)/g, "$1,$2");
const color = (english: string): string => (english === "gray" ? "grau" : "farbig");

const notes: readonly Sentence[] = [
  sentence(
    "Unbalanced: {#} training images of '{*}', {#} of '{*}'. Rare classes weigh more in the loss, by 1/sqrt(count).",
    "Unausgewogen: $1 Trainingsbilder von „$2“, $3 von „$4“. Seltene Klassen zählen im Verlust mehr, mit 1/√Anzahl.",
  ),
  sentence("Numbers from {*} to {*}.", "Zahlen von $1 bis $2."),
  sentence(
    "Unbalanced: more than half of the training images have the number {*}; each weighs {#} in the loss, each other one {#}.",
    "Unausgewogen: Mehr als die Hälfte der Trainingsbilder hat die Zahl $1; jedes davon zählt im Verlust $2, jedes andere $3.",
  ),
  sentence(
    "{#} of {#} numbers lie far from the others. {*}: the number is {#}, the others lie between {#} and {#}. If it stands for a missing number, leave its cell empty.",
    "$1 von $2 Zahlen liegen weit von den anderen entfernt. $3: Die Zahl ist $4, die anderen liegen zwischen $5 und $6. Steht sie für eine fehlende, lassen Sie die Zelle leer.",
  ),
  sentence("Ratings from {#} to {#}; a higher rating is better.", "Bewertungen von $1 bis $2; eine höhere ist besser."),
  sentence(
    "Only {#} training images have a rating: an order of so few may be chance.",
    "Nur $1 Trainingsbilder haben eine Bewertung: Eine Reihenfolge so weniger kann Zufall sein.",
  ),
  sentence(
    "Identities: {#} in training; scores are measured on pairs of held-out images.",
    "Identitäten: $1 im Training; gemessen wird an Paaren zurückgehaltener Bilder.",
  ),
  sentence(
    "{#} training images show no object: kept as background",
    "$1 Trainingsbilder zeigen kein Objekt: als Hintergrund behalten",
  ),
  sentence(
    "{#} training images have no point: kept as background",
    "$1 Trainingsbilder haben keinen Punkt: als Hintergrund behalten",
  ),
  sentence(
    "{#} points have another one within the radius of {#} pixels: a point that is found may count for either",
    "$1 Punkte haben einen anderen im Umkreis von $2 Pixeln: Ein gefundener Punkt kann für jeden der beiden zählen",
  ),
  sentence(
    "The network sees the images without their colors and learns what these were.",
    "Das Netz sieht die Bilder ohne Farben und lernt, welche es waren.",
  ),
  sentence(
    "A creative adversarial network of {#} styles: a plain GAN for the first {#}% of the training, then creativity {#}, {*} ambiguity.",
    "Ein Creative Adversarial Network mit $1 Stilen: in den ersten $2 % des Trainings ein einfaches GAN, danach Kreativität $3, Mehrdeutigkeit „$4“.",
  ),
  sentence(
    "A plain GAN, because {creativity is 0|the images have no styles}: the generator learns to make images like these.",
    (why) =>
      `Ein einfaches GAN, weil ${why === "creativity is 0" ? "die Kreativität 0 ist" : "die Bilder keine Stile haben"}: Der Generator lernt, Bilder wie diese zu erzeugen.`,
  ),
  sentence("Stabilized by {!, }.", "Stabilisiert durch $1."),
  sentence("the running mean of the generator's weights", "den gleitenden Mittelwert der Gewichte des Generators"),
  sentence("R1 gradient penalty {#}", "die R1-Gradientenstrafe $1"),
  sentence("differentiable augmentation", "differenzierbare Augmentierung"),
  sentence(
    "Groups of tags of which exactly one applies: {*}.",
    "Gruppen von Schlagwörtern, von denen genau eines zutrifft: $1.",
  ),
  sentence(
    "Too rare to be learned (fewer than {#} training images each): {*}; they count as the tag '{*}' of their group where together they are {#} or more.",
    "Zu selten, um gelernt zu werden (je weniger als $1 Trainingsbilder): $2; sie zählen als Schlagwort „$3“ ihrer Gruppe, wo sie zusammen $4 oder mehr sind.",
  ),
  sentence(
    "In all training images, {*}.",
    (list) =>
      `In allen Trainingsbildern gilt: ${list
        .replace(/every tag of ('.*?') implies one of/g, "jedes Schlagwort von $1 bedingt eines von")
        .replaceAll(" implies ", " bedingt ")
        .replace(/'(.*?)'/g, "„$1“")}.`,
  ),
  sentence(
    "Unbalanced: {*} {is|are} rare (more than 3 images without for each with); images with it weigh more, by sqrt(ratio).",
    (tags, verb) =>
      `Unausgewogen: ${tags} ${verb === "is" ? "ist" : "sind"} selten (mehr als 3 Bilder ohne je Bild mit); Bilder damit zählen mehr, mit √Verhältnis.`,
  ),
];

const mirrors: readonly Sentence[] = [
  sentence("training images are mirrored: {!}", "Trainingsbilder werden gespiegelt: $1"),
  sentence(
    "training images are mirrored: {!}; if mirroring changes an answer, set mirror to no",
    "Trainingsbilder werden gespiegelt: $1; wenn Spiegeln eine Antwort ändert, schalten Sie es ab (mirror=no)",
  ),
  sentence(
    "training images are not mirrored: augmentation '{*}' has no mirror",
    "Trainingsbilder werden nicht gespiegelt: Die Augmentierung „$1“ spiegelt nicht",
  ),
  sentence("training images are not mirrored: {!}", "Trainingsbilder werden nicht gespiegelt: $1"),
  sentence("as requested", "wie gewünscht"),
  sentence("a mirror changes no answer", "Spiegeln ändert keine Antwort"),
  sentence("a mirror changes the answers", "Spiegeln ändert die Antworten"),
  sentence("a mirror leaves colors as they are", "Spiegeln ändert keine Farben"),
  sentence("a mirror leaves noise and detail as they are", "Spiegeln ändert weder Rauschen noch Details"),
  sentence("mirroring changes no tag", "Spiegeln ändert kein Schlagwort"),
  sentence("no mirrored class resembles another class", "keine gespiegelte Klasse ähnelt einer anderen"),
  sentence("mirror images with '{*}' look like images without it", "Spiegelbilder mit „$1“ sehen aus wie Bilder ohne"),
  sentence("mirrored images of '{*}' resemble '{*}'", "gespiegelte Bilder von „$1“ ähneln „$2“"),
];

const errors: readonly Sentence[] = [
  sentence(
    "classify needs training images of two classes or more, but {!}; add another class.",
    "classify braucht Trainingsbilder aus zwei oder mehr Klassen, aber $1; fügen Sie eine Klasse hinzu.",
  ),
  sentence("all {#} training images have the label '{*}'", "alle $1 Trainingsbilder haben die Klasse „$2“"),
  sentence("there are none", "es gibt keine"),
  sentence(
    "The class '{*}' has only one training image; a class needs at least two. Add images of it, or leave the class out.",
    "Die Klasse „$1“ hat nur ein Trainingsbild; nötig sind zwei. Fügen Sie Bilder hinzu, oder lassen Sie die Klasse weg.",
  ),
  sentence(
    "{*}: the label '{*}' does not occur among the training images; expected one of {*}. Add training images of it, or remove this one.",
    "$1: Die Klasse „$2“ kommt unter den Trainingsbildern nicht vor; erwartet wird eine von $3. Fügen Sie Trainingsbilder hinzu, oder entfernen Sie dieses.",
  ),
  sentence(
    "{*}: has no label; classify needs one for every image. Fill it in, or remove the row.",
    "$1: hat keine Klasse; classify braucht für jedes Bild eine. Ergänzen Sie sie, oder entfernen Sie die Zeile.",
  ),
  sentence(
    "{*}: all images are of the style '{*}', but creativity needs two or more styles. Add a folder of another style, or choose --task generate:creativity=0 for a plain GAN.",
    "$1: Alle Bilder haben den Stil „$2“, aber Kreativität braucht zwei oder mehr. Fügen Sie einen Ordner mit einem anderen Stil hinzu, oder wählen Sie generate:creativity=0 für ein einfaches GAN.",
  ),
  sentence(
    "{*}: styles with fewer than {#} images: {*}. Add images, or remove these folders.",
    "$1: Stile mit weniger als $2 Bildern: $3. Fügen Sie Bilder hinzu, oder entfernen Sie diese Ordner.",
  ),
  sentence(
    "generate needs training images, but there are none; add some.",
    "generate braucht Trainingsbilder, es gibt aber keine; fügen Sie welche hinzu.",
  ),
  sentence(
    "{*}: has no style, but other images have; give all images one, or none.",
    "$1: hat keinen Stil, andere Bilder aber schon; geben Sie allen einen oder keinem.",
  ),
  sentence("{*}: the style is '{*}'; expected one of {*}.", "$1: Der Stil ist „$2“; erwartet wird einer von $3."),
  sentence(
    "{*}: its {*} part shows {#} identities, the largest with {#} images; expected two or more, one of them with two images or more. Add identities, or a column 'split' that divides them.",
    "$1: Der Teil „$2“ zeigt $3 Identitäten, die größte mit $4 Bildern; erwartet werden zwei oder mehr, eine davon mit zwei oder mehr Bildern. Fügen Sie Identitäten hinzu, oder eine Spalte „split“, die sie aufteilt.",
  ),
  sentence(
    "identify needs training images of two identities or more, but found {#}.",
    "identify braucht Trainingsbilder von zwei oder mehr Identitäten; gefunden: $1.",
  ),
  sentence(
    "identify:ages=true needs training images of different ages, but found {#}; add a column 'age' in years, or leave ages out.",
    "identify:ages=true braucht Trainingsbilder verschiedenen Alters; gefunden: $1. Fügen Sie eine Spalte „age“ in Jahren hinzu, oder lassen Sie ages weg.",
  ),
  sentence(
    "{*}: the identity is '{*}'; expected a name of 1 to {#} bytes. Correct it.",
    "$1: Die Identität ist „$2“; erwartet wird ein Name von 1 bis $3 Byte. Berichtigen Sie ihn.",
  ),
  sentence(
    "{*}: the age is '{*}'; expected years from 0 to {#}. Correct it.",
    "$1: Das Alter ist „$2“; erwartet werden 0 bis $3 Jahre. Berichtigen Sie es.",
  ),
  sentence(
    "rank needs training images with different ratings, but all {#} have the same or none is given; add images with other ratings.",
    "rank braucht Trainingsbilder mit verschiedenen Bewertungen, aber alle $1 haben die gleiche oder keine; fügen Sie Bilder mit anderen hinzu.",
  ),
  sentence(
    "{*}: the rating is '{*}'; expected a number such as 4.2. Correct it.",
    "$1: Die Bewertung ist „$2“; erwartet wird eine Zahl wie 4.2. Berichtigen Sie sie.",
  ),
  sentence(
    "regress needs training images with different numbers, but all {#} have the same or none is given; add images with other numbers.",
    "regress braucht Trainingsbilder mit verschiedenen Zahlen, aber alle $1 haben die gleiche oder keine; fügen Sie Bilder mit anderen hinzu.",
  ),
  sentence(
    "regress: the numbers lie between {*} and {*}, too close together for float32; subtract a common offset.",
    "regress: Die Zahlen liegen zwischen $1 und $2, zu nah beieinander für float32; ziehen Sie einen gemeinsamen Wert ab.",
  ),
  sentence(
    "{*}: the number is '{*}'; expected a number such as -3.5. Correct it.",
    "$1: Die Zahl ist „$2“; erwartet wird eine Zahl wie -3.5. Berichtigen Sie sie.",
  ),
  sentence(
    "{*}: the number is {#}, more than float32 can represent ({#}). Correct it, or give all numbers in a larger unit.",
    "$1: Die Zahl ist $2, mehr als float32 darstellen kann ($3). Berichtigen Sie sie, oder geben Sie alle Zahlen in einer größeren Einheit an.",
  ),
  sentence(
    "{*}: the number is {#}, the training numbers lie between {#} and {#}. Correct it or remove the row.",
    "$1: Die Zahl ist $2, die des Trainings liegen zwischen $3 und $4. Berichtigen Sie sie, oder entfernen Sie die Zeile.",
  ),
  sentence(
    "{*}: the number is {#}, the others lie between {#} and {#}. Correct it or remove the row.",
    "$1: Die Zahl ist $2, die anderen liegen zwischen $3 und $4. Berichtigen Sie sie, oder entfernen Sie die Zeile.",
  ),
  sentence(
    "tag needs training images with tags, but none of the {#} has one; fill the column 'tags', as in cat|dog.",
    "tag braucht Trainingsbilder mit Schlagwörtern, aber keines der $1 hat eines; füllen Sie die Spalte „tags“, etwa mit cat|dog.",
  ),
  sentence(
    "The tag '{*}' is on {#} training images and known to be missing on {#}; each must be at least one. Add images {with|without} it, or leave the tag out.",
    (tag, yes, no, kind) =>
      `Das Schlagwort „${tag}“ haben ${yes} Trainingsbilder, und ${no} haben es bekanntlich nicht; beides muss mindestens eines sein. Fügen Sie Bilder ${kind === "with" ? "mit" : "ohne"} dieses Schlagwort hinzu, oder lassen Sie es weg.`,
  ),
  sentence(
    "{*}: the tag '{*}' does not occur among the training images; expected some of {*}. Add training images of it, or remove it here.",
    "$1: Das Schlagwort „$2“ kommt unter den Trainingsbildern nicht vor; erwartet werden einige von $3. Fügen Sie Trainingsbilder hinzu, oder entfernen Sie es hier.",
  ),
  sentence(
    "{*}: the tags are '{*}'; expected names as in cat|dog, or {*} alone for none.",
    "$1: Die Schlagwörter sind „$2“; erwartet werden Namen wie cat|dog, oder allein $3 für keines.",
  ),
  sentence(
    "{*}: the tags are '{*}', but of a group such as '{*}' exactly one applies; keep one, or write them without a colon where several may apply.",
    "$1: Die Schlagwörter sind „$2“, aber von einer Gruppe wie „$3“ trifft genau eines zu; behalten Sie eines, oder schreiben Sie sie ohne Doppelpunkt, wo mehrere zutreffen können.",
  ),
  sentence(
    "The group '{*}' needs two tags or more with {#} training images each, but there are {*}; add images of others, or leave the group out.",
    "Die Gruppe „$1“ braucht zwei oder mehr Schlagwörter mit je $2 Trainingsbildern; vorhanden: $3. Fügen Sie Bilder anderer hinzu, oder lassen Sie die Gruppe weg.",
  ),
  sentence(
    "denoise needs training images, but there are none; add some.",
    "denoise braucht Trainingsbilder, es gibt aber keine; fügen Sie welche hinzu.",
  ),
  sentence(
    "{*}: has no paired image, but other rows have; give all rows one, or none.",
    "$1: hat kein Partnerbild, andere Zeilen aber schon; geben Sie allen eines oder keiner.",
  ),
  sentence(
    "{*}: has no paired image, but the training images have; add it.",
    "$1: hat kein Partnerbild, die Trainingsbilder aber schon; ergänzen Sie es.",
  ),
  sentence(
    "colorize needs color images to train on, but there are none; add some.",
    "colorize braucht Farbbilder zum Trainieren, es gibt aber keine; fügen Sie welche hinzu.",
  ),
  sentence(
    "colorize learns from color images, but they are read as gray; leave the channels out.",
    "colorize lernt aus Farbbildern, sie werden aber grau gelesen; lassen Sie die Zahl der Kanäle weg.",
  ),
  sentence(
    "None of the {#} training images shows an object; expected boxes in the column 'boxes'.",
    "Keines der $1 Trainingsbilder zeigt ein Objekt; erwartet werden Rahmen in der Spalte „boxes“.",
  ),
  sentence(
    "{*}: a box has the label '{*}', which no training image has ({*}). Correct it, or train on images with it.",
    "$1: Ein Rahmen hat die Klasse „$2“, die kein Trainingsbild hat ($3). Berichtigen Sie sie, oder trainieren Sie mit Bildern davon.",
  ),
  sentence("{*}: {!}; {!}. Correct it.", "$1: $2; $3. Berichtigen Sie es."),
  sentence("a box has the label {*}", "ein Rahmen hat die Klasse $1"),
  sentence("a box has the sides {*}", "ein Rahmen hat die Seiten $1"),
  sentence(
    "the box {*} has no area (x2 must be larger than x1, and y2 than y1)",
    "der Rahmen $1 hat keine Fläche (x2 muss größer sein als x1, y2 größer als y1)",
  ),
  sentence("boxes are '{*}'", "die Rahmen sind „$1“"),
  sentence("points are '{*}'", "die Punkte sind „$1“"),
  sentence("a point is {*}", "ein Punkt ist $1"),
  sentence("expected JSON such as {*} with sides in pixels", "erwartet wird JSON wie $1 mit Seiten in Pixeln"),
  sentence(
    "expected JSON such as {*}: x and y of each point in pixels",
    "erwartet wird JSON wie $1: x und y jedes Punktes in Pixeln",
  ),
  sentence(
    "{*}: the point [{*}] lies outside the image {*}, which is {#} pixels wide and {#} high. Correct it, or the columns of x and y.",
    "$1: Der Punkt [$2] liegt außerhalb des Bildes $3 mit $4 Pixeln Breite und $5 Höhe. Berichtigen Sie ihn oder die Spalten von x und y.",
  ),
  sentence(
    "None of the {#} training images has a point; expected points in 'points'.",
    "Keines der $1 Trainingsbilder hat einen Punkt; erwartet werden Punkte in „points“.",
  ),
  sentence(
    "{*}: could serve several tasks ({*}); name the task, such as task='{*}'.",
    "$1: passt zu mehreren Aufgaben ($2); nennen Sie die Aufgabe, etwa $3.",
  ),
  sentence(
    "{*}: no column says what is on a picture (there are {*}; expected one of {*}); say which it is, such as {*}.",
    "$1: Keine Spalte sagt, was auf einem Bild ist (vorhanden: $2; erwartet wird eine von $3); nennen Sie sie, etwa $4.",
  ),
  sentence(
    "{*}: the images have no labels, so no task follows from them. Sort them into a folder for each class, or open a table that names them and has a column label, tags or number. To train on images alone, name the task, such as 'denoise'.",
    "$1: Die Bilder haben keine Klassen, daraus folgt keine Aufgabe. Sortieren Sie sie in einen Ordner je Klasse, oder öffnen Sie eine Tabelle, die sie nennt und eine Spalte label, tags oder number hat. Um nur mit Bildern zu trainieren, wählen Sie die Aufgabe, etwa „denoise“.",
  ),
  sentence(
    "mirror is {*}, but a mirror changes the answers of the task {*}; leave it out.",
    "mirror ist $1, aber Spiegeln ändert die Antworten der Aufgabe $2; lassen Sie es weg.",
  ),
  sentence("mirror is '{*}'; expected one of {*}.", "mirror ist „$1“; erwartet wird eines von $2."),
  sentence(
    "mirror is {*} for the task, but {*} for the training; give only one of them.",
    "mirror ist $1 für die Aufgabe, aber $2 für das Training; geben Sie nur eines an.",
  ),
];

const questions: readonly Sentence[] = [
  sentence(
    'Classification into K classes, with calibrated probabilities and "unknown" for uncertain answers.',
    "Klassifikation in K Klassen, mit kalibrierten Wahrscheinlichkeiten und „unknown“ bei unsicheren Antworten.",
  ),
  sentence(
    "Any of K tags, and groups of mutually exclusive tags: cross-entropy, mean average precision.",
    "Beliebige von K Schlagwörtern und Gruppen, von denen eines zutrifft: Kreuzentropie, Mean Average Precision.",
  ),
  sentence(
    "A number with a unit, such as a steering angle: Huber loss, mean absolute error.",
    "Eine Zahl mit Einheit, etwa ein Lenkwinkel: Huber-Verlust, mittlerer absoluter Fehler.",
  ),
  sentence(
    "An order of images learned from ratings: ordinal loss, Spearman's rank correlation.",
    "Eine Reihenfolge von Bildern, aus Bewertungen gelernt: ordinaler Verlust, Rangkorrelation nach Spearman.",
  ),
  sentence(
    "Images without their noise: trained with added noise, measured in dB against the clean images.",
    "Bilder ohne ihr Rauschen: trainiert mit hinzugefügtem Rauschen, gemessen in dB gegen die sauberen Bilder.",
  ),
  sentence(
    "New images like those of the source; with styles and `creativity` above 0, images that fit none of the styles.",
    "Neue Bilder wie die gegebenen; mit Stilen und Kreativität über 0 auch solche, die zu keinem Stil passen.",
  ),
  sentence(
    "Objects as JSON text in the column `boxes`: a list of {*} in pixels.",
    "Objekte als JSON-Text in der Spalte „boxes“: eine Liste von $1 in Pixeln.",
  ),
  sentence(
    "Colors for gray images: the network receives the lightness and predicts one color per 8 x 8 pixels.",
    "Farben für graue Bilder: Das Netz bekommt die Helligkeit und sagt je 8 × 8 Pixel eine Farbe voraus.",
  ),
  sentence(
    "Points as JSON text in the column `points`: a list of [x, y] in pixels.",
    "Punkte als JSON-Text in der Spalte „points“: eine Liste von [x, y] in Pixeln.",
  ),
  sentence(
    "An embedding: the cosine similarity of two images says whether they show the same identity.",
    "Ein Embedding: Die Kosinus-Ähnlichkeit zweier Bilder sagt, ob sie dieselbe Identität zeigen.",
  ),
];

export const tasks: readonly Sentence[] = [
  ...remarks,
  ...answers,
  ...noise,
  ...notes,
  ...mirrors,
  ...errors,
  ...questions,
];
