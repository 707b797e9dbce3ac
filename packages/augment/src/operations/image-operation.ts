import type { JsonObject, RandomGenerator, RawImage } from "@blockwise/spec";

/** One step of a view: bytes in, bytes out. */
export interface ImageOperation {
  /** A kebab-case name; it seeds the operation's own random numbers, so renaming it changes them. */
  readonly id: string;
  /** The options in force, for results. */
  readonly options: JsonObject;
  /**
   * The image after this step.
   *
   * @param image - borrowed, never written to
   * @param random - this operation's own: what it draws, and how much, moves no other operation's draws
   * @returns `image` itself where nothing is to be done, else an image in the operation's own memory that is good
   *   until its next call
   */
  apply(image: RawImage, random: RandomGenerator): RawImage;
}
