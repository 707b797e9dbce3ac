import { BlockwiseError, type BlockwiseErrorOptions } from "./blockwise-error.js";

/** A block's loss or gradient was NaN or infinite too many times. */
export class NonFiniteValueError extends BlockwiseError {
  override readonly name = "NonFiniteValueError";
  readonly code = "BLOCKWISE_NON_FINITE_VALUE";
  /** The block's id. */
  readonly block: string;
  /** The step at which it happened last, from 0. */
  readonly step: number;
  /** How many of the block's steps were skipped for it. */
  readonly skippedSteps: number;

  constructor(
    message: string,
    fields: { readonly block: string; readonly step: number; readonly skippedSteps: number },
    options?: BlockwiseErrorOptions,
  ) {
    super(message, options);
    this.block = fields.block;
    this.step = fields.step;
    this.skippedSteps = fields.skippedSteps;
  }
}
