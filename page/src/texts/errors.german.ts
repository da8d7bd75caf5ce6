import type { ErrorTexts } from "../lib/errorCodes";

/** What cannot be said in general stands in the server's sentence. */
const detailed = (summary: string) => (sentence: string) => `${summary} Der Server meldet auf Englisch: „${sentence}“`;
const complete = (summary: string) => () => summary;

export const errors: ErrorTexts = {
  attack: detailed("Dieser Angriff ist nicht möglich."),
  cannot_train: complete("Dieser Server kann nicht trainieren; starten Sie ihn mit: eyespot serve --runs ORDNER"),
  closed: complete("Die Verbindung wurde geschlossen, bevor die Antwort da war."),
  collection_missing: complete("Es wurde keine Fotosammlung angegeben; starten Sie den Server mit --photos ORDNER."),
  disk: detailed("Der Server kann nicht in seinen Ordner schreiben; schaffen Sie Platz oder prüfen Sie die Zugriffsrechte."),
  drive_missing: complete("Dieses Modell fährt gerade nicht; beginnen Sie zuerst eine Fahrt."),
  explanation: detailed("Diese Erklärung ist hier nicht möglich."),
  face: detailed("Die Gesichter können nicht verwendet werden."),
  foreign: complete("Diese Seite stammt von einem anderen Ort; nur die eigene Seite des Servers darf ihn verwenden."),
  form: detailed("In dieser Form gibt es das Ergebnis nicht."),
  gallery_missing: complete("Es wurde keine Galerie angegeben; starten Sie den Server mit --gallery DATEI."),
  host: complete("Unter dieser Adresse antwortet der Server nicht; öffnen Sie ihn als 127.0.0.1."),
  image: detailed("Dieses Bild kann nicht verwendet werden."),
  input: detailed("Diese Eingabe kann nicht verwendet werden."),
  internal: detailed("Im Server ist ein Fehler aufgetreten; Einzelheiten stehen in seinem Terminal."),
  method: detailed("Diese Anfrage ist hier nicht erlaubt."),
  missing: detailed("Das gibt es auf diesem Server nicht."),
  model: detailed("Dieses Modell kann nicht verwendet werden."),
  network: detailed("Dieses Netz ist so nicht möglich."),
  not_resumable: detailed("Dieses Training kann hier nicht fortgesetzt werden."),
  not_training: complete("Dieses Training läuft hier nicht."),
  parameter: detailed("Ein Wert ist ungültig."),
  recipe: detailed("Mit diesen Einstellungen kann nicht trainiert werden."),
  run: detailed("Dieses Training kann nicht verwendet werden."),
  simulator: detailed("Diese Fahrt ist nicht möglich."),
  source: detailed("Diese Bilder können nicht verwendet werden."),
  source_from_python: complete("Diese Bilder wurden in Python übergeben; ein anderer Prozess kann sie nicht öffnen."),
  task: detailed("Das passt nicht zur Aufgabe des Modells."),
  timeout: complete("Die Daten kamen nicht rechtzeitig an; senden Sie sie noch einmal."),
  too_large: detailed("Das ist zu groß."),
  too_many: detailed("Davon gibt es schon zu viele."),
  training_running: detailed("Ein anderes Training läuft; halten Sie es zuerst an: Es kann immer nur eines laufen."),
  upload_closed: complete("Aus diesen Bildern ist schon eine Quelle geworden; legen Sie weitere in einer neuen ab."),
  uploads_missing: complete("Dieser Server nimmt keine Bilder an; starten Sie ihn mit: eyespot serve --runs ORDNER"),
};
