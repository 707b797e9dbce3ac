import { BlockwiseError, type BlockwiseErrorOptions } from "./blockwise-error.js";

/** A file or folder cannot be written or read: no permission, no space, no such place. */
export class StorageError extends BlockwiseError {
  override readonly name = "StorageError";
  readonly code = "BLOCKWISE_STORAGE";
  /** The file or folder. */
  readonly path: string;

  constructor(message: string, fields: { readonly path: string }, options?: BlockwiseErrorOptions) {
    super(message, options);
    this.path = fields.path;
  }
}
