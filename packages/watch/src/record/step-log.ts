import type { BlockHealthV1, StepEventV1, TrainerCallbackV1 } from "@blockwise/spec";
import { appendJsonLine, keepJsonLines, readJsonLines } from "./json-lines.js";

/** Something about a block that is seldom a good sign, as `healthWarnings` of `@blockwise/core` gives it. */
export interface StepWarning {
  /** The block's id. */
  readonly block: string;
  /** What is wrong, as `HealthWarning` of `@blockwise/core` names it. */
  readonly kind: string;
  /** The meter's value. */
  readonly measured: number;
  /** What it should not be below, or above. */
  readonly threshold: number;
  /** For people. */
  readonly message: string;
}

/** One line of a run's log. */
export interface LoggedStep {
  /** From 0. */
  readonly step: number;
  /** By block, as the rest: the blocks that were to learn in this step. */
  readonly learningRate: Readonly<Record<string, number | null>>;
  /** Null where the step was skipped. */
  readonly loss: Readonly<Record<string, number | null>>;
  /** By block and name, where the loss names what it is the sum of. */
  readonly terms?: Readonly<Record<string, Readonly<Record<string, number | null>>>>;
  /** By block, as `BlockStepV1` has it; null where the step was skipped. */
  readonly embeddingDeviation: Readonly<Record<string, number | null>>;
  /** By block, where it was measured; numbers that are not finite are null. */
  readonly health?: Readonly<Record<string, LoggedHealth>>;
  /** What there is to warn of for the first time. */
  readonly warnings?: readonly StepWarning[];
}

/** A block's health in JSON, which has no NaN. */
export type LoggedHealth = { readonly [Field in keyof BlockHealthV1]: number | null };

/**
 * Appends every step to `file`, one JSON object a line; what an earlier run wrote past `startStep` is dropped. The same run
 * writes the same bytes.
 *
 * @param warningsOf Is asked once a step what there is to warn of. @default nothing
 * @throws StorageError, in the run, where the file cannot be written.
 */
export function stepLog(
  file: string,
  warningsOf: (event: StepEventV1) => readonly StepWarning[] = () => [],
): TrainerCallbackV1 {
  return {
    specificationVersion: "v1",
    kind: "callback",
    id: "step-log",
    options: {},
    onRunStart: ({ startStep }) => keepJsonLines<LoggedStep>(file, ({ step }) => step < startStep),
    onStepEnd: (event) => appendJsonLine(file, toLogged(event, warningsOf(event))),
  };
}

/** Reads a log; a last line that was cut off is left out. An absent file is an empty log. */
export async function readStepLog(file: string): Promise<readonly LoggedStep[]> {
  return readJsonLines<LoggedStep>(file);
}

function toLogged({ step, blocks }: StepEventV1, warnings: readonly StepWarning[]): LoggedStep {
  const byBlock = (value: (block: StepEventV1["blocks"][number]) => number): Record<string, number | null> =>
    Object.fromEntries(blocks.map((block) => [block.block, finiteOrNull(value(block))]));
  const terms = blocks.flatMap(({ block, terms }) =>
    Object.keys(terms).length === 0 ? [] : [[block, finiteFields(terms)] as const],
  );
  const health = blocks.flatMap(({ block, health }) =>
    health === null ? [] : [[block, finiteFields(health)] as const],
  );
  return {
    step,
    learningRate: byBlock(({ learningRate }) => learningRate),
    loss: byBlock(({ loss }) => loss),
    ...(terms.length === 0 ? {} : { terms: Object.fromEntries(terms) }),
    embeddingDeviation: byBlock(({ embeddingDeviation }) => embeddingDeviation),
    ...(health.length === 0 ? {} : { health: Object.fromEntries(health) }),
    ...(warnings.length === 0 ? {} : { warnings }),
  };
}

function finiteFields<Name extends string>(
  fields: Readonly<Record<Name, number>>,
): Record<Name, number | null> {
  const entries = Object.entries<number>(fields).map(([name, value]) => [name, finiteOrNull(value)]);
  return Object.fromEntries(entries);
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
