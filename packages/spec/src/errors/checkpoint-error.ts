import { BlockwiseError, type BlockwiseErrorOptions } from "./blockwise-error.js";

/** A checkpoint is missing, damaged, or belongs to another run. */
export class CheckpointError extends BlockwiseError {
  override readonly name = "CheckpointError";
  readonly code = "BLOCKWISE_CHECKPOINT";
  /** The checkpoint's path. */
  readonly path: string;

  constructor(message: string, fields: { readonly path: string }, options?: BlockwiseErrorOptions) {
    super(message, options);
    this.path = fields.path;
  }
}
