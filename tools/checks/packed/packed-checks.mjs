import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listPackageFolders, readManifest } from "../../setup/workspace.mjs";
import { checkContents } from "./check-contents.mjs";
import { checkMade } from "./check-made.mjs";
import { checkBudgetNames, checkSize } from "./check-size.mjs";
import { checkTypes } from "./check-types.mjs";
import { exportedNames, typeCheck } from "./check-use.mjs";
import { checkExamples, planExamples } from "./examples/check-examples.mjs";
import { installAlone, installTogether } from "./install.mjs";
import { packAll } from "./pack.mjs";
import { rehearseRelease } from "./rehearse-release.mjs";

/**
 * What is checked of every package that can be published, as its users get it: packed, and used from empty projects.
 * The first check packs and installs, the others build on it; each counts as one.
 *
 * @param {string} root
 * @returns {{ title: string, run: () => Promise<{ passed: number, failed: number, skipped: string[], output: string }> }[]}
 */
export function packedChecks(root) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "blockwise-packed-")));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const alone = join(folder, "alone");
  const { packageManager } = readManifest(root);
  /** @type {Awaited<ReturnType<typeof prepare>> | undefined} */
  let prepared;

  const steps = {
    "packages packed and installed": async () => {
      prepared = await prepare({ root, folder, packageManager });
      return [];
    },
    "contents, types, sizes, peers": async ({ packages, projects }) => {
      // npm works on its answer while the files are looked at.
      const together = installTogether({ packages, folder: join(folder, "together") });
      return [...(await checkWhatIsIn(packages, projects)), ...(await together)];
    },
    "use from an empty project": ({ projects }) => checkUse(projects, alone),
    "examples of documents": async ({ examples: { problems, pages } }) => [
      ...problems,
      ...(await checkExamples({ root, pages, folder: alone })),
    ],
    "release, rehearsed": () => rehearseRelease({ root, folder, packageManager }),
    "packages of others: made, by the guide, examples": ({ packages, projects }) => {
      const creator = projects.find(({ name }) => name === "@blockwise/create-plugin").project;
      return checkMade({ root, packageManager, packages, creator, folder: join(folder, "made") });
    },
  };
  return Object.entries(steps).map(([title, step], index) => ({
    title,
    run: async () => {
      if (index > 0 && prepared === undefined) throw new Error("There is nothing packed to look at.");
      const problems = await step(prepared);
      const failed = problems.length > 0 ? 1 : 0;
      return { passed: 1 - failed, failed, skipped: [], output: problems.sort().join("\n\n") };
    },
  }));
}

async function prepare({ root, folder, packageManager }) {
  const manifests = listPackageFolders(root)
    .map((path) => readManifest(join(root, path)))
    .filter((manifest) => manifest.private !== true);
  const packages = await packAll({ root, packageManager, manifests, destination: join(folder, "tarballs") });
  const examples = planExamples(root, packages);
  const projects = await installAlone({
    packageManager,
    packages,
    folder: join(folder, "alone"),
    devDependencies: { "@types/node": readManifest(join(root, "node_modules/@types/node")).version },
    others: examples.pages,
  });
  return { packages, examples, projects };
}

/** @returns {Promise<string[]>} what is wrong */
async function checkWhatIsIn(packages, projects) {
  const found = await Promise.all(
    projects.map(async (project) => [
      ...(await checkContents(project)),
      ...(await checkTypes(project)),
      ...(await checkSize(project)),
    ]),
  );
  return [...found.flat(), ...checkBudgetNames(packages.map(({ name }) => name))];
}

/** @returns {Promise<string[]>} what is wrong */
async function checkUse(projects, folder) {
  const problems = [];
  const uses = [];
  for (const project of projects) {
    const result = await exportedNames(project);
    if (result.problem === undefined) uses.push({ ...project, exportNames: result.names });
    else problems.push(result.problem);
  }
  return [...problems, ...(await typeCheck(uses, folder))];
}
