import { ERROR_CODES, type ErrorTexts } from "../lib/errorCodes";

/** The server's sentences are English. */
export const errors = Object.fromEntries(
  ERROR_CODES.map((code) => [code, (sentence: string) => sentence]),
) as ErrorTexts;
