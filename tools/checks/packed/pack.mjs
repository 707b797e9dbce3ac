import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "../run-command.mjs";

/**
 * Packs packages as they would be published.
 *
 * @param {object} request
 * @param {string} request.root
 * @param {string} request.packageManager pnpm and its version
 * @param {{ name: string, version: string }[]} request.manifests
 * @param {string} request.destination a folder for the tarballs, which is made
 * @returns {Promise<{ name: string, tarball: string }[]>}
 */
export async function packAll({ root, packageManager, manifests, destination }) {
  if (manifests.length === 0) throw new Error("There is no package that can be published.");
  mkdirSync(destination);
  const filters = manifests.flatMap(({ name }) => ["--filter", name]);
  const command = ["npx", "--yes", "--prefer-offline", packageManager, "--recursive", ...filters, "pack"];
  const { code, output } = await runCommand([...command, "--pack-destination", destination], { cwd: root });
  if (code !== 0) throw new Error(`Packing failed (${code}):\n${output}`);
  return manifests.map(({ name, version }) => {
    const tarball = join(destination, `${name.replace("@", "").replace("/", "-")}-${version}.tgz`);
    if (!existsSync(tarball)) {
      throw new Error(`${name} was not packed as ${tarball}, but as one of ${readdirSync(destination)}.`);
    }
    return { name, tarball };
  });
}
