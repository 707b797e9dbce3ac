import { BlockwiseError, type BlockwiseErrorOptions } from "./blockwise-error.js";

/** A plugin was written for another version of the interfaces, or is no plugin of the kind its place asks for. */
export class IncompatibleSpecVersionError extends BlockwiseError {
  override readonly name = "IncompatibleSpecVersionError";
  readonly code = "BLOCKWISE_INCOMPATIBLE_SPEC_VERSION";
  /** What the place asks for: `"local-loss v1"`. */
  readonly expected: string;
  /** What came: `"backbone v1"`. */
  readonly received: string;

  constructor(
    fields: { readonly expected: string; readonly received: string },
    options?: BlockwiseErrorOptions,
  ) {
    super(
      `Expected a plugin of kind and version "${fields.expected}", but got "${fields.received}". ` +
        "Pass what the plugin's factory returns, and install versions of the plugin and of @blockwise/core that go together.",
      options,
    );
    this.expected = fields.expected;
    this.received = fields.received;
  }
}
