import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { listPackageFolders, readManifest } from "../../setup/workspace.mjs";
import { runCommand } from "../run-command.mjs";
import { checkPackage } from "./check-package.mjs";

/**
 * Packs every package that can be published and uses each, alone, from an empty project of its own.
 * Counts as one check.
 *
 * @param {string} root
 */
export async function checkPackages(root) {
  const folder = mkdtempSync(join(tmpdir(), "blockwise-packed-"));
  try {
    const packages = await pack(root, join(folder, "tarballs"));
    const problems = [];
    await forEachConcurrently(packages, async (target) => {
      const project = join(folder, target.name.replace("/", "-"));
      mkdirSync(project);
      const found = await checkPackage({ target, packages, project });
      problems.push(...found.map((problem) => `${target.name}: ${problem}`));
      rmSync(project, { recursive: true, force: true });
    });
    const passed = problems.length === 0;
    return {
      passed: passed ? 1 : 0,
      failed: passed ? 0 : 1,
      skipped: [],
      output: problems.sort().join("\n\n"),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns {Promise<{ name: string, tarball: string }[]>} */
async function pack(root, destination) {
  mkdirSync(destination);
  const { packageManager } = readManifest(root);
  const published = listPackageFolders(root)
    .map((folder) => readManifest(join(root, folder)))
    .filter((manifest) => manifest.private !== true);
  if (published.length === 0) throw new Error("There is no package that can be published.");
  const { code, output } = await runCommand(
    [
      "npx",
      "--yes",
      "--prefer-offline",
      packageManager,
      "--recursive",
      ...published.flatMap(({ name }) => ["--filter", name]),
      "pack",
      "--pack-destination",
      destination,
    ],
    { cwd: root },
  );
  if (code !== 0) throw new Error(`Packing failed (${code}):\n${output}`);
  const packages = published.map(({ name, version }) => ({
    name,
    tarball: join(destination, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`),
  }));
  for (const { name, tarball } of packages) {
    if (!existsSync(tarball)) {
      throw new Error(
        `${name} was not packed as ${tarball}; there are ${readdirSync(destination).join(", ")}.`,
      );
    }
  }
  return packages;
}

async function forEachConcurrently(items, work) {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker));
}
