import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../run-command.mjs";

/**
 * Installs each package into an empty project of its own. All projects are installed at once, with nothing
 * hoisted: a package finds what it declares and nothing else, which is stricter than npm's flat folder.
 *
 * @param {object} request
 * @param {string} request.packageManager pnpm and its version
 * @param {{ name: string, tarball: string }[]} request.packages
 * @param {string} request.folder where the projects are made
 * @param {Record<string, string>} request.devDependencies of the folder itself: types that all projects may see
 * @param {{ name: string, dependencies: Record<string, string> }[]} request.others more projects, by their folders' names
 * @returns {Promise<{ name: string, tarball: string, project: string }[]>}
 */
export async function installAlone({ packageManager, packages, folder, devDependencies, others }) {
  mkdirSync(folder);
  // JSON is YAML too.
  const settings = {
    packages: ["*"],
    hoist: false,
    autoInstallPeers: true,
    overrides: tarballsByName(packages),
  };
  writeFileSync(join(folder, "pnpm-workspace.yaml"), JSON.stringify(settings));
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ private: true, packageManager, devDependencies }),
  );
  const projects = packages.map(({ name, tarball }) => {
    const project = join(folder, name.split("/").at(-1));
    mkdirSync(project);
    writeManifest(project, [{ name, tarball }]);
    return { name, tarball, project };
  });
  for (const { name, dependencies } of others) {
    mkdirSync(join(folder, name));
    const manifest = { private: true, type: "module", dependencies };
    writeFileSync(join(folder, name, "package.json"), JSON.stringify(manifest));
  }
  const command = ["npx", "--yes", "--prefer-offline", packageManager, "install"];
  const flags = ["--prefer-offline", "--ignore-scripts", "--no-frozen-lockfile"];
  const { code, output } = await runCommand([...command, ...flags], { cwd: folder });
  if (code !== 0) throw new Error(`Installing the packed packages failed (${code}):\n${output}`);
  return projects;
}

/**
 * Lets npm work out an installation of all packages in one project: their peers have to agree.
 *
 * @param {object} request
 * @param {{ name: string, tarball: string }[]} request.packages
 * @param {string} request.folder where the project is made
 * @returns {Promise<string[]>} what is wrong
 */
export async function installTogether({ packages, folder }) {
  mkdirSync(folder);
  writeManifest(folder, packages, { overrides: tarballsByName(packages) });
  const flags = ["--dry-run", "--strict-peer-deps", "--prefer-offline", "--ignore-scripts", "--no-audit"];
  const { code, output } = await runCommand(["npm", "install", ...flags], { cwd: folder });
  return code === 0 ? [] : [`npm cannot install all packages together (${code}):\n${output}`];
}

function writeManifest(project, packages, rest = {}) {
  const manifest = { private: true, type: "module", dependencies: tarballsByName(packages), ...rest };
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
}

function tarballsByName(packages) {
  return Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`]));
}
