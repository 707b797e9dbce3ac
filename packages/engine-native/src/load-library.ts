import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { libraryPlatform } from "./library-platform.js";
import type { NativeLibrary } from "./native-library.js";

/** Where a library comes from: `"built"` on this machine, or `"prebuilt"` in the package. */
export type LibraryOrigin = "built" | "prebuilt";

/** The library, or why there is none and what to do. */
export type LibraryAvailability =
  | {
      readonly available: true;
      readonly library: NativeLibrary;
      readonly file: string;
      readonly origin: LibraryOrigin;
    }
  | { readonly available: false; readonly reason: string; readonly howToGet: string };

const howToBuild = "npx blockwise-build-native (needs a C compiler: gcc or clang)";

/** Loads the compiled kernels: what was compiled here, else what came with the package for this platform. */
export function loadLibrary(): LibraryAvailability {
  const platform = libraryPlatform();
  const places = [
    { origin: "built", file: pathOf("../dist/blockwise.node") },
    { origin: "prebuilt", file: pathOf(`../prebuilt/${platform}/blockwise.node`) },
  ] as const;
  const there = places.filter(({ file }) => existsSync(file));
  const failures: string[] = [];
  for (const { origin, file } of there) {
    const library = open(file);
    if (typeof library === "string") {
      failures.push(`the ${origin} one, ${file}: ${library}`);
      continue;
    }
    if (library.instructions().length === 0) {
      return {
        available: false,
        reason: "this processor lacks SSE 4.2, which the kernels need",
        howToGet: "npm has nothing for it: use the wasm engine",
      };
    }
    return { available: true, library, file, origin };
  }
  const reason =
    failures.length === 0
      ? `the kernels are not compiled, and none came with the package for ${platform}`
      : `the kernels do not load: ${failures.join("; ")}`;
  return { available: false, reason, howToGet: howToBuild };
}

/** The library, or what the system says of it. */
function open(file: string): NativeLibrary | string {
  try {
    return createRequire(import.meta.url)(file) as NativeLibrary;
  } catch (error) {
    return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
  }
}

function pathOf(place: string): string {
  return fileURLToPath(new URL(place, import.meta.url));
}
