import { join } from "node:path";
import { listPackageFolders, readManifest } from "../setup/workspace.mjs";

/**
 * Every module that users can import from a published package.
 *
 * @param {string} root
 * @returns {{ specifier: string, source: string }[]} what an import says, and the source file that it leads to
 */
export function listEntryPoints(root) {
  return listPackageFolders(root).flatMap((folder) => {
    const manifest = readManifest(join(root, folder));
    if (manifest.private === true) return [];
    return Object.entries(manifest.exports).flatMap(([path, target]) => {
      const source = target["@blockwise/source"];
      if (source === undefined) return [];
      return [
        { name: manifest.name, specifier: manifest.name + path.slice(1), source: join(root, folder, source) },
      ];
    });
  });
}
