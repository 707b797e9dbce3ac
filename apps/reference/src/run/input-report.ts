import type { TrainingResult } from "@blockwise/core";

/** How a run's batches were made. */
export interface InputReport {
  /** Images a second that the threads which prepare batches could make, while the run used the machine too. */
  readonly imagesPerSecond: number;
  /** Images that could not be read, others having stood in for them. */
  readonly broken: {
    readonly count: number;
    /** Up to ten, with the reason. */
    readonly names: readonly string[];
  };
}

const MOST_NAMES = 10;

/** Adds what the loader reports to what an earlier process of the run has reported. */
export function toInputReport(
  { imagesPerSecond, broken }: TrainingResult["input"],
  before: InputReport | null,
): InputReport {
  const earlier = before?.broken ?? { count: 0, names: [] };
  const names = [...new Set([...earlier.names, ...broken.names])].sort();
  // Only names tell whether both have met the same images.
  const areAllNamed = earlier.count === earlier.names.length && broken.count === broken.names.length;
  const count = areAllNamed ? names.length : Math.max(earlier.count, broken.count, names.length);
  // Where nothing was left to train, no batch was made.
  const speed = imagesPerSecond === 0 ? (before?.imagesPerSecond ?? 0) : imagesPerSecond;
  return { imagesPerSecond: speed, broken: { count, names: names.slice(0, MOST_NAMES) } };
}

/** One line about broken images; null where there are none. */
export function describeBroken({ count, names }: InputReport["broken"]): string | null {
  if (count === 0) return null;
  const rest = count > names.length ? `, and ${count - names.length} more` : "";
  return `data: ${count} broken ${count === 1 ? "image" : "images"} left out, others in their place: ${names.join(", ")}${rest}`;
}
