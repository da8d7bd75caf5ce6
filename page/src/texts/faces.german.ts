import { decimal } from "../lib/numbers";
import type { faces as english } from "./faces.english";

const percent = (share: number): string =>
  `${(share * 100)
    .toPrecision(2)
    .replace(/\.?0+$/, "")
    .replace(".", ",")} %`;

export const faces: typeof english = {
  title: "Gesichter",
  law: "Fotos von Gesichtern, die verglichen werden, sind biometrische Daten: Fragen Sie die Abgebildeten vorher und löschen Sie, was Sie nicht mehr brauchen. Die Fotos bleiben auf diesem Rechner und werden nicht gespeichert. Ein Vergleich darf nie der einzige Grund einer Entscheidung über einen Menschen sein.",
  compare: "Dieselbe Person?",
  photos: ["Erstes Foto", "Zweites Foto"],
  hint: "Ein Foto wählen oder hierher ziehen.",
  found: (label) => `Gesichter: ${label}`,
  quality: (eyes, sharpness, yaw, roll) =>
    `Augenabstand ${eyes.toFixed(0)} Pixel, Schärfe ${decimal(sharpness, 1)}, Drehung ${decimal(yaw, 2)}, Neigung ${roll.toFixed(0)}°`,
  faults: {
    several: "mehrere Gesichter",
    small: "zu klein",
    blurred: "unscharf",
    turned: "stark zur Seite gedreht",
    partly: "teilweise außerhalb des Fotos",
    unlike: "dem eines Menschen unähnlich: verdeckt, gezeichnet oder das eines Tiers",
  },
  reason: (photo, fault, count) =>
    count > 1
      ? `${photo}: ${count} Gesichter; welches gemeint ist, ist nicht bekannt.`
      : `${photo}: Das Gesicht ist ${fault}.`,
  verdicts: { same: "Dieselbe Person", different: "Nicht dieselbe Person", unknown: "Nicht zu entscheiden" },
  similarity: "Ähnlichkeit",
  threshold: "Schwelle",
  rate: (rate, low, high) =>
    `Falschakzeptanzrate: ${percent(rate)} der Paare verschiedener Personen erreichen diese Schwelle (95-%-Intervall ${percent(low)} bis ${percent(high)}).`,
  measuredOn: (where) => `Gemessen an: ${where}. Geschwister und Zwillinge erreichen sie weit öfter.`,
  noFace: (name) => `${name}: Es wurde kein Gesicht gefunden.`,
  gallery: "Bekannte Personen",
  galleryNote: (file) =>
    `${file} enthält Namen und Embeddings, kein Foto. Wird eine Person gelöscht, verschwindet beides aus der Datei.`,
  nobodyEnrolled: "Niemand ist eingetragen.",
  faceCount: (count) => (count === 1 ? "1 Gesicht" : `${count} Gesichter`),
  delete: "Löschen",
  deleteLabel: (name) => `${name} löschen`,
  confirm: "Mit allen Gesichtern löschen",
  cancel: "Abbrechen",
  deleted: (name) => `${name} wurde mit allen Gesichtern gelöscht.`,
  name: "Name",
  agreed: "Diese Person hat zugestimmt, erkannt zu werden.",
  enroll: "Fotos eintragen …",
  enrolled: (name, count) => `${name}: ${count === 1 ? "1 Foto" : `${count} Fotos`} eingetragen.`,
  who: "Wer ist das?",
  whoPhoto: "Foto",
  nobody: "niemand Bekanntes",
};
