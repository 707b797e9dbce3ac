import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../run-command.mjs";

/**
 * Makes a package of every kind of plugin with the packed `@blockwise/create-plugin`, in an empty folder, from packed
 * packages alone; builds each and runs its tests as they were made.
 *
 * @param {object} request
 * @param {string} request.packageManager pnpm and its version
 * @param {{ name: string, tarball: string }[]} request.packages
 * @param {string} request.creator a project in which `@blockwise/create-plugin` is installed
 * @param {string} request.folder where the packages are made
 * @returns {Promise<string[]>} what is wrong
 */
export async function checkMade({ packageManager, packages, creator, folder }) {
  mkdirSync(folder);
  const overrides = Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`]));
  const settings = { packages: ["*"], autoInstallPeers: true, overrides };
  writeFileSync(join(folder, "pnpm-workspace.yaml"), JSON.stringify(settings));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, packageManager }));

  const projects = 'export default { test: { projects: ["made-*"] } };\n';
  writeFileSync(join(folder, "vitest.config.mjs"), projects);

  const run = async (what, command, cwd) => {
    const { code, output } = await runCommand(command, { cwd });
    return code === 0 ? [] : [`${what} failed (${code}):\n${output}`];
  };
  const { packageKinds } = await import(join(creator, "node_modules/@blockwise/create-plugin/dist/index.js"));
  const cli = join(creator, "node_modules/@blockwise/create-plugin/dist/cli.js");
  for (const kind of packageKinds) {
    const words = [`made-${kind}`, "--kind", kind];
    const problems = await run(`making a ${kind}`, [process.execPath, cli, ...words], folder);
    if (problems.length > 0) return problems;
  }
  const pnpm = ["npx", "--yes", "--prefer-offline", packageManager];
  const install = [...pnpm, "install", "--prefer-offline", "--ignore-scripts", "--no-frozen-lockfile"];
  const installed = await run("installing the made packages", install, folder);
  if (installed.length > 0) return installed;
  const problems = [];
  for (const kind of packageKinds) {
    for (const config of ["tsconfig.build.json", "tsconfig.json"]) {
      const command = ["tsc", "-p", config];
      problems.push(
        ...(await run(`tsc -p ${config} of a made ${kind}`, command, join(folder, `made-${kind}`))),
      );
    }
  }
  if (problems.length > 0) return problems;
  // All at once: starting vitest for each would take longer than the tests do.
  const vitest = join(folder, `made-${packageKinds[0]}/node_modules/vitest/vitest.mjs`);
  return run("testing the made packages", [process.execPath, vitest, "run"], folder);
}
