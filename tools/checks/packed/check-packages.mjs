import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listPackageFolders, readManifest } from "../../setup/workspace.mjs";
import { checkContents } from "./check-contents.mjs";
import { checkMade } from "./check-made.mjs";
import { checkBudgetNames, checkSize } from "./check-size.mjs";
import { checkTypes } from "./check-types.mjs";
import { exportedNames, typeCheck } from "./check-use.mjs";
import { installAlone, installTogether } from "./install.mjs";
import { packAll } from "./pack.mjs";

/**
 * Packs every package that can be published and uses each, alone, from an empty project of its own, as its
 * users will. Counts as one check.
 *
 * @param {string} root
 */
export async function checkPackages(root) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "blockwise-packed-")));
  try {
    const problems = await findProblems(root, folder);
    const failed = problems.length > 0 ? 1 : 0;
    return { passed: 1 - failed, failed, skipped: [], output: problems.sort().join("\n\n") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns {Promise<string[]>} */
async function findProblems(root, folder) {
  const { packageManager } = readManifest(root);
  const manifests = listPackageFolders(root)
    .map((path) => readManifest(join(root, path)))
    .filter((manifest) => manifest.private !== true);
  const packages = await packAll({ root, packageManager, manifests, destination: join(folder, "tarballs") });

  const projects = await installAlone({ packageManager, packages, folder: join(folder, "alone") });
  const found = await Promise.all(
    projects.map(async (project) => [
      ...(await checkContents(project)),
      ...(await checkTypes(project)),
      ...(await checkSize(project)),
    ]),
  );
  const problems = [...found.flat(), ...checkBudgetNames(packages.map(({ name }) => name))];
  const uses = [];
  for (const project of projects) {
    const result = await exportedNames(project);
    if (result.problem === undefined) uses.push({ ...project, exportNames: result.names });
    else problems.push(result.problem);
  }
  problems.push(...(await typeCheck(uses, join(folder, "alone"))));
  problems.push(...(await installTogether({ packages, folder: join(folder, "together") })));
  const creator = projects.find(({ name }) => name === "@blockwise/create-plugin").project;
  problems.push(
    ...(await checkMade({ root, packageManager, packages, creator, folder: join(folder, "made") })),
  );
  return problems;
}
