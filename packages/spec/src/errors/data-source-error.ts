import { BlockwiseError, type BlockwiseErrorOptions } from "./blockwise-error.js";

/** Images cannot be had: a folder is missing, a download failed, an image is broken. */
export class DataSourceError extends BlockwiseError {
  override readonly name = "DataSourceError";
  readonly code = "BLOCKWISE_DATA_SOURCE";
  /** The folder, file, address or data set that was asked for. */
  readonly source: string;

  constructor(message: string, fields: { readonly source: string }, options?: BlockwiseErrorOptions) {
    super(message, options);
    this.source = fields.source;
  }
}
