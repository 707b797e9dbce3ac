import type { InstalledVariant } from "../installed/engines-folder.js";
import type { PinnedSources } from "./pinned-sources.js";

/** What all steps of an installation share. */
export interface InstallContext {
  readonly variant: InstalledVariant;
  /** The folder that becomes the engine when all is well; whatever is in it is thrown away when not. */
  readonly staging: string;
  /** Operating system and processor, such as `linux-x64`. */
  readonly platform: string;
  readonly sources: PinnedSources;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal | undefined;
  note(message: string): void;
}

/** An archive that was used, as the engine's manifest names it. */
export interface UsedArchive {
  readonly name: string;
  readonly sha256: string;
}

/** TensorFlow's C library, in place. */
export interface TensorFlowLibrary {
  readonly version: string;
  /** Shared libraries to link with; the first holds the C interface. */
  readonly libraries: readonly string[];
  readonly includeFolder: string;
  readonly archives: readonly UsedArchive[];
}
