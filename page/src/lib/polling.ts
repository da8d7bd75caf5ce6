import { messageOf } from "./trouble";

/** Do some work again and again while it is wanted, at most once in `pace` milliseconds; a failure is told. */
export async function poll(
  pace: number,
  wanted: () => boolean,
  work: () => Promise<void>,
  ontrouble: (message: string) => void,
): Promise<void> {
  while (wanted()) {
    const began = performance.now();
    await work().catch((error: unknown) => ontrouble(messageOf(error)));
    await new Promise((done) => setTimeout(done, Math.max(20, began + pace - performance.now())));
  }
}
