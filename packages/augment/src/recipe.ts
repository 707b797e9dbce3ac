import type { WorkerRecipe } from "@blockwise/spec";

/** Where worker threads find an export of this package. */
export function recipe(exportName: string): WorkerRecipe {
  // Threads cannot import TypeScript: when this runs from the sources, they take the built package beside them.
  const module = new URL(
    import.meta.url.endsWith(".ts") ? "../dist/index.js" : "./index.js",
    import.meta.url,
  );
  return { module: module.href, exportName };
}
