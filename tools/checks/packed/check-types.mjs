import { readFileSync } from "node:fs";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";

/**
 * Ways of resolving modules that packages of ES modules for Node 20 do not serve, and why.
 *
 * @type {Record<string, string>}
 */
const notServed = {
  node10: "TypeScript's resolution for Node 10 does not read `exports`.",
  "node16-cjs":
    "A CommonJS module has to load an ES module with `import()`, or with `require` since Node 20.19.",
};

/**
 * Lets Are The Types Wrong look at a tarball: from an ES module under `nodenext`, and with a bundler, every export has
 * to lead to types that describe what is run.
 *
 * @param {{ name: string, tarball: string }} packed
 * @returns {Promise<string[]>} what is wrong
 */
export async function checkTypes({ name, tarball }) {
  const analysis = await checkPackage(createPackageFromTarballData(readFileSync(tarball)));
  if (analysis.types === false) return [`${name}: the tarball has no types`];
  return analysis.problems
    .filter(
      ({ resolutionKind, resolutionOption }) =>
        !(resolutionKind in notServed || resolutionOption in notServed),
    )
    .map((problem) => `${name}: Are The Types Wrong? ${describe(problem)}`);
}

function describe({ kind, entrypoint, ...details }) {
  const where = entrypoint === undefined ? "" : ` at ${JSON.stringify(entrypoint)}`;
  return `${kind}${where}: ${JSON.stringify(details)}`;
}
