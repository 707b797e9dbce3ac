import type { StepEventV1, TrainerCallbackV1 } from "@blockwise/spec";
import { appendJsonLine, keepJsonLines, readJsonLines } from "./json-lines.js";

/** One line of a run's log. */
export interface LoggedStep {
  readonly step: number;
  /** By block, as the rest: the blocks that were to learn in this step. */
  readonly learningRate: Readonly<Record<string, number | null>>;
  /** Null where the step was skipped. */
  readonly loss: Readonly<Record<string, number | null>>;
  readonly embeddingDeviation: Readonly<Record<string, number | null>>;
}

/** Appends every step to `file`, one JSON object a line; what an earlier run wrote past `startStep` is dropped. */
export function stepLog(file: string): TrainerCallbackV1 {
  return {
    specificationVersion: "v1",
    kind: "callback",
    id: "step-log",
    options: {},
    onRunStart: ({ startStep }) => keepJsonLines<LoggedStep>(file, ({ step }) => step < startStep),
    onStepEnd: (event) => appendJsonLine(file, toLogged(event)),
  };
}

/** Reads a log; a last line that was cut off is left out. An absent file is an empty log. */
export async function readStepLog(file: string): Promise<readonly LoggedStep[]> {
  return readJsonLines<LoggedStep>(file);
}

function toLogged({ step, blocks }: StepEventV1): LoggedStep {
  const byBlock = (value: (block: StepEventV1["blocks"][number]) => number): Record<string, number | null> =>
    Object.fromEntries(
      blocks.map((block) => [block.block, Number.isFinite(value(block)) ? value(block) : null]),
    );
  return {
    step,
    learningRate: byBlock(({ learningRate }) => learningRate),
    loss: byBlock(({ loss }) => loss),
    embeddingDeviation: byBlock(({ embeddingDeviation }) => embeddingDeviation),
  };
}
