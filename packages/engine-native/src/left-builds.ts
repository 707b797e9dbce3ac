import { readdirSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** No build takes as long. */
const longestBuildMs = 60 * 60_000;

/** Removes the folders that builds of a library which were killed left beside it, named as `mkdtemp` does; others' builds stay. */
export function removeLeftBuilds(output: string): void {
  const folder = dirname(output);
  for (const name of namesIn(folder)) {
    if (!name.startsWith(`${basename(output)}.`) || name.length !== basename(output).length + 7) continue;
    const path = join(folder, name);
    const status = statSync(path, { throwIfNoEntry: false });
    if (!status?.isDirectory() || Date.now() - status.mtimeMs < longestBuildMs) continue;
    rmSync(path, { recursive: true, force: true });
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
