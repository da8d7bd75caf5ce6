import { comma, sentence, type Sentence } from "../lib/sentences";

const images: readonly Sentence[] = [
  sentence(
    "{*}: {*} pixels are more than the {#} allowed; scale it down.{!}",
    "$1: $2 Pixel sind mehr als die erlaubten $3; verkleinern Sie das Bild.$4",
  ),
  sentence(
    "{*}: has more than the {#} pixels allowed; scale it down.{!}",
    "$1: hat mehr als die erlaubten $2 Pixel; verkleinern Sie das Bild.$3",
  ),
  sentence(
    "{*}: has {#} x {#} pixels, more than {#}; scale it down.",
    "$1: hat $2 × $3 Pixel, mehr als $4; verkleinern Sie das Bild.",
  ),
  sentence(
    " predict --tiles reads TIFF files of any size.",
    " Mit predict --tiles werden TIFF-Dateien jeder Größe gelesen.",
  ),
  sentence(
    "{*}: {!}; convert it to PNG or JPEG with the program that made it.",
    "$1: $2; wandeln Sie die Datei mit dem Programm, das sie erzeugt hat, in PNG oder JPEG um.",
  ),
  sentence("is a vector drawing, not pixels", "ist eine Vektorzeichnung und hat keine Pixel"),
  sentence("is a raw camera file", "ist eine Rohdatei einer Kamera"),
  sentence("is in an unsupported format", "hat ein Format, das nicht gelesen wird"),
  sentence("{*}: there is no such file.", "$1: Es gibt keine solche Datei."),
  sentence("there is no such file", "es gibt keine solche Datei"),
  sentence(
    "{*}: is a folder; give image files, or a folder that contains some.",
    "$1: ist ein Ordner; geben Sie Bilddateien an oder einen Ordner mit Bildern.",
  ),
  sentence("{*}: cannot be read ({!}).", "$1: kann nicht gelesen werden ($2)."),
  sentence("{*}: is not an image that can be read; {!}.", "$1: ist kein Bild, das gelesen werden kann; $2."),
  sentence("replace it by a JPEG or PNG file", "ersetzen Sie es durch eine JPEG- oder PNG-Datei"),
  sentence("pip install pillow-heif", "nötig ist: pip install pillow-heif"),
  sentence(
    "save it as a gray TIFF of 8 to 32 bits, or in colors of 8 or 16 bits",
    "speichern Sie es als graues TIFF mit 8 bis 32 Bit oder farbig mit 8 oder 16 Bit",
  ),
  sentence(
    "{*}: is damaged or not an image ({*}); replace or remove it.",
    (name, detail) =>
      `${name}: ist beschädigt oder kein Bild (Meldung beim Lesen: „${size(detail)}“); ersetzen oder entfernen Sie es.`,
  ),
  sentence("{#} bytes, expected 1 to {#}", "$1 Byte, erwartet werden 1 bis $2"),
  sentence(
    "{*}: holds no finite value; replace or remove it.",
    "$1: enthält keinen endlichen Wert; ersetzen oder entfernen Sie es.",
  ),
  sentence(
    "holds no finite value; replace or remove it.",
    "enthält keinen endlichen Wert; ersetzen oder entfernen Sie es.",
  ),
  sentence(
    "holds values from {#} to {#}, and no value range is known for them; give ImageSpec(value_range=(LOW, HIGH)), or use a model trained on such images.",
    "enthält Werte von $1 bis $2, für die kein Wertebereich bekannt ist; verwenden Sie ein Modell, das mit solchen Bildern trainiert wurde.",
  ),
  sentence(
    "holds values from {#} to {#}, all beyond the value range {#} to {#}; give an image of the same kind as those of the source.",
    "enthält Werte von $1 bis $2, alle außerhalb des Wertebereichs $3 bis $4; geben Sie ein Bild derselben Art wie die übrigen an.",
  ),
  sentence(
    "{*}: is {#} x {#} pixels (height x width), its paired image {*} {#} x {#}; give both the same size.",
    "$1: hat $2 × $3 Pixel (Höhe × Breite), das Partnerbild $4 $5 × $6; geben Sie beiden die gleiche Größe.",
  ),
  sentence(
    "is {#} x {#} pixels (height x width), its paired image {#} x {#}; give both the same size.",
    "hat $1 × $2 Pixel (Höhe × Breite), das Partnerbild $3 × $4; geben Sie beiden die gleiche Größe.",
  ),
  sentence(
    "{*}: has no paired image; fill the column 'paired' for every row.",
    "$1: hat kein Partnerbild; füllen Sie die Spalte „paired“ in jeder Zeile.",
  ),
  sentence(
    "Images of the sizes {*} cannot form a batch; process them one by one, or decode them with fit 'crop' or 'stretch'.",
    "Bilder der Größen $1 können keinen Batch bilden; verarbeiten Sie sie einzeln, oder passen Sie sie an (crop, stretch).",
  ),
  sentence("{*}: changed while it was read; start again.", "$1: hat sich beim Lesen verändert; beginnen Sie von vorn."),
];
const size = (detail: string): string =>
  detail.replace(
    /^([\d,]+) bytes, expected 1 to ([\d,]+)$/,
    (_, one: string, most: string) => `${comma(one)} Byte, erwartet werden 1 bis ${comma(most)}`,
  );

