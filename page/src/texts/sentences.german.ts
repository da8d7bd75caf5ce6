import type { Sentence } from "../lib/sentences";
import { explanations } from "./sentences.explanations.german";
import { requests } from "./sentences.requests.german";
import { general, sources } from "./sentences.sources.german";
import { tasks } from "./sentences.tasks.german";
import { training } from "./sentences.training.german";

/** Sentences of the server; the first form that fits decides, so that those of several subjects, with {!}, come last. */
export const sentences: readonly Sentence[] = [
  ...explanations,
  ...tasks,
  ...training,
  ...sources,
  ...requests,
  ...general,
];
