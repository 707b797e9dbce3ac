import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { NativeLibrary } from "./native-library.js";

/** The library, or why there is none and what to do. */
export type LibraryAvailability =
  | { readonly available: true; readonly library: NativeLibrary; readonly file: string }
  | { readonly available: false; readonly reason: string; readonly howToGet: string };

/** Loads the compiled kernels: what was compiled here, else what came with the package for this platform. */
export function loadLibrary(): LibraryAvailability {
  const places = ["../dist/blockwise.node", `../prebuilt/${process.platform}-${process.arch}/blockwise.node`];
  const file = places.map((place) => fileURLToPath(new URL(place, import.meta.url))).find(existsSync);
  if (file === undefined) {
    return {
      available: false,
      reason: `the kernels are not compiled, and none came with the package for ${process.platform}-${process.arch}`,
      howToGet: "npx blockwise-build-native (needs a C compiler: gcc or clang)",
    };
  }
  try {
    const library = createRequire(import.meta.url)(file) as NativeLibrary;
    if (library.instructions().length === 0) {
      return {
        available: false,
        reason: "this processor lacks SSE 4.2, which the kernels need",
        howToGet: "npm has nothing for it: use the wasm engine",
      };
    }
    return { available: true, library, file };
  } catch (error) {
    const message = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    return {
      available: false,
      reason: `the kernels do not load: ${message}`,
      howToGet: "npx blockwise-build-native (needs a C compiler: gcc or clang)",
    };
  }
}
