import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** A package that need not be installed, as found on this machine. */
export type OptionalPackage =
  | { readonly installed: false }
  | { readonly installed: true; readonly version: string; readonly entry: string };

/** Where optional packages are looked for: beside this package, then from the working directory. */
export function searchPlaces(): readonly string[] {
  return [import.meta.url, pathToFileURL(join(process.cwd(), "package.json")).href];
}

/** Looks a package up without running any of its code. */
export function findPackage(name: string, places: readonly string[] = searchPlaces()): OptionalPackage {
  for (const place of places) {
    try {
      const entry = createRequire(place).resolve(name);
      return { installed: true, version: versionOf(entry, name), entry };
    } catch {
      // Not to be had from this place; the next one may have it.
    }
  }
  return { installed: false };
}

/** Loads a package that was found. @throws whatever the package throws, such as for a missing native add-on */
export async function loadPackage(found: OptionalPackage & { readonly installed: true }): Promise<unknown> {
  return import(pathToFileURL(found.entry).href);
}

function versionOf(entry: string, name: string): string {
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
        name?: string;
        version?: string;
      };
      if (manifest.name === name) return manifest.version ?? "unknown";
    } catch {
      // No manifest in this folder; the package's own is further up.
    }
  }
  return "unknown";
}
