import { sentence, type Sentence } from "../lib/sentences";

const POSITIONS: Readonly<Record<string, string>> = {
  "as it is": "gleich ausgerichtet",
  mirrored: "gespiegelt",
  "mirrored top to bottom": "oben und unten vertauscht",
  "turned by 180 degrees": "um 180 Grad gedreht",
  "turned by 90 degrees and mirrored": "um 90 Grad gedreht und gespiegelt",
  "turned by 90 degrees": "um 90 Grad gedreht",
};

const server: readonly Sentence[] = [
  sentence(
    "there is no {*} {*}; there are {*}, counted from 0. Load the page again.",
    "$1 $2 gibt es nicht; es gibt $3, von 0 an gezählt. Laden Sie die Seite neu.",
  ),
  sentence(
    "the images are no files (they came from Python), so that no table can be written beside them.",
    "die Bilder sind keine Dateien (sie kamen aus Python), so dass keine Tabelle neben sie geschrieben werden kann.",
  ),
  sentence(
    "the answers of {*} are no images; choose a model that denoises or colorizes.",
    "die Antworten von $1 sind keine Bilder; wählen Sie ein Modell, das entrauscht oder koloriert.",
  ),
  sentence("proposal is '{*}'; this model has {*}.", "proposal ist „$1“; dieses Modell hat $2."),
  sentence(
    "hints were given, but {*} takes none; leave them out.",
    "es wurden bekannte Farben angegeben, aber $1 nimmt keine an; lassen Sie sie weg.",
  ),
  sentence(
    "noise was given, but {*} does not remove any; leave it out.",
    "es wurde Rauschen angegeben, aber $1 entfernt keines; lassen Sie es weg.",
  ),
  sentence(
    "there is a hint at row {#}, column {#}, but the image has {#} rows and {#} columns, counted from 0; correct it.",
    "es gibt eine bekannte Farbe in Zeile $1, Spalte $2, aber das Bild hat $3 Zeilen und $4 Spalten, von 0 an gezählt; berichtigen Sie das.",
  ),
  sentence(
    "No photo collection was given; start the server with --photos FOLDER.",
    "Es wurde keine Fotosammlung angegeben; starten Sie den Server mit --photos ORDNER.",
  ),
  sentence(
    "No gallery was given; start the server with --gallery FILE.",
    "Es wurde keine Galerie angegeben; starten Sie den Server mit --gallery DATEI.",
  ),
  sentence(
    "The host '{*}' is not this server; open it as 127.0.0.1.",
    "Unter der Adresse „$1“ antwortet der Server nicht; öffnen Sie ihn als 127.0.0.1.",
  ),
  sentence(
    "The site {*} may not use this server; only its own page may.",
    "Die Seite $1 darf diesen Server nicht verwenden; nur seine eigene darf es.",
  ),
  sentence(
    "The body did not come within {#} seconds; send it again.",
    "Die Daten kamen nicht innerhalb von $1 Sekunden an; senden Sie sie noch einmal.",
  ),
  sentence(
    "The connection was closed before the whole body had come.",
    "Die Verbindung wurde geschlossen, bevor alle Daten da waren.",
  ),
  sentence("The client has closed the connection.", "Die Verbindung wurde geschlossen, bevor die Antwort da war."),
  sentence(
    "This server cannot train; start it with: eyespot serve --runs FOLDER",
    "Dieser Server kann nicht trainieren; starten Sie ihn mit: eyespot serve --runs ORDNER",
  ),
  sentence(
    "The images of this source came from Python; another process cannot open them.",
    "Diese Bilder wurden in Python übergeben; ein anderer Prozess kann sie nicht öffnen.",
  ),
  sentence("'{*}' is not in training here.", "„$1“ trainiert hier nicht."),
  sentence(
    "This server takes no pictures; start it with: eyespot serve --runs FOLDER",
    "Dieser Server nimmt keine Bilder an; starten Sie ihn mit: eyespot serve --runs ORDNER",
  ),
  sentence(
    "These pictures are a source already; drop others into a new one.",
    "Aus diesen Bildern ist schon eine Quelle geworden; legen Sie weitere in einer neuen ab.",
  ),
  sentence("'{*}' is on no track; start a drive first.", "„$1“ fährt gerade nicht; beginnen Sie zuerst eine Fahrt."),
  sentence(
    "'{*}' is not available as {*}; request json or another form.",
    "„$1“ gibt es nicht als $2; fragen Sie nach json oder einer anderen Form.",
  ),
  sentence("There are no samples of epoch {#} of '{*}'.", "Es gibt keine erzeugten Bilder der Epoche $1 von „$2“."),
  sentence("The body has {#} bytes; at most {#} are taken.", "Das sind $1 Byte; angenommen werden höchstens $2."),
  sentence(
    "The body is too large; at most {#} bytes are taken.",
    "Das ist zu groß; angenommen werden höchstens $1 Byte.",
  ),
  sentence(
    "The network receives something else than weighted sums of colors; the page cannot show it.",
    "Das Netz bekommt etwas anderes als gewichtete Summen der Farben; die Seite kann es nicht zeigen.",
  ),
  sentence("The model of '{*}' is not there yet.", "Das Modell von „$1“ gibt es noch nicht."),
  sentence("{*}: has no answers with places.", "$1: hat keine Antworten mit Orten."),
  sentence(
    "{*}: has no predictions yet; wait until its training is finished.",
    "$1: hat noch keine Vorhersagen; warten Sie, bis das Training fertig ist.",
  ),
  sentence("{*}: its {*} cannot be read ({*}).", "$1: $2 kann nicht gelesen werden ($3)."),
  sentence("The plan is applied; undo it first.", "Der Plan ist angewendet; machen Sie ihn zuerst rückgängig."),
  sentence("No plan is applied.", "Es ist kein Plan angewendet."),
  sentence(
    "No target folder was named; restart the server with --into FOLDER.",
    "Es wurde kein Zielordner genannt; starten Sie den Server mit --into ORDNER.",
  ),
  sentence("There is no plan yet; make one first.", "Es gibt noch keinen Plan; erstellen Sie zuerst einen."),
  sentence(
    "{*}: the snapshot of epoch {#} is of another network; train it anew.",
    "$1: Der Snapshot der Epoche $2 ist von einem anderen Netz; trainieren Sie es neu.",
  ),
  sentence(
    "There are too many runs; give another --runs.",
    "Es gibt zu viele Trainings; starten Sie den Server mit einem anderen --runs.",
  ),
  sentence(
    "'{*}' {is finished|is trained by another program}; it cannot be resumed here.",
    (name, where) =>
      `„${name}“ ${where === "is finished" ? "ist fertig" : "wird von einem anderen Programm trainiert"}; es kann hier nicht fortgesetzt werden.`,
  ),
  sentence("'{*}' {!}; it cannot be resumed here.", "„$1“ $2; es kann hier nicht fortgesetzt werden."),
  sentence(
    "'{*}' is in training; pause or stop it first: only one can run at a time.",
    "„$1“ trainiert gerade; halten Sie es zuerst an: Es kann immer nur eines laufen.",
  ),
  sentence(
    "The folder of runs cannot be written ({!}).",
    "Der Ordner der Trainings kann nicht geschrieben werden ($1).",
  ),
  sentence(
    "There are too many sets of pictures; give another --runs.",
    "Es gibt zu viele Bildersammlungen; starten Sie den Server mit einem anderen --runs.",
  ),
  sentence(
    "There are {#} sets of pictures already; start the server anew.",
    "Es gibt schon $1 Bildersammlungen; starten Sie den Server neu.",
  ),
  sentence(
    "At most {#} pictures and {#} GB are taken; use --source for more.",
    "Angenommen werden höchstens $1 Bilder und $2 GB; starten Sie den Server für mehr mit --source.",
  ),
  sentence("{*}: holds no picture; drop some first.", "$1: enthält kein Bild; legen Sie zuerst welche ab."),
  sentence(
    "Pictures cannot be kept ({!}); free some space.",
    "Bilder können nicht gespeichert werden ($1); schaffen Sie Platz.",
  ),
  sentence(
    "There is no {*} {#}; {there are none|there are 0 to }{*}.",
    (kind, number, there, last) =>
      `${KINDS[kind] ?? kind} ${number} gibt es nicht; vorhanden: ${there === "there are none" ? "keine" : `0 bis ${last}`}.`,
  ),
  sentence("There is no {*} {#}; {!}.", "$1 $2 gibt es nicht; $3."),
  sentence(
    "There is no epoch {#} of '{*}'; there are: {*}.",
    (epoch, name, kept) =>
      `Die Epoche ${epoch} von „${name}“ gibt es nicht; vorhanden: ${kept.replace("none; train with --snapshots to keep them", "keine; trainieren Sie mit Snapshots")}.`,
  ),
  sentence(
    "There are {#} bytes of pixels; '{*}' takes {#} x {#} x {#} = {#}, channel by channel. For a picture file ask for its pixels first.",
    "Das sind $1 Byte Pixel; „$2“ braucht $3 × $4 × $5 = $6, Kanal für Kanal.",
  ),
  sentence("Not found: {*}.", "Nicht gefunden: $1."),
  sentence("{*} is not allowed here.", "$1 ist hier nicht erlaubt."),
  sentence(
    "Internal server error ({*}); details are in the server's terminal.",
    "Im Server ist ein Fehler aufgetreten ($1); Einzelheiten stehen in seinem Terminal.",
  ),
  sentence(
    "Unknown {*} '{*}'. Did you mean '{*}'? There are: {*}.",
    (kind, name, near, list) =>
      `${KINDS[kind] ?? kind} „${name}“ ist unbekannt. Meinten Sie „${near}“? Es gibt: ${list}.`,
  ),
  sentence(
    "Unknown {*} '{*}'. There are: {*}.",
    (kind, name, list) => `${KINDS[kind] ?? kind} „${name}“ ist unbekannt. Es gibt: ${list}.`,
  ),
  sentence(" Did you mean {#}?", " Meinten Sie $1?"),
  sentence("'{*}': {!}; '{*}': {!}.", "„$1“: $2; „$3“: $4."),
  sentence("'{*}': {!}.", "„$1“: $2."),
  sentence("input should be greater than or equal to {#}", "erwartet wird mindestens $1"),
  sentence("input should be greater than {#}", "erwartet wird mehr als $1"),
  sentence("input should be less than or equal to {#}", "erwartet wird höchstens $1"),
  sentence("input should be less than {#}", "erwartet wird weniger als $1"),
  sentence(
    "input should be a valid {integer|number}, unable to parse string as {*}",
    (kind) => `erwartet wird eine ${kind === "integer" ? "ganze " : ""}Zahl`,
  ),
  sentence("string should have at most {#} character{|s}", "erwartet werden höchstens $1 Zeichen"),
  sentence("field required", "fehlt"),
];
const KINDS: Readonly<Record<string, string>> = {
  model: "Modell",
  run: "Training",
  source: "Bildersammlung",
  study: "Studie",
  image: "Bild",
  network: "Netz",
  layer: "Schicht",
  task: "Aufgabe",
  size: "Größe",
  norm: "Normalisierung",
  setting: "Einstellung",
  attack: "Angriff",
  explanation: "Erklärung",
  photo: "Foto",
  class: "Klasse",
  tag: "Schlagwort",
};

