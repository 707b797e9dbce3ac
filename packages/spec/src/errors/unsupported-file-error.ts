import { BlockwiseError, type BlockwiseErrorOptions } from "./blockwise-error.js";

/** A file may be whole, but is of a kind, or holds something, that is not read here: on purpose, or for want of support. */
export class UnsupportedFileError extends BlockwiseError {
  override readonly name = "UnsupportedFileError";
  readonly code = "BLOCKWISE_UNSUPPORTED_FILE";
  /** The file, or what stands for it where bytes came from memory. */
  readonly path: string;
  /** What is not read: `"argparse.Namespace"`. */
  readonly refused: string;

  constructor(
    message: string,
    fields: { readonly path: string; readonly refused: string },
    options?: BlockwiseErrorOptions,
  ) {
    super(message, options);
    this.path = fields.path;
    this.refused = fields.refused;
  }
}
