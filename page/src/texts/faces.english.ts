import { decimal } from "../lib/numbers";
const percent = (share: number): string => `${(share * 100).toPrecision(2).replace(/\.?0+$/, "")} %`;

export const faces = {
  title: "Faces",
  law: "Photos of faces that are compared are biometric data: ask the people on them first, and delete what you no longer need. Photos stay on this machine and are not kept. A comparison must never be the only ground of a decision about a person.",
  compare: "The same person?",
  photos: ["First photo", "Second photo"] as readonly [string, string],
  hint: "Choose a photo, or drop one here.",
  found: (label: string): string => `Faces: ${label}`,
  quality: (eyes: number, sharpness: number, yaw: number, roll: number): string =>
    `eyes ${eyes.toFixed(0)} pixels apart, sharpness ${decimal(sharpness, 1)}, yaw ${decimal(yaw, 2)}, roll ${roll.toFixed(0)}°`,
  faults: {
    several: "several faces",
    small: "too small",
    blurred: "blurred",
    turned: "turned far to the side",
    partly: "partly outside the photo",
    unlike: "unlike those of people: hidden, drawn or an animal's",
  },
  reason: (photo: string, fault: string, count: number): string =>
    count > 1 ? `${photo}: ${count} faces; it is not known which one is meant.` : `${photo}: the face is ${fault}.`,
  verdicts: { same: "The same person", different: "Not the same person", unknown: "Cannot tell" },
  similarity: "similarity",
  threshold: "Threshold",
  rate: (rate: number, low: number, high: number): string =>
    `False accept rate: ${percent(rate)} of pairs of different persons reach this threshold (95 % interval ${percent(low)} to ${percent(high)}).`,
  measuredOn: (where: string): string => `Measured on ${where}. Siblings and twins reach it far more often.`,
  noFace: (name: string): string => `${name}: no face was found.`,
  gallery: "Enrolled people",
  galleryNote: (file: string): string =>
    `${file} holds names and embeddings, no photo. Deleting a person removes both from the file.`,
  nobodyEnrolled: "Nobody is enrolled.",
  faceCount: (count: number): string => (count === 1 ? "1 face" : `${count} faces`),
  delete: "Delete",
  deleteLabel: (name: string): string => `Delete ${name}`,
  confirm: "Delete with all faces",
  cancel: "Cancel",
  deleted: (name: string): string => `${name} was deleted with all faces.`,
  name: "Name",
  agreed: "This person agreed to be recognized.",
  enroll: "Enroll photos …",
  enrolled: (name: string, count: number): string =>
    `${name}: ${count === 1 ? "1 photo" : `${count} photos`} enrolled.`,
  who: "Who is it?",
  whoPhoto: "Photo",
  nobody: "nobody known",
};