const system: readonly Sentence[] = [
  sentence("Permission denied", "kein Zugriffsrecht"),
  sentence("permission denied", "kein Zugriffsrecht"),
  sentence("No space left on device", "kein Platz mehr auf dem Datenträger"),
  sentence("Disk quota exceeded", "Speicherkontingent erschöpft"),
  sentence("Read-only file system", "nur lesbares Dateisystem"),
  sentence("No such file or directory", "es gibt keine solche Datei"),
  sentence("Is a directory", "ist ein Ordner"),
  sentence("Not a directory", "ist kein Ordner"),
  sentence("File exists", "existiert schon"),
  sentence("File name too long", "Dateiname zu lang"),
  sentence("Too many open files", "zu viele offene Dateien"),
  sentence("Input/output error", "Lese- oder Schreibfehler"),
  sentence("Invalid cross-device link", "auf einem anderen Datenträger"),
];

const faces: readonly Sentence[] = [
  sentence(
    "{*}: holds {#} faces, expected one; cut the right one out.",
    "$1: zeigt $2 Gesichter, erwartet wird eines; schneiden Sie das richtige aus.",
  ),
  sentence("{*}: the face is {!, }; give a better photo.", "$1: Das Gesicht ist $2; nehmen Sie ein besseres Foto."),
  sentence("small ({#} pixels between the eyes", "klein ($1 Pixel zwischen den Augen"),
  sentence("expected {#})", "erwartet $1)"),
  sentence("blurred", "unscharf"),
  sentence("turned far to the side", "weit zur Seite gedreht"),
  sentence("partly outside the image", "teilweise außerhalb des Bildes"),
  sentence("unlike those of people (score {#}", "anders als die von Menschen (Wert $1"),
  sentence("expected {#}): hidden", "erwartet $1): verdeckt"),
  sentence("drawn or an animal's", "gezeichnet oder das eines Tieres"),
  sentence(
    "{*}: no face was found; expected one that looks into the camera, at least about 20 pixels wide.",
    "$1: Kein Gesicht gefunden; erwartet wird eines, das in die Kamera blickt und etwa 20 Pixel breit ist.",
  ),
  sentence(
    "The name '{*}' cannot be used; expected 1 to {#} printable characters, and not '{*}'.",
    "Der Name „$1“ kann nicht verwendet werden; erwartet werden 1 bis $2 druckbare Zeichen, und nicht „$3“.",
  ),
  sentence(
    "{*}: there is no gallery; enroll a person first.",
    "$1: Es gibt keine Galerie; nehmen Sie zuerst eine Person auf.",
  ),
  sentence(
    "{*}: nobody named '{*}' is enrolled; there are: {*}.",
    "$1: Niemand namens „$2“ ist aufgenommen; es gibt: $3.",
  ),
];

