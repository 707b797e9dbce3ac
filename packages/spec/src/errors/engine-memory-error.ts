import { BlockwiseError, type BlockwiseErrorOptions } from "./blockwise-error.js";

/** A tensor does not fit into the engine's memory budget; nothing was allocated. */
export class EngineMemoryError extends BlockwiseError {
  override readonly name = "EngineMemoryError";
  readonly code = "BLOCKWISE_ENGINE_MEMORY";
  /** Size of the tensor that was refused, in bytes. */
  readonly requestedBytes: number;
  /** What the engine held already, in bytes. */
  readonly usedBytes: number;
  /** What it may hold at most, in bytes. */
  readonly budgetBytes: number;

  constructor(
    message: string,
    fields: { readonly requestedBytes: number; readonly usedBytes: number; readonly budgetBytes: number },
    options?: BlockwiseErrorOptions,
  ) {
    super(message, options);
    this.requestedBytes = fields.requestedBytes;
    this.usedBytes = fields.usedBytes;
    this.budgetBytes = fields.budgetBytes;
  }
}
