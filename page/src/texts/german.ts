import type { english } from "./english";
import { errors } from "./errors.german";
import { faces } from "./faces.german";
import { judge } from "./judge.german";
import { learn } from "./learn.german";
import { look } from "./look.german";
import { organize } from "./organize.german";
import { sentences } from "./sentences.german";
import { train } from "./train.german";
import { colorize, denoise, drive, generate, quiz, rank, restore, tradeoff } from "./views.german";

export const german: typeof english = {
  skip: "Zum Inhalt",
  viewsLabel: "Ansichten",
  views: {
    look: "Ansehen",
    learn: "Lernen",
    train: "Trainieren",
    judge: "Auswerten",
    faces: "Gesichter",
    organize: "Ordnen",
    generate: "Erzeugen",
    denoise: "Entrauschen",
    colorize: "Kolorieren",
    rank: "Reihen",
    drive: "Fahren",
    tradeoff: "Abwägen",
  },
  otherLanguage: { code: "en", name: "English" },
  light: "Helle Farben",
  dark: "Dunkle Farben",
  sort: "Nach dieser Spalte sortieren",
  loading: "Wird geladen …",
  model: "Modell",
  retry: "Erneut versuchen",
  closeMessage: "Meldung schließen",
  unavailable: "Der Server antwortet nicht. Läuft eyespot serve noch?",
  status: (status) => `Der Server antwortete mit Status ${status}, ohne einen Grund zu nennen.`,
  noNumbers: (call) => `Diese Seite hat für dieses Bild keine Zahlen von „${call}“.`,
  unreadablePicture: "Diese Datei ist kein Bild, das der Browser lesen kann.",
  errors,
  sentences,
  progress: {
    label: "Fortschritt",
    cancel: "Abbrechen",
    seconds: (seconds) => `${seconds.toFixed(0)} s`,
    steps: (done, total, seconds) => `${done} von ${total} · ${seconds.toFixed(0)} s`,
  },
  frame: { closer: "Vergrößern", farther: "Verkleinern", whole: "Alles zeigen" },
  grid: {
    cell: (label, row, column) => `${label}, Zeile ${row}, Spalte ${column}`,
    value: (label, row, column, value) => `${label}, Zeile ${row}, Spalte ${column}: ${value}`,
  },
  stepper: {
    back: "Einen Schritt zurück",
    forward: "Einen Schritt weiter",
    play: "Abspielen",
    pause: "Anhalten",
    place: (at, count) => `${at} von ${count}`,
  },
  photo: {
    label: "Foto hochladen …",
    hint: "Ein Bild wählen, hierher ziehen oder einfügen. Es verlässt diese Seite nicht.",
    unreadable: (name) => `„${name}“ lässt sich nicht als Bild decodieren. Verwenden Sie eine PNG- oder JPEG-Datei.`,
  },
  faces,
  colorize,
  denoise,
  drive,
  generate,
  judge,
  learn,
  look,
  organize,
  quiz,
  rank,
  restore,
  tradeoff,
  train,
};
