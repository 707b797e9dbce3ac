import { BlockwiseError, type BlockwiseErrorOptions } from "./blockwise-error.js";

/** A parameter, buffer or optimiser slot was asked for that is not there. */
export class MissingStateError extends BlockwiseError {
  override readonly name = "MissingStateError";
  readonly code = "BLOCKWISE_MISSING_STATE";
  /** The name that was asked for. */
  readonly missing: string;

  constructor(message: string, fields: { readonly missing: string }, options?: BlockwiseErrorOptions) {
    super(message, options);
    this.missing = fields.missing;
  }
}
