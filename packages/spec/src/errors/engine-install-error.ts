import { BlockwiseError, type BlockwiseErrorOptions } from "./blockwise-error.js";

/** At what an installation of an engine failed. */
export type EngineInstallStep =
  | "platform"
  | "python"
  | "npm"
  | "compiler"
  | "gpu"
  | "space"
  | "download"
  | "checksum"
  | "library"
  | "build"
  | "check"
  | "busy"
  | "interrupted";

/** A native engine cannot be installed. What was there before is as it was. */
export class EngineInstallError extends BlockwiseError {
  override readonly name = "EngineInstallError";
  readonly code = "BLOCKWISE_ENGINE_INSTALL";
  /** At what it failed: what is missing, or what went wrong. */
  readonly step: EngineInstallStep;

  constructor(
    message: string,
    fields: { readonly step: EngineInstallStep },
    options?: BlockwiseErrorOptions,
  ) {
    super(message, options);
    this.step = fields.step;
  }
}