const drives: readonly Sentence[] = [
  sentence(
    "the simulator CarRacing needs the package gymnasium with Box2D, which is not installed; install it: {*}.",
    "Der Simulator CarRacing braucht das Paket gymnasium mit Box2D, das nicht installiert ist; installieren Sie es: $1.",
  ),
  sentence(
    "{*}: answers the task {*}, and driving takes a number, the steering angle; train one with '{*}'.",
    "$1: hat die Aufgabe $2; zum Fahren wird eine Zahl gebraucht, der Lenkwinkel. Trainieren Sie ein Modell mit „$3“.",
  ),
  sentence(
    "{*}: answers in {*}; expected steering angles in rad.",
    "$1: antwortet in $2; erwartet werden Lenkwinkel in rad.",
  ),
  sentence(
    "smooth is {*}; expected an odd number of frames, such as 5.",
    "Die Glättung ist $1; erwartet wird eine ungerade Zahl von Bildern, etwa 5.",
  ),
  sentence(
    "{*}: the steering is '{*}'; expected a share of the full lock, from -1 to 1, as in a driving log or a donkeycar tub.",
    "$1: Die Lenkung ist „$2“; erwartet wird ein Anteil des vollen Einschlags von -1 bis 1.",
  ),
  sentence(
    "there is no frame to replay; choose another part of the recording.",
    "Es gibt kein Bild zum Abspielen; wählen Sie einen anderen Teil der Aufnahme.",
  ),
  sentence("track {#} does not exist; expected 0 to {#}.", "Die Strecke $1 gibt es nicht; erwartet wird 0 bis $2."),
  sentence(
    "sticker is {*}; expected a side of 1 to {#} pixels of the network's input.",
    "Der Aufkleber hat $1; erwartet wird eine Seite von 1 bis $2 Pixeln der Eingabe des Netzes.",
  ),
];

