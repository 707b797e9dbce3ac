import { formatSeconds, formatSignificant, missing } from "@blockwise/report/drawing";
import type { RunStatus } from "../read/run-status.js";

/** A run's state in a word, and in a sentence. */
export function describeState({ state, silentMs }: RunStatus): {
  readonly word: string;
  readonly sentence: string;
} {
  switch (state) {
    case "waiting":
      return {
        word: "not begun",
        sentence: "Nothing has been trained yet. The page shows it when it begins.",
      };
    case "running":
      return { word: "training", sentence: "" };
    case "silent":
      return {
        word: "no news",
        sentence: `No step for ${formatSeconds(silentMs / 1000)}: the process may have been ended, or waits for something.`,
      };
    case "stopped":
      return { word: "stopped", sentence: "It was interrupted, and goes on with: blockwise train --resume." };
    case "finished":
      return { word: "finished", sentence: "" };
  }
}

/** `1234 of 5000`, or `1234`. */
export function describeSteps({ step, stepCount }: RunStatus): string {
  return stepCount === null ? String(step) : `${step} of ${stepCount}`;
}

/** Three digits, those after the point kept, so that a column's numbers can be compared: `13.0`, `0.724`. */
export function formatAligned(value: number | null | undefined): string {
  if (typeof value !== "number" || !Number.isFinite(value)) return missing;
  const size = Math.abs(value);
  return size >= 0.001 && size < 1000 ? value.toPrecision(3) : formatSignificant(value);
}

/** Images a second, with the digits that there are: `0.26`, `126`. */
export function formatRate(value: number | null | undefined): string {
  if (typeof value !== "number" || !Number.isFinite(value)) return missing;
  return value < 10 ? String(Number(value.toPrecision(2))) : value.toFixed(0);
}
