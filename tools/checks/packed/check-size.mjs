import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const budgetFile = "tools/checks/packed/size-budgets.json";
const budgets = JSON.parse(
  readFileSync(fileURLToPath(new URL("size-budgets.json", import.meta.url)), "utf8"),
);

/** What is measured, and where a reader should look when it grew. */
const measures = {
  packed: "the tarball",
  unpacked: "what it unpacks to",
  minified: "its minified code without dependencies",
};

/**
 * Holds an installed package against its budgets: the bytes of its tarball, of the files in it, and of all its code as
 * a bundler minifies it, dependencies left out.
 *
 * @param {{ name: string, tarball: string, project: string }} request
 * @returns {Promise<string[]>} what is too large
 */
export async function checkSize({ name, tarball, project }) {
  const folder = realpathSync(join(project, "node_modules", name));
  const files = listFiles(folder);
  const code = await minify(folder);
  const sizes = {
    packed: statSync(tarball).size,
    unpacked: files.reduce((sum, { bytes }) => sum + bytes, 0),
    minified: code.bytes,
  };
  const parts = { packed: files, unpacked: files, minified: code.parts };
  return compareSizes(sizes, budgets[name] ?? budgets.default).map(
    ({ measure, kilobytes, budget }) =>
      `${name}: ${measures[measure]} takes ${kilobytes} kB, and its budget is ${budget} kB. Largest: ` +
      `${largest(parts[measure])}. Make it smaller, or raise "${name}" in ${budgetFile} if it is worth it.`,
  );
}

/**
 * Names of packages that have a budget and do not exist.
 *
 * @param {string[]} names those that exist
 * @returns {string[]} what is wrong
 */
export function checkBudgetNames(names) {
  return Object.keys(budgets)
    .filter((name) => name !== "default" && !names.includes(name))
    .map((name) => `${budgetFile} has a budget for ${name}, which is no package.`);
}

/**
 * @param {Record<string, number>} sizes in bytes
 * @param {Record<string, number>} budget in kilobytes of 1000 bytes
 * @returns {{ measure: string, kilobytes: number, budget: number }[]} those that are over
 */
function compareSizes(sizes, budget) {
  return Object.entries(sizes)
    .map(([measure, bytes]) => ({ measure, kilobytes: Math.ceil(bytes / 100) / 10, budget: budget[measure] }))
    .filter(({ kilobytes, budget }) => !(kilobytes <= budget));
}

async function minify(folder) {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(folder, "dist/index.js")],
    absWorkingDir: folder,
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    packages: "external",
    legalComments: "none",
    metafile: true,
    write: false,
    outdir: join(folder, "bundle"),
    logLevel: "silent",
  });
  const [output] = Object.values(metafile.outputs);
  const parts = Object.entries(output.inputs).map(([path, { bytesInOutput }]) => ({
    path,
    bytes: bytesInOutput,
  }));
  return { bytes: outputFiles[0].contents.length, parts };
}

function listFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules", folder.length))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(folder, path), bytes: statSync(path).size }));
}

function largest(parts) {
  return parts
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, 3)
    .map(({ path, bytes }) => `${path} ${(bytes / 1000).toFixed(1)} kB`)
    .join(", ");
}
