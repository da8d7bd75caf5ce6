import { english } from "../texts/english";
import { german } from "../texts/german";
import { address } from "./address.svelte";
import { translated } from "./sentences";

const LANGUAGES = { en: english, de: german };
export type Language = keyof typeof LANGUAGES;
export type Texts = typeof english;

/** The language of the address, else the browser's where there are texts in it, else English. */
export function currentLanguage(): Language {
  const asked = address.query.lang ?? navigator.language.slice(0, 2);
  return asked === "de" ? "de" : "en";
}

/** All texts in the current language; reactive where it is read in a component. */
export function texts(): Texts {
  return LANGUAGES[currentLanguage()];
}

/** A sentence of the server as part of a text of the page; `Said` is for one that stands alone. */
export const inWords = (sentence: string): string => translated(sentence, texts().sentences).text;
