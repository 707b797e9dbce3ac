import { DataSourceError } from "@blockwise/spec";
import { compareCodeUnits } from "../images/pack-images.js";

/** Classes that labels in shards name. */
export interface ShardLabels {
  readonly classNames: readonly string[];
  /** One an image. */
  readonly labels: Int32Array;
}

/**
 * Makes classes of what `.cls` and `.json` members say. Whole numbers are the labels themselves, from 0 to the largest
 * one; other words become classes in the order of their code units.
 *
 * @param nameOf - names an image for the error
 * @returns null where no image has a label
 * @throws DataSourceError where some images have a label and others none.
 */
export function classesOf(
  texts: readonly (string | null)[],
  nameOf: (place: number) => string,
  source: string,
): ShardLabels | null {
  const bare = texts.indexOf(null);
  if (bare >= 0) {
    if (texts.every((text) => text === null)) return null;
    throw new DataSourceError(
      `"${source}" must have a label (.cls or .json) for each image or for none, but "${nameOf(bare)}" has none. Add it, or leave all images unlabelled with labels: "none".`,
      { source },
    );
  }
  const words = [...new Set(texts as readonly string[])];
  const areNumbers = words.every((word) => /^\d{1,6}$/.test(word));
  const classNames = areNumbers
    ? Array.from({ length: words.reduce((most, word) => Math.max(most, Number(word)), 0) + 1 }, (_, label) =>
        String(label),
      )
    : words.sort(compareCodeUnits);
  const places = new Map(classNames.map((name, label) => [name, label]));
  const labels = Int32Array.from(texts, (text) =>
    areNumbers ? Number(text) : (places.get(text as string) as number),
  );
  return { classNames, labels };
}
