import { BlockwiseError, type BlockwiseErrorOptions } from "./blockwise-error.js";

/** A file does not follow its format: cut off, damaged, or made to mislead. */
export class MalformedFileError extends BlockwiseError {
  override readonly name = "MalformedFileError";
  readonly code = "BLOCKWISE_MALFORMED_FILE";
  /** The file, or what stands for it where bytes came from memory. */
  readonly path: string;

  constructor(message: string, fields: { readonly path: string }, options?: BlockwiseErrorOptions) {
    super(message, options);
    this.path = fields.path;
  }
}
