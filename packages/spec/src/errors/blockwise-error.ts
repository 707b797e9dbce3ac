/** The codes of all errors that Blockwise throws on purpose; each has a heading in `docs/errors.md`. */
export type BlockwiseErrorCode =
  | "BLOCKWISE_BLOCK_WORKER"
  | "BLOCKWISE_CHECKPOINT"
  | "BLOCKWISE_DATA_SOURCE"
  | "BLOCKWISE_ENGINE_INSTALL"
  | "BLOCKWISE_ENGINE_MEMORY"
  | "BLOCKWISE_ENGINE_UNAVAILABLE"
  | "BLOCKWISE_INCOMPATIBLE_SPEC_VERSION"
  | "BLOCKWISE_INVALID_OPTION"
  | "BLOCKWISE_MALFORMED_FILE"
  | "BLOCKWISE_MISSING_STATE"
  | "BLOCKWISE_NON_FINITE_VALUE"
  | "BLOCKWISE_SHAPE_MISMATCH"
  | "BLOCKWISE_STORAGE"
  | "BLOCKWISE_UNSUPPORTED_FILE";

/**
 * The base of all errors that Blockwise throws on purpose.
 *
 * `isInstance` looks at the code and not at the prototype, so that it also knows errors of another installed
 * copy of this package.
 *
 * @example
 * try {
 *   await train();
 * } catch (error) {
 *   if (BlockwiseError.isInstance(error)) console.error(error.code, error.message);
 *   else throw error;
 * }
 */
export abstract class BlockwiseError extends Error {
  /** The class's name, which a minifier does not change. */
  abstract override readonly name: string;
  /** What to tell errors apart by: it stays the same over releases, and over copies of this package. */
  abstract readonly code: BlockwiseErrorCode;

  /** Whether `value` is an error that some copy of Blockwise threw on purpose. */
  static isInstance(value: unknown): value is BlockwiseError {
    return (
      value instanceof Error &&
      "code" in value &&
      typeof value.code === "string" &&
      value.code.startsWith("BLOCKWISE_")
    );
  }
}

/** How an error names itself and what caused it. */
export interface BlockwiseErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown;
}
