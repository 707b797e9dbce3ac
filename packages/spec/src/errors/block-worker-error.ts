import { BlockwiseError, type BlockwiseErrorOptions } from "./blockwise-error.js";

/** A thread that blocks learnt in has ended, and the run with it; what was saved before is whole. */
export class BlockWorkerError extends BlockwiseError {
  override readonly name = "BlockWorkerError";
  readonly code = "BLOCKWISE_BLOCK_WORKER";
  /** The thread's place in the row, from 0. */
  readonly worker: number;
  /** The ids of the blocks that it had. */
  readonly blocks: readonly string[];
  /** The block that it was at; null where it was at none. */
  readonly block: string | null;
  /** The step that it was at, from 0; null where it was at none. */
  readonly step: number | null;

  constructor(
    message: string,
    fields: {
      readonly worker: number;
      readonly blocks: readonly string[];
      readonly block: string | null;
      readonly step: number | null;
    },
    options?: BlockwiseErrorOptions,
  ) {
    super(message, options);
    this.worker = fields.worker;
    this.blocks = fields.blocks;
    this.block = fields.block;
    this.step = fields.step;
  }
}