const rows: readonly Sentence[] = [
  sentence(
    "its name or label is not valid UTF-8; rename it",
    "Name oder Klasse ist kein gültiges UTF-8; benennen Sie es um",
  ),
  sentence(
    "is new and would connect two parts: it resembles images of both or belongs to groups of both",
    "ist neu und würde zwei Teile verbinden: Es ähnelt Bildern beider oder gehört zu Gruppen beider",
  ),
  sentence(
    "{*} has {#} rows with different values of '{*}' ({*}); keep one row, or, if an image may have several, choose the column as tags: {*}",
    "$1 hat $2 Zeilen mit verschiedenen Werten von „$3“ ($4); behalten Sie eine, oder, wenn ein Bild mehrere haben kann, wählen Sie die Spalte als Schlagwörter: $5",
  ),
  sentence(
    "{*} has {#} rows with different tags of one group ({*}); keep one row",
    "$1 hat $2 Zeilen mit verschiedenen Schlagwörtern einer Gruppe ($3); behalten Sie eine",
  ),
  sentence(
    "has no path; give a path relative to the table's folder.",
    "hat keinen Pfad; geben Sie einen an, der im Ordner der Tabelle beginnt.",
  ),
  sentence(
    "'{*}' is a link out of the table's folder; copy the image there.",
    "„$1“ ist ein Verweis aus dem Ordner der Tabelle hinaus; kopieren Sie das Bild dorthin.",
  ),
  sentence("there is no file '{*}' in {*}", "es gibt keine Datei „$1“ in $2"),
  sentence(
    "'{*}' is a URL; download the image, and give its path relative to the table's folder.",
    "„$1“ ist eine Internetadresse; laden Sie das Bild herunter, und geben Sie seinen Pfad im Ordner der Tabelle an.",
  ),
  sentence(
    "'{*}' is an absolute path or leads out of the table's folder, and there is no such file below it; put the table into the folder above its images, and write paths that start from there.",
    "„$1“ ist ein absoluter Pfad oder führt aus dem Ordner der Tabelle hinaus, und darunter gibt es keine solche Datei; legen Sie die Tabelle in den Ordner über den Bildern, und schreiben Sie Pfade, die dort beginnen.",
  ),
  sentence(
    "{*}: has more than {#} bytes; expected an annotation file of Pascal VOC.",
    "$1: hat mehr als $2 Byte; erwartet wird eine Annotationsdatei von Pascal VOC.",
  ),
  sentence(
    "{*}: declares a document type or is not UTF-8; remove the declaration.",
    "$1: enthält eine Dokumenttyp-Deklaration oder ist kein UTF-8; entfernen Sie die Deklaration.",
  ),
  sentence(
    "{*}: is not valid XML ({*}); repair or remove it.",
    "$1: ist kein gültiges XML („$2“); reparieren oder entfernen Sie die Datei.",
  ),
  sentence(
    "{*}: an object has no name or no bndbox; expected both.",
    "$1: Ein Objekt hat keinen Namen oder keine bndbox; erwartet wird beides.",
  ),
  sentence(
    "{*}: the bndbox of '{*}' lacks a number; expected xmin to ymax.",
    "$1: Der bndbox von „$2“ fehlt eine Zahl; erwartet werden xmin bis ymax.",
  ),
  sentence(
    "{*}: the classes have no names; expected a data.yaml with 'names', or a classes.txt with a name a line.",
    "$1: Die Klassen haben keine Namen; erwartet wird eine data.yaml mit „names“ oder eine classes.txt mit einem Namen je Zeile.",
  ),
  sentence(
    "{*}: {*} are pixels; expected shares of the sides from 0 to 1.",
    "$1: $2 sind Pixel; erwartet werden Anteile der Seiten von 0 bis 1.",
  ),
  sentence(
    "{*}: is '{*}'; expected a class number, then x, y, width, height.",
    "$1: ist „$2“; erwartet wird die Nummer der Klasse, dann x, y, Breite, Höhe.",
  ),
  sentence(
    "{*}: the class {*} has no name; expected data.yaml or classes.txt with a name for it.",
    "$1: Die Klasse $2 hat keinen Namen; erwartet wird data.yaml oder classes.txt mit einem Namen dafür.",
  ),
  sentence("{*}: '{*}' are not all numbers. Correct it.", "$1: „$2“ sind nicht nur Zahlen. Berichtigen Sie es."),
  sentence(
    "{*}: has no '{*}'; expected a donkeycar record with '{*}' and '{*}'.",
    "$1: hat kein „$2“; erwartet wird ein Eintrag von donkeycar mit „$3“ und „$4“.",
  ),
  sentence(
    "{*}: is not a record; expected a JSON object with '{*}' and '{*}'.",
    "$1: ist kein Eintrag; erwartet wird ein JSON-Objekt mit „$2“ und „$3“.",
  ),
  sentence(
    "{*}: {*} is {#}; expected a share of the full steering lock, from -1 to 1. If the log holds degrees, divide them by the angle at full lock.",
    "$1: $2 ist $3; erwartet wird ein Anteil des vollen Lenkeinschlags von -1 bis 1. Enthält das Protokoll Grad, teilen Sie sie durch den Winkel bei vollem Einschlag.",
  ),
  sentence(
    "{*}: is not valid JSON ({*}); repair or remove it.",
    "$1: ist kein gültiges JSON („$2“); reparieren oder entfernen Sie es.",
  ),
  sentence(
    "{*}: has no table with the steering of its frames; put '{*}' beside it, with {!}.",
    "$1: hat keine Tabelle mit der Lenkung seiner Bilder; legen Sie „$2“ daneben, mit $3.",
  ),
  sentence(
    "a column '{*}' (or {*}) and a column 'frame' or 'time'",
    "einer Spalte „$1“ (oder $2) und einer Spalte „frame“ oder „time“",
  ),
  sentence("its {*} is '{*}'; expected a number", "$1 ist „$2“; erwartet wird eine Zahl"),
  sentence(
    "its time is {*} s, but the frames of {*} are at 0 to {*} s",
    "die Zeit ist $1 s, aber die Bilder von $2 liegen bei 0 bis $3 s",
  ),
  sentence("its frame is {*}, but {*} has the frames 0 to {#}", "das Bild ist $1, aber $2 hat die Bilder 0 bis $3"),
  sentence("frame {#} cannot be decoded", "Bild $1 kann nicht gelesen werden"),
  sentence(
    "{*}: has {#} frames per second by its columns '{*}' and '{*}', but {*} {#}; remove the column that is wrong.",
    "$1: hat nach den Spalten „$3“ und „$4“ $2 Bilder je Sekunde, $5 aber $6; entfernen Sie die falsche Spalte.",
  ),
  sentence(
    "{*}: belongs to {*} and has the columns {*}; expected {!}. Choose others with {*}",
    "$1: gehört zu $2 und hat die Spalten $3; erwartet wird eine Tabelle mit $4. Wählen Sie andere mit „$5“",
  ),
  sentence(
    "{#} of {#} images can be compared by their likes; expected {#} or more. {!; }.",
    "$1 von $2 Bildern können nach Likes verglichen werden; erwartet werden $3 oder mehr. $4.",
  ),
  sentence(
    "{#} of {#} images can be compared by their likes; expected {#} or more.",
    "$1 von $2 Bildern können nach Likes verglichen werden; erwartet werden $3 oder mehr.",
  ),
  sentence(
    "The likes do not tell images apart: nearly all are equal; give a table with other likes.",
    "Die Likes unterscheiden die Bilder nicht: Fast alle sind gleich; geben Sie eine Tabelle mit anderen an.",
  ),
  sentence(
    "{*}: the table has {#} comparison{|s}; expected {#} or more, as fewer make no order.",
    (file, count, many, least) =>
      `${file}: Die Tabelle hat ${count} ${many ? "Vergleiche" : "Vergleich"}; erwartet werden ${least} oder mehr, aus weniger folgt keine Ordnung.`,
  ),
  sentence(
    "{*}: {*} is '{*}'; expected a number from 0 on. Correct it, or remove the row.",
    "$1: $2 ist „$3“; erwartet wird eine Zahl ab 0. Berichtigen Sie sie, oder entfernen Sie die Zeile.",
  ),
  sentence(
    "{*}: compares '{*}' with '{*}'; expected two different images. Correct it.",
    "$1: vergleicht „$2“ mit „$3“; erwartet werden zwei verschiedene Bilder. Berichtigen Sie es.",
  ),
  sentence(
    "{*}: the date is '{*}'; expected one such as 2024-05-31. Correct it.",
    "$1: Das Datum ist „$2“; erwartet wird eines wie 2024-05-31. Berichtigen Sie es.",
  ),
  sentence(
    "{*}: {#} of the columns {*} hold 1; a {*} needs exactly one. If an image may have several, choose the columns as tags: {*}",
    "$1: $2 der Spalten $3 enthalten 1; erwartet wird genau eine. Kann ein Bild mehrere haben, wählen Sie die Spalten als Schlagwörter: $5",
  ),
  sentence(
    "The tags are {*}; expected a list such as cat|dog, or an object whose values are 1 and 0.",
    "Die Schlagwörter sind $1; erwartet wird eine Liste wie cat|dog oder ein Objekt mit den Werten 1 und 0.",
  ),
  sentence(
    "{*}: column '{*}' holds '{*}'; expected 1 (yes), 0 (no) or -1 (not known). If the column contains one of several tags, it is a group: {*}",
    "$1: Die Spalte „$2“ enthält „$3“; erwartet wird 1 (ja), 0 (nein) oder -1 (unbekannt). Enthält die Spalte eines von mehreren Schlagwörtern, ist sie eine Gruppe: $4",
  ),
  sentence(
    "{*}: column '{*}' holds '{*}'; expected one tag, as exactly one of a group applies. If several may apply, write them into the column tags.",
    "$1: Die Spalte „$2“ enthält „$3“; erwartet wird ein Schlagwort, denn von einer Gruppe trifft genau eines zu. Können mehrere zutreffen, schreiben Sie sie in die Spalte tags.",
  ),
];

