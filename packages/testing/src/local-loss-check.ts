import type { LocalLossSubject } from "./local-loss-subject.js";

/** One promise that every local loss keeps. */
export interface LocalLossCheck {
  /** The promise, in words that follow the loss's name. */
  readonly name: string;
  /** `seed` is that of the random views. @throws Error saying how the promise is broken. */
  run(subject: LocalLossSubject, seed: number): void | Promise<void>;
}
