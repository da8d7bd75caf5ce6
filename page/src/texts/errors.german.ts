import type { ErrorTexts } from "../lib/errorCodes";
import { translated } from "../lib/sentences";
import { sentences } from "./sentences.german";

/** A sentence of the server, quoted where it is known in English only, behind a summary of it. */
export function reported(sentence: string, summary = ""): string {
  const { text, lang } = translated(sentence, sentences);
  return lang ? `${summary} Der Server meldet auf Englisch: „${sentence}“`.trim() : text;
}

const detailed = (summary: string) => (sentence: string) => reported(sentence, summary);

export const errors: ErrorTexts = {
  attack: detailed("Dieser Angriff ist nicht möglich."),
  cannot_train: detailed("Dieser Server kann nicht trainieren."),
  closed: detailed("Die Verbindung wurde geschlossen."),
  collection_missing: detailed("Es wurde keine Fotosammlung angegeben."),
  disk: detailed(
    "Der Server kann nicht in seinen Ordner schreiben; schaffen Sie Platz oder prüfen Sie die Zugriffsrechte.",
  ),
  drive_missing: detailed("Dieses Modell fährt gerade nicht."),
  explanation: detailed("Diese Erklärung ist hier nicht möglich."),
  face: detailed("Die Gesichter können nicht verwendet werden."),
  foreign: detailed("Diese Seite darf den Server nicht verwenden."),
  form: detailed("In dieser Form gibt es das Ergebnis nicht."),
  gallery_missing: detailed("Es wurde keine Galerie angegeben."),
  host: detailed("Unter dieser Adresse antwortet der Server nicht."),
  image: detailed("Dieses Bild kann nicht verwendet werden."),
  input: detailed("Diese Eingabe kann nicht verwendet werden."),
  internal: detailed("Im Server ist ein Fehler aufgetreten; Einzelheiten stehen in seinem Terminal."),
  method: detailed("Diese Anfrage ist hier nicht erlaubt."),
  missing: detailed("Das gibt es auf diesem Server nicht."),
  model: detailed("Dieses Modell kann nicht verwendet werden."),
  network: detailed("Dieses Netz ist so nicht möglich."),
  not_resumable: detailed("Dieses Training kann hier nicht fortgesetzt werden."),
  not_training: detailed("Dieses Training läuft hier nicht."),
  parameter: detailed("Ein Wert ist ungültig."),
  recipe: detailed("Mit diesen Einstellungen kann nicht trainiert werden."),
  run: detailed("Dieses Training kann nicht verwendet werden."),
  simulator: detailed("Diese Fahrt ist nicht möglich."),
  source: detailed("Diese Bilder können nicht verwendet werden."),
  source_from_python: detailed("Ein anderer Prozess kann diese Bilder nicht öffnen."),
  task: detailed("Das passt nicht zur Aufgabe des Modells."),
  timeout: detailed("Die Daten kamen nicht rechtzeitig an."),
  too_large: detailed("Das ist zu groß."),
  too_many: detailed("Davon gibt es schon zu viele."),
  training_running: detailed("Ein anderes Training läuft; halten Sie es zuerst an: Es kann immer nur eines laufen."),
  upload_closed: detailed("Aus diesen Bildern ist schon eine Quelle geworden."),
  uploads_missing: detailed("Dieser Server nimmt keine Bilder an."),
};
