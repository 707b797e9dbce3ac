import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { listPackageFolders } from "./workspace.mjs";

/** Files outside the packages that the build of every package depends on. */
const sharedBuildInputs = ["tsconfig.base.json", "tsup.config.base.ts", "turbo.json", "pnpm-lock.yaml"];

/** Folders inside a package that its build does not read. */
const notInputs = new Set(["node_modules", "dist", ".turbo", "coverage", "__fixtures__"]);

/**
 * Identifies what an installation depends on: this platform, the lock file and every manifest, by content, so
 * that a fresh checkout of the same commit needs none.
 */
export function installInputs(root) {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}\n`);
  const manifests = listPackageFolders(root).map((folder) => `${folder}/package.json`);
  for (const file of ["package.json", "pnpm-workspace.yaml", "pnpm-lock.yaml", ...manifests]) {
    hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

/** Identifies the state of everything a build reads, by size and time: turbo, which goes by content, has the last word. */
export function buildInputs(root) {
  const files = [
    ...sharedBuildInputs,
    ...listPackageFolders(root).flatMap((folder) => walk(root, folder, notInputs)),
  ];
  return fingerprintFiles(
    root,
    files.filter((file) => !/\.test\.ts$|\.md$/.test(file)),
  );
}

/** Identifies the state of everything a build writes. */
export function buildOutputs(root) {
  return fingerprintFiles(
    root,
    listPackageFolders(root).flatMap((folder) => walk(root, `${folder}/dist`, new Set())),
  );
}

function fingerprintFiles(root, files) {
  const hash = createHash("sha256");
  for (const file of files.sort()) {
    const stats = statSync(join(root, file), { throwIfNoEntry: false });
    if (stats !== undefined) hash.update(`${file} ${stats.size} ${stats.mtimeMs}\n`);
  }
  return hash.digest("hex");
}

/** All files under `folder`, relative to `root`; none when it does not exist. */
function walk(root, folder, skipped) {
  let entries;
  try {
    entries = readdirSync(join(root, folder), { withFileTypes: true });
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    if (skipped.has(entry.name)) return [];
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? walk(root, path, skipped) : [path];
  });
}