const sets: readonly Sentence[] = [
  sentence(
    "{*}: {#} of {#} images cannot be used (up to {*} would be left out); repair or remove them: {!; }.{!}",
    "$1: $2 von $3 Bildern können nicht verwendet werden (bis zu $4 würden ausgelassen); reparieren oder entfernen Sie sie: $5.$6",
  ),
  sentence("and {#} more", "und $1 weitere"),
  sentence(
    "{*}: contains no image; add images (.jpg, .png, .webp, .tif, .bmp, .gif).",
    "$1: enthält kein Bild; fügen Sie Bilder hinzu (.jpg, .png, .webp, .tif, .bmp, .gif).",
  ),
  sentence(
    "{*}: has no split, but others have one; fill the column in every row or in none.",
    "$1: hat keinen Teil, andere aber schon; füllen Sie die Spalte in jeder Zeile oder in keiner.",
  ),
  sentence(
    "{*}: its part '{*}' is empty; choose another part, or 'all'.",
    "$1: Der Teil „$2“ ist leer; wählen Sie einen anderen oder alle.",
  ),
  sentence(
    "{*}: has {#} class ({*}); classification needs at least two: a folder for each class, or a table with a column 'label'.",
    (name, count, list) =>
      `${name}: hat ${count} Klasse (${list === "no label" ? "keine Angaben" : list}); Klassifikation braucht mindestens zwei: einen Ordner je Klasse oder eine Tabelle mit einer Spalte „label“.`,
  ),
  sentence(
    "{*}: {#} classes have only one image: {*}; add images to them or remove them.",
    (name, count, list) =>
      `${name}: ${count} Klassen haben nur ein Bild: ${more(list)}; fügen Sie Bilder hinzu, oder entfernen Sie sie.`,
  ),
  sentence(
    "{*}: class '{*}' has only one image ({*}); add images to it or remove it.",
    "$1: Die Klasse „$2“ hat nur ein Bild ($3); fügen Sie Bilder hinzu, oder entfernen Sie sie.",
  ),
  sentence(
    "{*}: {#} of {#} images have no answer (up to {*} would be left out); fill them in, or remove the rows: {!; }.",
    "$1: $2 von $3 Bildern haben keine Antwort (bis zu $4 würden ausgelassen); ergänzen Sie sie, oder entfernen Sie die Zeilen: $5.",
  ),
];
const more = (list: string): string =>
  list.replace(/ and ([\d,]+) more$/, (_, count: string) => ` und ${comma(count)} weitere`);

