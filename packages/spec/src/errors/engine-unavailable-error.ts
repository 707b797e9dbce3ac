import { BlockwiseError, type BlockwiseErrorOptions } from "./blockwise-error.js";

/** An engine that was asked for cannot be used here. */
export class EngineUnavailableError extends BlockwiseError {
  override readonly name = "EngineUnavailableError";
  readonly code = "BLOCKWISE_ENGINE_UNAVAILABLE";
  /** The engine that was asked for. */
  readonly engine: string;

  constructor(message: string, fields: { readonly engine: string }, options?: BlockwiseErrorOptions) {
    super(message, options);
    this.engine = fields.engine;
  }
}