const photos: readonly Sentence[] = [
  sentence("has changed since the plan was made", "hat sich seit dem Plan verändert"),
  sentence("is no longer there", "ist nicht mehr da"),
  sentence("is a link; it stays where it is", "ist ein Verweis; bleibt, wo er ist"),
  sentence("cannot be put at {*} ({!})", "kann nicht nach $1 gebracht werden ($2)"),
  sentence("{*} is no longer there or has changed", "$1 ist nicht mehr da oder hat sich verändert"),
  sentence("{*} cannot be put back ({!})", "$1 kann nicht zurückgebracht werden ($2)"),
  sentence(
    "{*} is no longer there or has changed, so its copy {*} is kept",
    "$1 ist nicht mehr da oder hat sich verändert, deshalb bleibt die Kopie $2",
  ),
  sentence("Nothing was done: {!; }. Edit the plan.", "Es wurde nichts getan: $1. Bearbeiten Sie den Plan."),
  sentence("{*} is listed {#} times", "$1 kommt $2-mal vor"),
  sentence("{*} exists already", "$1 existiert schon"),
  sentence("{*} and {*} have the same target {*}", "$1 und $2 haben das gleiche Ziel $3"),
  sentence("'{*}' is not known; expected {*}.", "„$1“ ist nicht bekannt; erwartet wird $2."),
  sentence(
    "{*}: this plan was applied before, with other files, another action or into another folder; undo that first, or make a new plan.",
    "$1: Dieser Plan wurde schon angewendet, mit anderen Dateien, auf andere Weise oder in einen anderen Ordner; machen Sie das zuerst rückgängig, oder erstellen Sie einen neuen Plan.",
  ),
  sentence(
    "{*}: is not a folder that can be written to; give another one.",
    "$1: ist kein Ordner, in den geschrieben werden kann; geben Sie einen anderen an.",
  ),
  sentence(
    "{*}: there is no such journal, so nothing of this plan was applied.",
    "$1: Es gibt kein solches Protokoll; von diesem Plan wurde also nichts angewendet.",
  ),
  sentence("{*}: is no journal; it cannot be used.", "$1: ist kein Protokoll und kann nicht verwendet werden."),
  sentence("{*}: cannot be written ({!}).", "$1: kann nicht geschrieben werden ($2)."),
  sentence(
    "{*}: cannot be written ({!}); free some space and run the same command again.",
    "$1: kann nicht geschrieben werden ($2); schaffen Sie Platz, und versuchen Sie es noch einmal.",
  ),
  sentence(
    "{*}: cannot be written ({!}). Free some space or choose another place.",
    "$1: kann nicht geschrieben werden ($2). Schaffen Sie Platz, oder wählen Sie einen anderen Ort.",
  ),
  sentence("'{*}': unknown field '{*}'; there are {*}.", "„$1“: Das Feld „$2“ ist unbekannt; es gibt $3."),
  sentence(
    "'{*}': must end with {*} and stay inside the target folder; for example {*}.",
    "„$1“: muss mit $2 enden und im Zielordner bleiben; zum Beispiel $3.",
  ),
  sentence(
    "'{*}': {*}; expected a template such as {*}.",
    "„$1“: nicht lesbar („$2“); erwartet wird eine Vorlage wie $3.",
  ),
  sentence(
    "{*}: expected a file ending in {*}.",
    (file, list) => `${file}: Erwartet wird eine Datei mit der Endung ${list.replaceAll(" or ", " oder ")}.`,
  ),
  sentence(
    "{*}: there is no such plan; make it first, without --apply.",
    "$1: Es gibt keinen solchen Plan; erstellen Sie ihn zuerst.",
  ),
  sentence(
    "{*}: exists already; give another name, or apply it.",
    "$1: existiert schon; geben Sie einen anderen Namen an, oder wenden Sie ihn an.",
  ),
  sentence("{*}: is no plan ({*}); make a new one.", "$1: ist kein Plan ($2); erstellen Sie einen neuen."),
  sentence("version {*}, expected {*}", "Version $1, erwartet $2"),
  sentence("{#} collections, expected one", "$1 Sammlungen, erwartet eine"),
  sentence("'{*}' is missing", "„$1“ fehlt"),
  sentence("entry {#}: '{*}' leads out of the folder", "Eintrag $1: „$2“ führt aus dem Ordner hinaus"),
  sentence(
    "Nothing to search for: give an example image, words, a color, a time or a place.",
    "Nichts zu suchen: Geben Sie ein Beispielbild, Wörter, eine Farbe, eine Zeit oder einen Ort an.",
  ),
  sentence(
    "A region was given, but no example image; give both.",
    "Es wurde ein Ausschnitt angegeben, aber kein Beispielbild; geben Sie beides an.",
  ),
  sentence(
    "Searching by example or words needs the trained network: pip install 'eyespot[pretrained]', then index the collection again.",
    "Die Suche nach Beispiel oder Wörtern braucht das trainierte Netz: pip install 'eyespot[pretrained]', dann die Sammlung neu einlesen.",
  ),
  sentence(
    "{*}: the region is {*}; expected x1,y1,x2,y2 within {#} x {#} pixels.",
    "$1: Der Ausschnitt ist $2; erwartet wird x1,y1,x2,y2 innerhalb von $3 × $4 Pixeln.",
  ),
  sentence(
    "{*} Words are the names of ImageNet's 1,000 classes, their synonyms, and broader terms such as dog, bird, vehicle, furniture, food, coast.",
    "Unbekannt. Möglich sind die englischen Namen der 1.000 Klassen von ImageNet, ihre Synonyme und Oberbegriffe wie dog, bird, vehicle, furniture, food, coast.",
  ),
];