const notes: readonly Sentence[] = [
  sentence(
    "{*}: {*}, {#} image{|s} ({#} training, {#} validation, {#} test){*}; left out: {!; }",
    (name, kind, count, many, train, validation, test, classes, left) =>
      `${described(name, kind, count, many, train, validation, test, classes)}; ausgelassen: ${left}`,
  ),
  sentence("{*}: {*}, {#} image{|s} ({#} training, {#} validation, {#} test){*}", described),
  sentence("hidden", "verborgene"),
  sentence("in system folders, such as {*}", "in Systemordnern wie $1"),
  sentence("in folders written by eyespot", "in Ordnern, die eyespot geschrieben hat"),
  sentence("behind links to folders that are read already", "hinter Verweisen auf Ordner, die schon gelesen werden"),
  sentence("folders without read permission", "Ordner ohne Leserecht"),
  sentence("that cannot be used", "die nicht verwendbar sind"),
  sentence("beside the class folders", "neben den Ordnern der Klassen"),
  sentence("in {*}, which is no part", "in $1, das kein Teil ist"),
  sentence("without a label in {*}", "ohne Klasse in $1"),
  sentence("without an annotation file", "ohne Annotationsdatei"),
  sentence("not named in any annotation file", "in keiner Annotationsdatei genannt"),
  sentence("not in any list of ImageSets/Main", "in keiner Liste von ImageSets/Main"),
  sentence(
    "between segments of a drive, because neighboring frames hardly differ",
    "zwischen Abschnitten einer Fahrt, weil sich benachbarte Bilder kaum unterscheiden",
  ),
  sentence(
    "{#} drive{|s} cut into contiguous segments",
    (count, many) => `${count} ${many ? "Fahrten" : "Fahrt"}, in zusammenhängende Abschnitte geteilt`,
  ),
  sentence("{#} drives: each one is kept within one part", "$1 Fahrten: Jede bleibt in einem Teil"),
  sentence("left out: {!}", "ausgelassen: $1"),
  sentence("left out: {#} more, see the report", "ausgelassen: $1 weitere, siehe Bericht"),
  sentence(
    "left out: {#} image{|s} ({!; })",
    (count, many, list) => `ausgelassen: ${count} ${many ? "Bilder" : "Bild"} (${list})`,
  ),
  sentence("...", "…"),
  sentence(
    "repeated rows of an image, with their tags merged: {#}",
    "mehrere Zeilen eines Bildes, deren Schlagwörter vereint wurden: $1",
  ),
  sentence("duplicate rows, left out: {#}", "doppelte Zeilen, ausgelassen: $1"),
  sentence(
    "paths with backslashes are read as paths with slashes ({#})",
    "Pfade mit umgekehrten Schrägstrichen werden mit Schrägstrichen gelesen ($1)",
  ),
  sentence(
    "paths with backslashes are read as paths with slashes",
    "Pfade mit umgekehrten Schrägstrichen werden mit Schrägstrichen gelesen",
  ),
  sentence(
    "paths that differ from file names only in case or Unicode form are matched ({#})",
    "Pfade, die sich von Dateinamen nur in Groß- und Kleinschreibung oder Unicode-Form unterscheiden, werden zugeordnet ($1)",
  ),
  sentence("percent-encoded paths (%20) are decoded ({#})", "Pfade mit Prozentkodierung (%20) werden dekodiert ($1)"),
  sentence(
    "absolute paths that begin with '{*}' are read from the table's folder ({#})",
    "absolute Pfade, die mit „$1“ beginnen, werden im Ordner der Tabelle gesucht ($2)",
  ),
  sentence("{#} annotation files have no image, such as {*}", "$1 Annotationsdateien haben kein Bild, etwa $2"),
  sentence("{#} label files have no image, such as {*}", "$1 Label-Dateien haben kein Bild, etwa $2"),
  sentence("{#} objects {!}", "$1 Objekte $2"),
  sentence("have a mask: only the box is used", "haben eine Maske: Nur der Rahmen wird verwendet"),
  sentence(
    "are crowds: the box is used like that of one object",
    "sind Mengen: Der Rahmen wird wie der eines Objekts verwendet",
  ),
  sentence(
    "files with several frames or pages (only the first is used): {#}",
    "Dateien mit mehreren Bildern oder Seiten (nur die erste wird verwendet): $1",
  ),
  sentence(
    "{#} file{|s} with colors of 16 bits: the upper 8 bits of each are read (0 to 65,535 becomes 0 to 255), so that dark images lose most levels; brighten them first if they are dark",
    (count, many) =>
      `${count} ${many ? "Dateien" : "Datei"} mit Farben von 16 Bit: Gelesen werden die oberen 8 Bit (0 bis 65.535 wird 0 bis 255), sodass dunkle Bilder die meisten Stufen verlieren; hellen Sie sie vorher auf`,
  ),
  sentence(
    "there is no test part: the validation images are used for testing",
    "es gibt keinen Testteil: Getestet wird mit den Validierungsbildern",
  ),
  sentence(
    "more than {#} images: only exact duplicates are detected",
    "mehr als $1 Bilder: Nur exakte Duplikate werden erkannt",
  ),
  sentence(
    "8-bit values (0 becomes black, 255 white): {#} other image{|s}",
    (count, many) => `8-Bit-Werte (0 wird schwarz, 255 weiß): ${count} ${many ? "andere Bilder" : "anderes Bild"}`,
  ),
  sentence(
    "16-bit, 32-bit or float values in {#} image{|s}, from {#} to {#}: {#} becomes black and {#} white in every image{*} (set it with {*})",
    (count, many, low, high, black, white, little, options) =>
      `Werte von 16 oder 32 Bit oder Gleitkommazahlen in ${count} ${many ? "Bildern" : "Bild"}, von ${low} bis ${high}: In jedem Bild wird ${black} schwarz und ${white} weiß${unused(little)} (einstellbar mit ${options})`,
  ),
  sentence(
    "images with two labels: {#}, such as {*}",
    (count, example) => `Bilder mit zwei Klassen: ${count}, etwa ${example.replaceAll(" and ", " und ")}`,
  ),
  sentence(
    "{#} class{|es} {has|have} no {training|validation|test} image: {*}; {the score does not cover them|model selection does not cover them}",
    (count, _, verb, part, names, what) =>
      `${count} ${verb === "has" ? "Klasse hat" : "Klassen haben"} kein ${{ training: "Trainingsbild", validation: "Validierungsbild", test: "Testbild" }[part]}: ${names}; ${what.startsWith("the score") ? "der Messwert sagt nichts über sie" : "bei der Auswahl des Modells zählen sie nicht"}`,
  ),
  sentence("{!} no {*} image: {*}; {!}", "$1 kein $2-Bild: $3; $4"),
  sentence(
    "{#} images{*} resemble one another, as those of a fixed camera do: they are split by the order of their names, and the test images are similar to the training images",
    (count, of) =>
      `${count} Bilder${of.replace(" of ", " von ")} ähneln einander wie die einer festen Kamera: Sie werden nach der Reihenfolge ihrer Namen aufgeteilt, und die Testbilder ähneln den Trainingsbildern`,
  ),
  sentence("folder '{*}' contains no image", "der Ordner „$1“ enthält kein Bild"),
  sentence(
    "image files with other suffixes are read, by their content: {*}",
    "Bilddateien mit anderen Endungen werden nach ihrem Inhalt gelesen: $1",
  ),
  sentence(
    "files of other kinds are ignored: {*}",
    (list) => `andere Dateien werden übergangen: ${list.replaceAll("without suffix", "ohne Endung")}`,
  ),
  sentence("typographic minus signs are read as -", "typografische Minuszeichen werden als - gelesen"),
  sentence(
    "{#} cell{|s} with {*}: treated as empty",
    (count, many, list) => `${count} ${many ? "Zellen" : "Zelle"} mit ${list}: leer`,
  ),
  sentence("column '{*}': {!}", "Spalte „$1“: $2"),
  sentence("whole numbers such as {*} are read as {*}", "ganze Zahlen wie $1 werden als $2 gelesen"),
  sentence(
    "single letters keep their case: {*} are different labels",
    "einzelne Buchstaben behalten Groß- und Kleinschreibung: $1 sind verschiedene Klassen",
  ),
  sentence("numbers such as {*} are read with a decimal comma", "Zahlen wie $1 werden mit Dezimalkomma gelesen"),
  sentence(
    "{*} are one label: '{*}'",
    (list, best) => `${list.replaceAll(" and ", " und ")} sind eine Klasse: „${best}“`,
  ),
  sentence(
    "{*} are one tag: '{*}'",
    (list, best) => `${list.replaceAll(" and ", " und ")} sind ein Schlagwort: „${best}“`,
  ),
  sentence("{#} {box|boxes} {!}: left out", (count, _, why) => `${count} Rahmen ${why}: ausgelassen`),
  sentence("with sides that are not finite numbers", "mit Seiten, die keine endlichen Zahlen sind"),
  sentence("without area (x2 <= x1 or y2 <= y1)", "ohne Fläche (x2 <= x1 oder y2 <= y1)"),
  sentence("outside the image", "außerhalb des Bildes"),
  sentence("listed twice", "doppelt"),
  sentence(
    "{#} image{|s} without an object: kept as background",
    (count, many) => `${count} ${many ? "Bilder" : "Bild"} ohne Objekt: als Hintergrund behalten`,
  ),
  sentence(
    "column '{*}' contains parts ({*}) and is not used: to use it, add {*}",
    "die Spalte „$1“ enthält Teile ($2) und wird nicht verwendet; dazu nötig: $3",
  ),
  sentence(
    "{#} tag{|s} with spaces, kept whole: {*}",
    (count, many, examples) =>
      `${count} ${many ? "Schlagwörter" : "Schlagwort"} mit Leerzeichen, ungeteilt: ${examples}`,
  ),
  sentence(
    "tags are separated by {*}",
    (list) => `Schlagwörter sind getrennt durch ${list.replaceAll(" and ", " und ")}`,
  ),
  sentence("tags are read from lists such as {*}", "Schlagwörter werden aus Listen wie $1 gelesen"),
  sentence(
    "{#} comparisons of {#} images became ratings (Bradley-Terry)",
    "aus $1 Vergleichen von $2 Bildern wurden Bewertungen (Bradley-Terry)",
  ),
  sentence(
    "the images fall into {#} sets that were never compared with each other; each starts at 0",
    "die Bilder zerfallen in $1 Mengen, die nie miteinander verglichen wurden; jede beginnt bei 0",
  ),
  sentence(
    "{#} image{|s} with as many likes as the middle of a group",
    (count, many) => `${count} ${many ? "Bilder" : "Bild"} mit so vielen Likes wie die Mitte einer Gruppe`,
  ),
  sentence("{#} image{|s} without a date", (count, many) => `${count} ${many ? "Bilder" : "Bild"} ohne Datum`),
  sentence(
    "{#} image{|s} with a date in the future",
    (count, many) => `${count} ${many ? "Bilder" : "Bild"} mit einem Datum in der Zukunft`,
  ),
  sentence(
    "{#} image{|s} of the last {#} days",
    (count, many, days) => `${count} ${many ? "Bilder" : "Bild"} der letzten ${days} Tage`,
  ),
  sentence(
    "{#} images of {#} user{|s}, sorted by followers in groups of about {#}: the upper half by likes has the rating 1, the lower half 0",
    (images, users, many, size) =>
      `${images} Bilder von ${users} ${many ? "Konten" : "Konto"}, nach Followern in Gruppen von etwa ${size} sortiert: Die obere Hälfte nach Likes hat die Bewertung 1, die untere 0`,
  ),
  sentence(
    "{*} has {#} frames; their steering is the column '{*}' of {*}, by '{*}'",
    "$1 hat $2 Bilder; ihre Lenkung ist die Spalte „$3“ von $4, nach „$5“",
  ),
  sentence(
    "Frames are counted from 0; times are seconds since the first frame.",
    "Bilder werden ab 0 gezählt; Zeiten sind Sekunden seit dem ersten Bild.",
  ),
  sentence("lines for a frame that has one already", "Zeilen für ein Bild, das schon eine hat"),
  sentence("frames without a line in the table", "Bilder ohne Zeile in der Tabelle"),
];

