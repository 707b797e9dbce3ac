import { BlockwiseError, type BlockwiseErrorOptions } from "./blockwise-error.js";

/** A tensor or image has another shape than its place asks for. */
export class ShapeMismatchError extends BlockwiseError {
  override readonly name = "ShapeMismatchError";
  readonly code = "BLOCKWISE_SHAPE_MISMATCH";
  /** What was expected: `"[batch, 128]"`. */
  readonly expected: string;
  /** The shape that came. */
  readonly received: readonly number[];

  constructor(
    fields: {
      /** What has the shape: `"Barlow Twins: embedding of view 2"`. */
      readonly subject: string;
      readonly expected: string;
      readonly received: readonly number[];
      /** What to do about it, where that is not plain. */
      readonly hint?: string;
    },
    options?: BlockwiseErrorOptions,
  ) {
    const hint = fields.hint === undefined ? "" : ` ${fields.hint}`;
    super(
      `${fields.subject} must have shape ${fields.expected}, but has [${fields.received.join(", ")}].${hint}`,
      options,
    );
    this.expected = fields.expected;
    this.received = fields.received;
  }
}
