import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../run-command.mjs";
import { checkTraining } from "./check-training.mjs";
import { copyExamples, makeByGuide, makeEveryKind } from "./outside-packages.mjs";

/**
 * Builds and tests plugins that others have made, in an empty folder, from packed packages alone: one of every kind as
 * `@blockwise/create-plugin` makes it, that of the guide filled in as the guide says, and the examples. Then trains with
 * the last by their names.
 *
 * @param {object} request
 * @param {string} request.root
 * @param {string} request.packageManager pnpm and its version
 * @param {{ name: string, tarball: string }[]} request.packages
 * @param {string} request.creator a project in which `@blockwise/create-plugin` is installed
 * @param {string} request.folder where the packages are made
 * @returns {Promise<string[]>} what is wrong
 */
export async function checkMade({ root, packageManager, packages, creator, folder }) {
  mkdirSync(folder);
  const overrides = Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`]));
  const settings = { packages: ["*"], autoInstallPeers: true, overrides };
  writeFileSync(join(folder, "pnpm-workspace.yaml"), JSON.stringify(settings));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, packageManager }));

  const made = await makeEveryKind({ creator, folder });
  const guide = await makeByGuide({ root, creator, folder });
  const examples = copyExamples({ root, folder });
  const untested = [...made, ...examples];
  const projects = `export default { test: { projects: ${JSON.stringify(untested)} } };\n`;
  writeFileSync(join(folder, "vitest.config.mjs"), projects);

  const run = async (what, command, cwd) => {
    const { code, output } = await runCommand(command, { cwd });
    return code === 0 ? [] : [`${what} failed (${code}):\n${output}`];
  };
  const pnpm = ["npx", "--yes", "--prefer-offline", packageManager];
  const install = [...pnpm, "install", "--prefer-offline", "--ignore-scripts", "--no-frozen-lockfile"];
  const installed = await run("installing the made packages", install, folder);
  if (installed.length > 0) return installed;
  const problems = [];
  for (const name of untested) {
    for (const config of ["tsconfig.build.json", "tsconfig.json"]) {
      problems.push(...(await run(`tsc -p ${config} of ${name}`, ["tsc", "-p", config], join(folder, name))));
    }
  }
  // The guide's own command.
  problems.push(...(await run("npm test of the guide's package", ["npm", "test"], join(folder, guide.name))));
  if (problems.length > 0) return problems;
  // All at once: starting vitest for each would take longer than the tests do.
  const vitest = join(folder, `${made[0]}/node_modules/vitest/vitest.mjs`);
  problems.push(...(await run("testing the made packages", [process.execPath, vitest, "run"], folder)));
  if (problems.length > 0) return problems;
  return checkTraining({ root, packageManager, overrides, folder, made, guide, examples });
}