const KINDS: Readonly<Record<string, string>> = {
  "a folder for each class": "ein Ordner je Klasse",
  "a folder for each identity": "ein Ordner je Identität",
  "a folder for each class in every folder": "ein Ordner je Klasse in jedem Ordner",
  table: "Tabelle",
  pictures: "Bilder",
  "driving log": "Fahrprotokoll",
  "donkeycar tub": "donkeycar-Ordner",
  "drives with steering angles": "Fahrten mit Lenkwinkeln",
  "COCO annotations": "COCO-Annotationen",
  "YOLO annotations": "YOLO-Annotationen",
  "Pascal VOC annotations": "Pascal-VOC-Annotationen",
};
const kindOf = (english: string): string =>
  KINDS[english] ?? english.replace(/^drawn /, "gezeichnet: ").replace(/^bundled with /, "mitgeliefert von ");

function described(
  name: string,
  kind: string,
  count: string,
  many: string,
  train: string,
  validation: string,
  test: string,
  classes: string,
): string {
  const labels = classes.replace(
    /, ([\d,]+) class(es)? \(/,
    (_, number: string, more?: string) => `, ${comma(number)} Klasse${more ? "n" : ""} (`,
  );
  return `${name}: ${kindOf(kind)}, ${count} ${many ? "Bilder" : "Bild"} (${train} Training, ${validation} Validierung, ${test} Test)${labels}`;
}

function unused(little: string): string {
  const half = /half of the images use less than ([\d.]+)%/.exec(little);
  if (half)
    return `; die Hälfte der Bilder nutzt weniger als ${comma(half[1])} % davon, es bleibt also wenig von ihnen`;
  const lost = /; ([\d,]+) of them use less than ([\d.]+)%/.exec(little);
  return lost
    ? `; ${comma(lost[1])} davon nutzen weniger als ${comma(lost[2])} % davon, von diesen bleibt also nichts`
    : "";
}

/** A reason after what it is about. */
const named: readonly Sentence[] = [
  sentence("{#} {!}", "$1 $2"),
  sentence("{*} line {#}: {!}", "$1 Zeile $2: $3"),
  sentence("{*}: {!}", "$1: $2"),
];

export const sources: readonly Sentence[] = [...images, ...rows, ...sets, ...notes];
/** Forms that nearly every sentence has, for those that have no other. */
export const general = named;
