import type { HealthWarning } from "@blockwise/core";
import type { BlockHealthV1, StepEventV1, TrainerCallbackV1 } from "@blockwise/spec";
import { appendJsonLine, keepJsonLines, readJsonLines } from "./json-lines.js";
import type { HealthWatch } from "./watch-health.js";

/** One line of a run's log. */
export interface LoggedStep {
  readonly step: number;
  /** By block, as the rest: the blocks that were to learn in this step. */
  readonly learningRate: Readonly<Record<string, number | null>>;
  /** Null where the step was skipped. */
  readonly loss: Readonly<Record<string, number | null>>;
  readonly embeddingDeviation: Readonly<Record<string, number | null>>;
  /** By block, where it was measured; numbers that are not finite are null. */
  readonly health?: Readonly<Record<string, LoggedHealth>>;
  /** What there is to warn of for the first time. */
  readonly warnings?: readonly HealthWarning[];
}

/** A block's health in JSON, which has no NaN. */
export type LoggedHealth = { readonly [Field in keyof BlockHealthV1]: number | null };

/**
 * Appends every step to `file`, one JSON object a line; what an earlier run wrote past `startStep` is dropped.
 *
 * @param watch Is asked once a step what there is to warn of.
 */
export function stepLog(file: string, watch: HealthWatch): TrainerCallbackV1 {
  return {
    specificationVersion: "v1",
    kind: "callback",
    id: "step-log",
    options: {},
    onRunStart: ({ startStep }) => keepJsonLines<LoggedStep>(file, ({ step }) => step < startStep),
    onStepEnd: (event) => appendJsonLine(file, toLogged(event, watch(event))),
  };
}

/** Reads a log; a last line that was cut off is left out. An absent file is an empty log. */
export async function readStepLog(file: string): Promise<readonly LoggedStep[]> {
  return readJsonLines<LoggedStep>(file);
}

function toLogged({ step, blocks }: StepEventV1, warnings: readonly HealthWarning[]): LoggedStep {
  const byBlock = (value: (block: StepEventV1["blocks"][number]) => number): Record<string, number | null> =>
    Object.fromEntries(
      blocks.map((block) => [block.block, Number.isFinite(value(block)) ? value(block) : null]),
    );
  const health = Object.fromEntries(
    blocks.flatMap(({ block, health }) => (health === null ? [] : [[block, toLoggedHealth(health)]])),
  );
  return {
    step,
    learningRate: byBlock(({ learningRate }) => learningRate),
    loss: byBlock(({ loss }) => loss),
    embeddingDeviation: byBlock(({ embeddingDeviation }) => embeddingDeviation),
    ...(Object.keys(health).length === 0 ? {} : { health }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

function toLoggedHealth(health: BlockHealthV1): LoggedHealth {
  const finite = Object.entries(health).map(([field, value]) => [
    field,
    Number.isFinite(value) ? value : null,
  ]);
  return Object.fromEntries(finite);
}
