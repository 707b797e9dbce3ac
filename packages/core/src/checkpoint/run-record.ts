import { CheckpointError, type JsonObject, type JsonValue } from "@blockwise/spec";
import type { BlockCounters } from "../learner/block-state.js";

/** Everything of a run that is not a tensor. */
export interface RunRecord {
  readonly schema: 1;
  /** Steps done. */
  readonly step: number;
  readonly stepCount: number;
  /** What must be the same for the run to go on as if it had never stopped. */
  readonly configuration: JsonObject;
  readonly blocks: readonly (BlockCounters & { readonly id: string })[];
}

/**
 * Reads a record from JSON, trusting nothing.
 *
 * @throws CheckpointError
 */
export function parseRunRecord(text: string, path: string): RunRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(
      `${path} is not JSON; the checkpoint is damaged. Resume from an earlier one.`,
      { path },
      { cause },
    );
  }
  if (!isRunRecord(value)) {
    throw new CheckpointError(
      `${path} is not the record of a checkpoint of schema 1. Resume from an earlier one, or with the version that wrote it.`,
      { path },
    );
  }
  return value;
}

function isRunRecord(value: unknown): value is RunRecord {
  if (!isRecord(value) || value.schema !== 1 || !isRecord(value.configuration)) return false;
  const { step, stepCount, blocks } = value;
  return (
    isCount(step) && isCount(stepCount) && step <= stepCount && Array.isArray(blocks) && blocks.every(isBlock)
  );
}

function isBlock(value: unknown): boolean {
  return (
    isRecord(value) &&
    typeof value.id === "string" &&
    isCount(value.updateCount) &&
    isCount(value.skippedSteps) &&
    isCount(value.skippedInARow) &&
    typeof value.stopped === "boolean"
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * Where two configurations differ first, as a dotted name with both values; null where they are the same.
 */
export function firstDifference(
  saved: JsonValue | undefined,
  current: JsonValue | undefined,
  name = "",
): string | null {
  if (isRecord(saved) && isRecord(current)) {
    for (const key of new Set([...Object.keys(saved), ...Object.keys(current)])) {
      const child = name === "" ? key : `${name}.${key}`;
      const found = firstDifference(saved[key] as JsonValue, current[key] as JsonValue, child);
      if (found !== null) return found;
    }
    return null;
  }
  const [before, now] = [JSON.stringify(saved), JSON.stringify(current)];
  return before === now ? null : `"${name}" was ${before ?? "absent"} and is now ${now ?? "absent"}`;
}
