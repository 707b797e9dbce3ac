import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The folders whose sub-folders are packages, as in `pnpm-workspace.yaml` (which needs a parser that is not installed yet). */
const groups = ["packages", "apps", "tools"];

/** The `package.json` of a folder. */
export function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/**
 * The workspace's packages, sorted, as paths relative to the root.
 *
 * @param {string} root
 * @returns {string[]}
 */
export function listPackageFolders(root) {
  return groups
    .filter((group) => existsSync(join(root, group)))
    .flatMap((group) => readdirSync(join(root, group)).map((name) => `${group}/${name}`))
    .filter((folder) => existsSync(join(root, folder, "package.json")))
    .sort();
}
