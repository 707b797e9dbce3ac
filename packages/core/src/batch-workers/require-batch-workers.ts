import { InvalidOptionError } from "@blockwise/spec";
import type { BlockWorkersOptions } from "../block-workers/block-workers-options.js";
import type { BatchWorkersOptions } from "./batch-workers-options.js";

/** @throws InvalidOptionError where a batch cannot be shared out so. */
export function requireBatchWorkers(
  { count }: BatchWorkersOptions,
  {
    batchSize,
    blockWorkers = null,
  }: { readonly batchSize: number; readonly blockWorkers?: BlockWorkersOptions | null },
): void {
  if (blockWorkers !== null) {
    throw new InvalidOptionError({
      option: "batchWorkers",
      expected: "null where blocks learn in threads of their own (blockWorkers)",
      received: count,
      hint: "Take one of the two: blockWorkers where blocks take about as long, batchWorkers where one takes most of the time.",
    });
  }
  if (!Number.isSafeInteger(count) || count < 2) {
    throw new InvalidOptionError({
      option: "batchWorkers",
      expected: "a whole number of 2 or more",
      received: count,
      hint: "Without batchWorkers, blocks learn in the trainer's own thread.",
    });
  }
  if (batchSize % count !== 0 || batchSize / count < 2) {
    throw new InvalidOptionError({
      option: "batchWorkers",
      expected: `a number that shares the batch of ${batchSize} out evenly, two images or more to each thread`,
      received: count,
      hint: "Change batchSize or the number of threads.",
    });
  }
}
