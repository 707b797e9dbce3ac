import { describeOrigin, loadNativeKernels } from "../native/native-library.js";

/** The compiled kernels of the engine `native`, as they are on this machine. */
export type KernelsState =
  | {
      readonly available: true;
      /** Version of the package `@blockwise/engine-native`. */
      readonly version: string;
      /** The library that is loaded. */
      readonly file: string;
      /** Whether it was compiled on this machine (`"built"`) or came with the package (`"prebuilt"`). */
      readonly origin: "built" | "prebuilt";
      /** The same, for people. */
      readonly description: string;
      /** Instruction sets that this processor has of those that it was compiled for, the best first. */
      readonly instructions: readonly string[];
    }
  | {
      readonly available: false;
      /** Version of the package; null where it is not installed. */
      readonly version: string | null;
      /** Why it cannot be used. */
      readonly reason: string;
      /** What to do. */
      readonly howToGet: string;
    };

/** Loads the compiled kernels, if they are there, and says which ones they are. */
export async function kernelsState(): Promise<KernelsState> {
  const found = await loadNativeKernels();
  if (!found.available) return found;
  const { version, file, origin, library } = found;
  const instructions = library.instructions();
  return {
    available: true,
    version,
    file,
    origin,
    description: `${describeOrigin(origin)}, for ${instructions[0]}`,
    instructions,
  };
}