/** What of two photos says that one is a copy of the other, and what false accept rates were measured on. */
const evidence: readonly Sentence[] = [
  sentence("same bytes", "dieselben Bytes"),
  sentence(
    `gradients correlate by {#}, {${Object.keys(POSITIONS).join("|")}}, {!}`,
    (correlation, position, rest) => `Korrelation der Gradienten ${correlation}, ${POSITIONS[position]}, ${rest}`,
  ),
  sentence("{!}, embeddings have a cosine of {#}", "$1, Kosinus der Embeddings $2"),
  sentence("both {#}x{#}", "beide $1 × $2"),
  sentence("{#}x{#} and {#}x{#}", "$1 × $2 und $3 × $4"),
  sentence(
    "{*} shows {#}% of the sides of the other, where gradients correlate by {#}",
    "$1 zeigt $2 % der Seiten des anderen; dort ist die Korrelation der Gradienten $3",
  ),
  sentence("taken {#} s apart", "im Abstand von $1 s aufgenommen"),
  sentence(
    "{#} pairs of different persons of Labeled Faces in the Wild ({#} persons)",
    "$1 Paare verschiedener Personen aus „Labeled Faces in the Wild“ ($2 Personen)",
  ),
];

export const requests: readonly Sentence[] = [...server, ...system, ...faces, ...drives, ...photos, ...evidence];
