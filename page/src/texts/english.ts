import type { Sentence } from "../lib/sentences";
import { errors } from "./errors.english";
import { faces } from "./faces.english";
import { judge } from "./judge.english";
import { learn } from "./learn.english";
import { look } from "./look.english";
import { organize } from "./organize.english";
import { train } from "./train.english";
import { colorize, denoise, drive, generate, quiz, rank, restore, tradeoff } from "./views.english";

/** Every word on the page in English; the other languages have the same entries. */
export const english = {
  skip: "Skip to the content",
  viewsLabel: "Views",
  views: {
    look: "Look",
    learn: "Learn",
    train: "Train",
    judge: "Judge",
    faces: "Faces",
    organize: "Organize",
    generate: "Generate",
    denoise: "Denoise",
    colorize: "Colorize",
    rank: "Rank",
    drive: "Drive",
    tradeoff: "Trade-offs",
  },
  otherLanguage: { code: "de", name: "Deutsch" },
  light: "Use light colors",
  dark: "Use dark colors",
  sort: "Sort by this column",
  loading: "Loading …",
  model: "Model",
  retry: "Try again",
  closeMessage: "Close the message",
  unavailable: "The server does not answer. Is eyespot serve still running?",
  status: (status: number): string => `The server answered with status ${status}, without a reason.`,
  noNumbers: (call: string): string => `This page has no numbers of “${call}” for this picture.`,
  unreadablePicture: "This file is not a picture that the browser can read.",
  errors,
  /** The server's own sentences are English. */
  sentences: [] as readonly Sentence[],
  progress: {
    label: "Progress",
    cancel: "Cancel",
    seconds: (seconds: number): string => `${seconds.toFixed(0)} s`,
    steps: (done: number, total: number, seconds: number): string => `${done} of ${total} · ${seconds.toFixed(0)} s`,
  },
  frame: { closer: "Zoom in", farther: "Zoom out", whole: "Show all" },
  grid: {
    cell: (label: string, row: number, column: number): string => `${label}, row ${row}, column ${column}`,
    value: (label: string, row: number, column: number, value: string): string =>
      `${label}, row ${row}, column ${column}: ${value}`,
  },
  stepper: {
    back: "One step back",
    forward: "One step forward",
    play: "Play",
    pause: "Pause",
    place: (at: number, count: number): string => `${at} of ${count}`,
  },
  photo: {
    label: "Upload a photo …",
    hint: "Choose, drop or paste an image. It does not leave this page.",
    unreadable: (name: string): string => `“${name}” cannot be decoded as an image. Use a PNG or JPEG file.`,
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
